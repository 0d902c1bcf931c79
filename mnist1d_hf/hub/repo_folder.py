"""The folder of a built repository: replaced whole or not at all, and only if nothing of anybody else is lost."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..utils.files import naming, temporary_name
from .manifest import MANIFEST_NAME, hash_file, parse_manifest


@contextmanager
def replacing_folder(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``path`` when the block ends, or vanishes when it fails.

    It is made in a work folder of this process, beside ``path``. What a killed run left in one of its own is cleared, or
    put back, by the next. A FileExistsError says what stands in the way.
    """
    folder = path.resolve()
    if folder == folder.parent:
        raise FileExistsError(f"{path} is the root of a file system; name a folder inside it, for example mnist1d")
    work = folder.with_name(temporary_name(folder))
    new, old = work / "new", work / "old"
    missing = [parent for parent in folder.parents if not parent.exists()]
    try:
        with naming(path, work):
            if not missing:
                _clear_leftovers(folder, path)
            _check_replaceable(folder, path, overwrite)
            new.mkdir(parents=True)
            with FileLock(work / "lock", timeout=0):
                yield new
                # Again, for the folder may have changed during the build.
                _check_replaceable(folder, path, overwrite)
                if folder.exists():
                    folder.rename(old)
                new.rename(folder)
    except BaseException:
        _put_back(work, folder)
        shutil.rmtree(work, ignore_errors=True)
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()
        raise
    shutil.rmtree(work, ignore_errors=True)


def _clear_leftovers(folder: Path, path: Path) -> None:
    """Clear the work folders of builds that were killed, whose locks are free; raise if a build is under way."""
    pattern = re.compile(re.escape(temporary_name(folder, "*")).replace(r"\*", r"\d+-[0-9a-f]{8}"))
    for work in [other for other in folder.parent.iterdir() if pattern.fullmatch(other.name)]:
        # Without a lock the owner may be about to make it.
        if not (work / "lock").is_file():
            continue
        try:
            with FileLock(work / "lock", timeout=0):
                _put_back(work, folder)
        except Timeout:
            raise FileExistsError(f"another build is writing {path}; wait for it to end") from None
        shutil.rmtree(work, ignore_errors=True)


def _put_back(work: Path, folder: Path) -> None:
    if (work / "old").exists() and not folder.exists():
        (work / "old").rename(folder)


def _check_replaceable(folder: Path, path: Path, overwrite: bool) -> None:
    """Raise if writing the folder would lose something, or remove the shell's current folder."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{path} is a file; name a folder to write the repository to")
    if Path.cwd().is_relative_to(folder):
        raise FileExistsError(f"{path} is or holds the current folder; name a folder inside it, for example mnist1d")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{path} is not empty; name another folder, or give --overwrite (overwrite=True)")
    try:
        built = parse_manifest((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FileExistsError(
            f"{path} is not known to be a build, since it has no readable {MANIFEST_NAME}, so it is not overwritten; "
            f"name another folder, or move its files away"
        ) from None
    leaves = [file for file in folder.rglob("*") if file.is_symlink() or not file.is_dir()]
    files = {file.relative_to(folder).as_posix(): file for file in leaves}
    del files[MANIFEST_NAME]
    foreign = sorted(name for name, file in files.items() if name not in built or hash_file(file) != built[name])
    if foreign:
        raise FileExistsError(
            f"{path} holds files that no build wrote, or that were changed since ({', '.join(foreign[:3])}"
            f"{', ...' if len(foreign) > 3 else ''}), so it is not overwritten; name another folder, or move them away"
        )
