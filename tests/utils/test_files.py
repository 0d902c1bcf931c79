"""Atomic writes: a file is written completely or not at all, and nothing else is touched."""

import errno
import re

import pytest

from mnist1d_hf.utils.files import replacing, write_text


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
