"""Atomic writes: a file is written completely or not at all, and nothing else is touched."""

import errno
import re

import pytest

from mnist1d_hf.utils.files import read_folder, refuse_foreign_files, replacing, write_folder, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_neighbours_with_the_name_of_a_temporary_file_are_kept(tmp_path):
    (tmp_path / ".a.txt.incomplete").write_text("mine")
    write_text(tmp_path / "a.txt", "new")
    assert names(tmp_path) == [".a.txt.incomplete", "a.txt"]
    assert (tmp_path / ".a.txt.incomplete").read_text() == "mine"


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    with replacing(tmp_path / "a.txt") as first:
        with replacing(tmp_path / "a.txt") as second:
            first.write_text("first")
            second.write_text("second")
        assert (tmp_path / "a.txt").read_text() == "second"
    assert (tmp_path / "a.txt").read_text() == "first"
    assert names(tmp_path) == ["a.txt"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with (
        pytest.raises(OSError, match=r"^\[Errno 28\] No space left on device$"),
        replacing(tmp_path / "a.txt") as unfinished,
    ):
        unfinished.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "nodir" / "a.png"
    message = re.escape(f"cannot write {path}: there is no folder {path.parent}; create it, or name another")
    with pytest.raises(FileNotFoundError, match=message), replacing(path):
        pass


def test_errors_name_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match=r"cannot write \(.*\): '[^']*folder'$") as raised, replacing(path) as unfinished:
        unfinished.write_text("a file cannot replace a folder")
    assert "incomplete" not in str(raised.value)
    with pytest.raises(FileNotFoundError, match=r"'[^']*elsewhere'$"), replacing(tmp_path / "a.txt"):
        (tmp_path / "elsewhere").read_text()
    assert names(tmp_path) == ["folder"]


def test_a_folder_is_written_whole_and_replaces_the_old_one(tmp_path):
    folder = tmp_path / "deep" / "out"
    write_folder(folder, {"a": b"1", "b/c": b"2"})
    assert read_folder(folder) == {"a": b"1", "b/c": b"2"}
    write_folder(folder, {"a": b"3"})
    assert read_folder(folder) == {"a": b"3"}
    assert names(tmp_path / "deep") == ["out"]


def test_a_folder_that_cannot_be_written_leaves_the_old_one(tmp_path):
    write_folder(tmp_path / "out", {"a": b"1"})
    with pytest.raises(OSError, match=rf"cannot write .*{re.escape(repr(str(tmp_path / 'out')))}"):
        write_folder(tmp_path / "out", {"a": b"2", "a/b": b"3"})
    assert read_folder(tmp_path) == {"out/a": b"1"}


def test_files_that_would_be_lost_are_named(tmp_path):
    write_folder(tmp_path / "out", {"a": b"", "b/c": b"", "b/d": b"", "e": b"", "f": b""})
    refuse_foreign_files(tmp_path / "out", {"a", "b/c", "b/d", "e", "f"}, "training")
    refuse_foreign_files(tmp_path / "missing", set(), "training")
    with pytest.raises(FileExistsError, match=r"that training does not write \(b/c, b/d, e, \.\.\.\), so it is not"):
        refuse_foreign_files(tmp_path / "out", {"a"}, "training")
