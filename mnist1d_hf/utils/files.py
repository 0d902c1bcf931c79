"""Whether an output can be written, atomic writes (completely or not at all), and the provenance of results."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any


def check_output_folder(folder: str | os.PathLike[str]) -> None:
    """Raise an OSError that names the folder unless it can be created and written to; nothing is left there."""
    folder = Path(folder)
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise FileExistsError(f"cannot write to {folder}: {nearest} is a file; name another folder")
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {folder}: {error.strerror or error}; name another folder") from error


def check_output_file(file: str | os.PathLike[str]) -> None:
    """Raise an OSError that names the file unless it can be written, in a folder that exists."""
    file = Path(file)
    if file.is_dir():
        raise IsADirectoryError(f"cannot write {file}: it is a folder; name a file")
    _check_parent(file)
    check_output_folder(file.parent)


def _check_parent(file: Path) -> None:
    if not file.parent.is_dir():
        raise FileNotFoundError(f"cannot write {file}: there is no folder {file.parent}; create it, or name another")


def temporary_name(path: Path, owner: str | None = None) -> str:
    """Return the name of something unfinished beside a path, unique to this process and call unless an owner is given."""
    return f".{path.name}.{owner or f'{os.getpid()}-{token_hex(4)}'}.incomplete"


@contextmanager
def naming(path: Path, unfinished: Path) -> Iterator[None]:
    """Let an OSError that names the temporary path, or something inside it, name the one that was asked for."""
    try:
        yield
    except OSError as error:
        named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
        if not any(name.is_relative_to(unfinished) for name in named):
            raise
        raise OSError(error.errno, f"cannot write ({error.strerror})", str(path)) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside a file, which replaces the file when the block ends and is deleted if it fails.

    The file's folder must exist.
    """
    _check_parent(path)
    unfinished = path.with_name(temporary_name(path))
    try:
        with naming(path, unfinished):
            yield unfinished
            os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8 and with ``\\n`` on every platform; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any], indent: int | None = None, **options: Any) -> None:
    """Write a JSON file atomically; further options are those of `json.dumps`."""
    write_text(path, json.dumps(content, indent=indent, **options) + "\n")


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder and of those inside it, by their path in the folder with slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder under another name and rename it, so that it is complete or missing; one of that name is replaced."""
    unfinished, replaced = (folder.with_name(temporary_name(folder)) for _ in range(2))
    try:
        with naming(folder, unfinished):
            for name, content in files.items():
                path = unfinished / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            if folder.exists():
                folder.rename(replaced)
            try:
                unfinished.rename(folder)
            except OSError:
                if replaced.exists():
                    replaced.rename(folder)
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)


def refuse_foreign_files(folder: Path, known: Set[str], writer: str) -> None:
    """Raise a FileExistsError if replacing a folder would lose a file that its writer ("training") does not write."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    foreign = sorted({path.relative_to(folder).as_posix() for path in paths} - known)
    if foreign:
        raise FileExistsError(
            f"{folder} holds files that {writer} does not write ({', '.join(foreign[:3])}"
            f"{', ...' if len(foreign) > 3 else ''}), so it is not overwritten; move them away, or name another folder"
        )


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on."""
    from importlib.metadata import version  # slow to import

    names = ("mnist1d-hf", "torch", "numpy", "datasets")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def provenance() -> dict[str, Any]:
    """Return what produced a file of results: ``versions``, a dict, and ``command``, a string."""
    return {"versions": versions(), "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])}
