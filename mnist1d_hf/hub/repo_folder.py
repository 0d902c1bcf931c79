"""The folder of a built repository: replaced whole or not at all, and only if nothing of anybody else is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout


@contextmanager
def replacing_folder(folder: Path, *, patterns: Sequence[str], overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``folder`` when the block ends, or vanishes when it fails.

    What a killed run left behind is cleared, or put back, by the next. Files that match ``patterns`` may be overwritten;
    a FileExistsError says what stands in the way otherwise.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished, replaced, lock = (
        folder.with_name(f".{folder.name}.{suffix}") for suffix in ("incomplete", "replaced", "lock")
    )
    try:
        with FileLock(lock, timeout=0):
            _put_back(replaced, folder)
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.rmtree(replaced, ignore_errors=True)
            try:
                _check_replaceable(folder, patterns, overwrite)
                unfinished.mkdir()
                yield unfinished
                if folder.exists():
                    folder.rename(replaced)
                unfinished.rename(folder)
            except BaseException:
                _put_back(replaced, folder)
                raise
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
                shutil.rmtree(replaced, ignore_errors=True)
                lock.unlink(missing_ok=True)
    except Timeout:
        raise FileExistsError(f"another build is writing {folder}; wait for it to end") from None


def _put_back(replaced: Path, folder: Path) -> None:
    if replaced.exists() and not folder.exists():
        replaced.rename(folder)


def _check_replaceable(folder: Path, patterns: Sequence[str], overwrite: bool) -> None:
    """Raise if writing the folder would lose something, or remove the shell's current folder."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a folder to write the repository to")
    if Path.cwd().is_relative_to(folder):
        raise FileExistsError(f"{folder} is or holds the current folder; name a folder inside it, for example mnist1d")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{folder} is not empty; name another folder, or give --overwrite (overwrite=True)")
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    # With a slash in front, a pattern is for the whole path.
    foreign = sorted(p for p in paths if not any(PurePosixPath(f"/{p}").match(f"/{pattern}") for pattern in patterns))
    if foreign:
        raise FileExistsError(
            f"{folder} holds files that no build wrote ({', '.join(foreign[:3])}{', ...' if len(foreign) > 3 else ''}), so "
            f"it is not overwritten; name another folder, or move them away"
        )
