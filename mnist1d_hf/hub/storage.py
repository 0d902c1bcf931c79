"""Where a build goes: a folder, or any address of fsspec, such as ``s3://bucket/folder``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from ..utils.files import temporary_name
from ..utils.text import one_line

HIDDEN_FOLDER = ".mnist1d-hf-build"
"""Folder of an unfinished build, for what is known about it; removed at its end."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Storage:
    """Files below an address. It can be pickled, and holds no secrets: every process has its own from its environment."""

    address: str
    """A folder, or an address of fsspec."""

    @classmethod
    def at(cls, address: str | os.PathLike[str]) -> Storage:
        """Open an address; raise an error that says what is wrong with it unless fsspec knows it."""
        text = os.fspath(address)
        if not is_url(text):
            return cls(str(Path(text).resolve()))
        if urlsplit(text).password:
            raise ValueError("an address holds no password; set it in the environment, as the library for it describes")
        storage = cls(text.rstrip("/"))
        try:
            storage.files()
        except ImportError as error:
            raise ImportError(f"{text} needs another library, here and on all workers: {one_line(error)}") from error
        except ValueError as error:
            raise ValueError(f"{text} is not an address that fsspec knows ({one_line(error)})") from error
        return storage

    def files(self) -> tuple[Any, str]:
        """Return the file system, and the path there."""
        if not is_url(self.address):
            return LocalFileSystem(), Path(self.address).as_posix()
        files, root = fsspec.core.url_to_fs(self.address)
        return files, root.rstrip("/")

    @property
    def folder(self) -> Path | None:
        """The folder, if it is one on a disk."""
        files, root = self.files()
        return Path(root) if isinstance(files, LocalFileSystem) else None

    @property
    def is_memory(self) -> bool:
        """Whether the files are in the memory of this process."""
        return isinstance(self.files()[0], MemoryFileSystem)

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each file, by its path below the address."""
        files, root = self.files()
        with self._named("list", ""):
            files.invalidate_cache()
            found = files.find(root, detail=True)
        return {name[len(root) + 1 :]: entry["size"] for name, entry in found.items()}

    def size(self, path: str) -> int | None:
        """Return the size of a file in bytes; None if it is missing."""
        files, root = self.files()
        with self._named("read", path):
            try:
                files.invalidate_cache()
                return int(files.info(f"{root}/{path}")["size"])
            except FileNotFoundError:
                return None

    def read(self, path: str) -> bytes | None:
        """Return the content of a small file; None if it is missing."""
        files, root = self.files()
        with self._named("read", path):
            try:
                return bytes(files.cat_file(f"{root}/{path}"))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, path: str, content: bytes) -> None:
        """Write a small file completely or not at all."""
        self.put(path, lambda unfinished: unfinished.write_bytes(content))

    def put(self, path: str, write: Callable[[Path], _Result]) -> _Result:
        """Let a function write a file on a disk, put it under its path completely or not at all, and return the result.

        On a disk it is renamed. An object appears in a store when its upload is complete.
        """
        folder = self.folder
        if folder is not None:
            target = folder / path
            unfinished = folder / HIDDEN_FOLDER / temporary_name(target)
            for parent in (unfinished.parent, target.parent):
                parent.mkdir(parents=True, exist_ok=True)
            try:
                result = write(unfinished)
                os.replace(unfinished, target)
            finally:
                unfinished.unlink(missing_ok=True)
            return result
        files, root = self.files()
        with TemporaryDirectory() as scratch:
            unfinished = Path(scratch) / "file"
            result = write(unfinished)
            with self._named("write", path):
                files.put_file(str(unfinished), f"{root}/{path}")
        return result

    def remove(self, paths: Iterable[str]) -> None:
        """Remove all files below an address, or all in some of its folders, and the folders."""
        folder = self.folder
        if folder is not None:
            for path in paths:
                (folder / path).unlink()
                with suppress(OSError):
                    for parent in list((folder / path).relative_to(folder).parents)[:-1]:
                        (folder / parent).rmdir()
            return
        files, root = self.files()
        # The folders as a whole, for one commit to the Hub can remove many files, but only those of one folder.
        for name in sorted({path.partition("/")[0] for path in paths}):
            with self._named("remove", name):
                files.rm(f"{root}/{name}", recursive=True)

    def remove_hidden(self) -> None:
        """Remove what is known about the build."""
        self.remove([path for path in self.sizes() if path.startswith(f"{HIDDEN_FOLDER}/")])

    @contextmanager
    def _named(self, verb: str, path: str) -> Iterator[None]:
        """Let an error of a store, of whatever type, say in one line what could not be done."""
        try:
            yield
        except Exception as error:
            if self.folder is not None:
                raise
            raise OSError(f"cannot {verb} {'/'.join(filter(None, (self.address, path)))}: {one_line(error)}") from error


def is_url(address: str | os.PathLike[str]) -> bool:
    """Whether an address is not that of a folder."""
    return "://" in os.fspath(address)
