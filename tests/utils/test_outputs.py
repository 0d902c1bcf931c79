"""Outputs that cannot be written are named before the work for them begins."""

import errno
import re
import tempfile

import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.baselines import runs, sweeps
from mnist1d_hf.utils.files import check_output_file, check_output_folder


def test_what_can_be_written_is_left_alone(tmp_path):
    check_output_folder(tmp_path / "a" / "b")
    check_output_file(tmp_path / "a.png")
    (tmp_path / "there").write_text("mine")
    check_output_file(tmp_path / "there")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("there", "mine")]


def test_what_is_in_the_way_is_named(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FileExistsError, match=rf"cannot write to {folder}: {tmp_path / 'file'} is a file; name"):
            check_output_folder(folder)
    with pytest.raises(IsADirectoryError, match=rf"cannot write {tmp_path}: it is a folder; name a file"):
        check_output_file(tmp_path)
    with pytest.raises(FileNotFoundError, match=rf"there is no folder {tmp_path / 'no'}; create it, or name another"):
        check_output_file(tmp_path / "no" / "a.png")


@pytest.mark.parametrize("cause", ["Permission denied", "Read-only file system"])
def test_a_folder_that_takes_no_files_is_named(cause, tmp_path, monkeypatch):
    def refused(*, dir):
        raise OSError(errno.EACCES, cause, str(dir))

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    with pytest.raises(
        OSError, match=f"^cannot write to {re.escape(str(tmp_path / 'x'))}: {cause}; name another folder$"
    ):
        check_output_folder(tmp_path / "x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --model logistic --output taken", "cannot write to taken: "),
        ("evaluate cnn --sweep corr_noise_scale=0:1:0.5 -o no/a.png", "cannot write no/a.png: there is no folder no;"),
        ("evaluate cnn --sweep corr_noise_scale=0:1:0.5 -o a.bmp", "must end in .png, .svg or .pdf"),
        ("quickstart --output no/a.png", "cannot write no/a.png: there is no folder no;"),
        ("experiment human --output taken/results", "cannot write to taken/results/human: "),
        ("experiment pooling --output taken/results", "cannot write to taken/results/pooling: "),
    ],
)
def test_commands_look_before_they_work(arguments, message, empty_folder, monkeypatch):
    (empty_folder / "taken").touch()
    for module, name in ((runs, "_run_job"), (sweeps, "evaluate")):
        monkeypatch.setattr(module, name, lambda *args, **options: pytest.fail("it works"))
    result = CliRunner().invoke(cli.main, arguments.split())
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in empty_folder.iterdir()] == ["taken"]
