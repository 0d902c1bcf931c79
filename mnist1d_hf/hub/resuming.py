"""What is known about an unfinished build, kept beside its files, so that a rerun makes only what is missing.

In a hidden folder, one small file says which build it is, and one for each finished file its size and hashes. The manifest is
written last: a repository that has one and no such folder is complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from ..dataset.generator import SPLITS
from ..dataset.presets import CONFIGS
from ..utils.processes import report
from ..utils.resources import resource_folder
from .dataset_plan import CARD_NAME, FIGURE_FOLDER, NOTEBOOK_NAME, TASKS_NAME
from .manifest import MANIFEST_NAME, FileHash, hash_file, parse_manifest
from .parquet_files import ParquetFile, write_parquet
from .storage import HIDDEN_FOLDER, Storage

_BUILD = f"{HIDDEN_FOLDER}/build.json"

# In every repository on the Hub from its beginning.
_HUB_FILE = ".gitattributes"

# A Parquet file of any build.
_PARQUET = re.compile(rf"({'|'.join(CONFIGS)})/(({'|'.join(SPLITS)})-\d+/)?({'|'.join(SPLITS)})-\d+-of-\d+\.parquet")

# Foreign files, and differences of two builds, that a message names.
_NAMED = 3


def store_file(file: ParquetFile, storage: Storage) -> FileHash:
    """Write a file of a build, unless it is there and whole, and return its size and hashes; any worker can do it."""
    report(file.title, 0)
    if not is_begun(storage):
        raise FileNotFoundError(
            f"there is no build under way at {storage.address}, as this worker sees it; workers need a folder that all share"
        )
    finished = _finished(file, storage)
    if finished is None:
        finished = storage.put(file.path, partial(write_parquet, file))
        storage.write(_record(file), json.dumps({"rows": asdict(file), "file": asdict(finished)}).encode())
    return finished


def _record(file: ParquetFile) -> str:
    return f"{HIDDEN_FOLDER}/{file.path}.json"


def _finished(file: ParquetFile, storage: Storage) -> FileHash | None:
    """Return the hashes of a file that is there, as its record says; None if it has to be written."""
    content = storage.read(_record(file))
    if content is None:
        return None
    try:
        record = json.loads(content)
        rows, found = record["rows"], FileHash(**record["file"])
    except (ValueError, TypeError, KeyError):
        return None
    # A worker may still write the last file of an earlier build, of other rows, that was given up.
    is_whole = rows == json.loads(json.dumps(asdict(file))) and _is_unchanged(storage, file.path, found)
    return found if is_whole else None


def _is_unchanged(storage: Storage, path: str, expected: FileHash) -> bool:
    """Whether a file has its size, and, where reading it is cheap, its content."""
    folder = storage.folder
    if folder is None:
        return storage.size(path) == expected.size
    return (folder / path).is_file() and hash_file(folder / path) == expected


def begin(storage: Storage, build: Mapping[str, Any], paths: Collection[str], *, overwrite: bool) -> None:
    """Begin a build of these files, or resume it; raise a FileExistsError if anything else would be lost.

    ``build`` is what the bytes depend on. An earlier build is removed if ``overwrite`` is given.
    """
    wanted = json.loads(json.dumps(build))
    there = {path for path in storage.sizes() if not path.startswith(f"{HIDDEN_FOLDER}/") and path != _HUB_FILE}
    earlier = _read_build(storage)
    if earlier == wanted:
        _refuse_foreign(storage, there.difference(paths, _documents()))
        return
    if there or earlier is not None:
        _clear(storage, there, earlier, wanted, overwrite)
    storage.write(_BUILD, json.dumps(wanted, indent=1).encode())


def is_begun(storage: Storage) -> bool:
    """Whether there is a build that can be resumed."""
    return storage.read(_BUILD) is not None


def _read_build(storage: Storage) -> dict[str, Any] | None:
    """Return what a build that is under way depends on; None if there is none."""
    content = storage.read(_BUILD)
    if content is None:
        return None
    try:
        build = json.loads(content)
    except ValueError:
        return {}
    return build if isinstance(build, dict) else {}


def _clear(
    storage: Storage, there: set[str], earlier: dict[str, Any] | None, wanted: dict[str, Any], overwrite: bool
) -> None:
    """Remove an earlier build, all of it or nothing."""
    address = storage.address
    if not overwrite:
        what = "is not empty"
        if earlier is not None:
            what = f"holds an unfinished build with other settings ({_differences(earlier, wanted)})"
        raise FileExistsError(f"{address} {what}; name another place, or give --overwrite (overwrite=True)")
    manifest = _read_manifest(storage)
    if earlier is None and manifest is None:
        raise FileExistsError(
            f"{address} is not known to hold a build, since it has no readable {MANIFEST_NAME}, so it is not overwritten; "
            f"name another place, or move its files away"
        )
    if earlier is None and manifest is not None:
        kept = {path for path, file in manifest.items() if path in there and _is_unchanged(storage, path, file)}
        _refuse_foreign(storage, there - kept - {MANIFEST_NAME})
    else:
        _refuse_foreign(storage, {path for path in there - _documents() if not _PARQUET.fullmatch(path)})
    # From here on it is an unfinished build, also if this one does not come further.
    storage.write(_BUILD, b"{}")
    storage.remove(there)


def _documents() -> set[str]:
    """Return what a build may hold besides Parquet files."""
    figures = (resource_folder("dataset_card") / FIGURE_FOLDER).iterdir()
    figure_paths = {f"{FIGURE_FOLDER}/{figure.name}" for figure in figures}
    return {CARD_NAME, TASKS_NAME, NOTEBOOK_NAME, MANIFEST_NAME} | figure_paths


def _refuse_foreign(storage: Storage, paths: Collection[str]) -> None:
    foreign = sorted(paths)
    if foreign:
        raise FileExistsError(
            f"{storage.address} holds files that no build wrote, or that were changed since ({', '.join(foreign[:_NAMED])}"
            f"{', ...' if len(foreign) > _NAMED else ''}), so it is left as it is; name another place, or move them away"
        )


def _read_manifest(storage: Storage) -> dict[str, FileHash] | None:
    content = storage.read(MANIFEST_NAME)
    try:
        return None if content is None else parse_manifest(content.decode())
    except ValueError:
        return None


def _differences(earlier: dict[str, Any], wanted: dict[str, Any]) -> str:
    before, after = dict(_flat(earlier)), dict(_flat(wanted))
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {before.get(name)} instead of {after.get(name)}" for name in changed[:_NAMED])


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def read_finished(storage: Storage) -> dict[str, FileHash] | None:
    """Return the manifest of a finished build whose files are all there; None if there is none."""
    manifest = _read_manifest(storage)
    if manifest is None:
        return None
    sizes = storage.sizes()
    return manifest if all(sizes.get(path) == file.size for path, file in manifest.items()) else None
