"""Whether an output can be written, found out before the work whose results it is for."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
    if not file.parent.is_dir():
        raise FileNotFoundError(f"cannot write {file}: there is no folder {file.parent}; create it, or name another")
    check_output_folder(file.parent)
