"""The manifest of a repository: which files `mnist1d-hf` wrote, and their hashes.

It tells this package's files from those of others, which later releases must keep, and lets anyone check a download.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from ..utils.files import write_json
from ..version import DATA_VERSION, __version__

MANIFEST_NAME = ".mnist1d-hf.json"

LONGEST_PATH = 255
"""Characters of a path in a manifest at most."""

# Bytes that are read at a time.
_PIECE = 2**20


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
    """Return the size and hashes of a file, which is read piece by piece."""
    with path.open("rb") as file:
        return _hash(os.fstat(file.fileno()).st_size, iter(lambda: file.read(_PIECE), b""))


def hash_bytes(content: bytes) -> FileHash:
    """Return the size and hashes of a file with this content."""
    return _hash(len(content), [content])


def _hash(size: int, pieces: Iterable[bytes]) -> FileHash:
    sha256, git_oid = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size)
    for piece in pieces:
        sha256.update(piece)
        git_oid.update(piece)
    return FileHash(size, sha256.hexdigest(), git_oid.hexdigest())


def hash_folder(folder: Path) -> dict[str, FileHash]:
    """Hash every file in a folder, by its path there, sorted."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}


def write_manifest(folder: Path, files: dict[str, FileHash]) -> None:
    """Write the manifest of a repository in a folder; ``files`` are all files but the manifest itself."""
    content = {
        "package_version": __version__,
        "data_version": DATA_VERSION,
        "files": {path: asdict(file) for path, file in sorted(files.items())},
    }
    write_json(folder / MANIFEST_NAME, content, indent=1)


def parse_manifest(text: str) -> dict[str, FileHash]:
    """Return the files that a manifest lists, by path; raise a ValueError if the text is not a manifest."""
    try:
        files = {name: FileHash(**values) for name, values in json.loads(text)["files"].items()}
        if not all(map(_is_valid, files.values())):
            raise ValueError("a size or a hash is not valid")
        for path in files:
            _check_path(path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{MANIFEST_NAME} is not a manifest of mnist1d-hf ({error!r})") from error
    return files


def _check_path(path: str) -> None:
    """Raise a ValueError for a path that could lead out of a folder, on any platform, or that cannot be shown."""
    parts = PurePosixPath(path).parts
    if (
        not 0 < len(path) <= LONGEST_PATH
        or not path.isprintable()
        or path != "/".join(parts)
        or parts[0].startswith("/")
        or ".." in parts
        or "\\" in path
        or ":" in path
    ):
        raise ValueError(f"the path {path[:LONGEST_PATH]!r} is not that of a file in the repository")


def _is_valid(file: FileHash) -> bool:
    return (
        type(file.size) is int
        and file.size >= 0
        and re.fullmatch(r"[0-9a-f]{64}", file.sha256) is not None
        and re.fullmatch(r"[0-9a-f]{40}", file.git_oid) is not None
    )
