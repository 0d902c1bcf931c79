"""The manifest of a repository: which files `mnist1d-hf` wrote, and their hashes.

It tells files of this package from those of others, which a later release must keep, and lets anyone check what they pulled.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..version import DATA_VERSION, __version__

MANIFEST_NAME = ".mnist1d-hf.json"


@dataclass(frozen=True)
class FileHash:
    """Size and hashes of a file, in both forms the Hub lists them in."""

    size: int
    """Bytes."""
    sha256: str
    """Hash of the content, which the Hub lists for files in large-file storage."""
    git_oid: str
    """Hash of the content as a git object, which the Hub lists for other files."""


def hash_file(path: Path) -> FileHash:
    """Hash a file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    FileHash
        Its size and hashes.
    """
    content = path.read_bytes()
    return FileHash(
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        git_oid=hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
    )


def hash_folder(folder: Path) -> dict[str, FileHash]:
    """Hash every file of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.

    Returns
    -------
    dict of str to FileHash
        By the path inside the folder, sorted.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}


def write_manifest(folder: Path, files: dict[str, FileHash]) -> None:
    """Write the manifest of a repository.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the repository.
    files : dict of str to FileHash
        Its files, the manifest excepted.
    """
    content = {
        "package_version": __version__,
        "data_version": DATA_VERSION,
        "files": {
            path: {"size": file.size, "sha256": file.sha256, "git_oid": file.git_oid}
            for path, file in sorted(files.items())
        },
    }
    (folder / MANIFEST_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="\n")


def parse_manifest(text: str) -> dict[str, FileHash]:
    """Read a manifest.

    Parameters
    ----------
    text : str
        Content of the file.

    Returns
    -------
    dict of str to FileHash
        The files `mnist1d-hf` wrote, by path.

    Raises
    ------
    ValueError
        If the text is no manifest.
    """
    try:
        files = {name: FileHash(**values) for name, values in json.loads(text)["files"].items()}
        if not all(map(_is_valid, files.values())):
            raise ValueError("a size or hash that is none")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{MANIFEST_NAME} is no list of files of mnist1d-hf ({error!r})") from error
    return files


def _is_valid(file: FileHash) -> bool:
    return (
        type(file.size) is int
        and file.size >= 0
        and re.fullmatch(r"[0-9a-f]{64}", file.sha256) is not None
        and re.fullmatch(r"[0-9a-f]{40}", file.git_oid) is not None
    )
