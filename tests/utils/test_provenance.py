"""Where results come from: versions and the command, as they are kept in every file of results."""

import platform
import sys
from importlib.metadata import version

import pytest

from mnist1d_hf.utils.files import provenance, versions


def test_versions_are_those_that_are_installed():
    assert versions() == {
        "python": platform.python_version(),
        "mnist1d-hf": version("mnist1d-hf"),
        "torch": version("torch"),
        "numpy": version("numpy"),
        "datasets": version("datasets"),
    }


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (
            ["/home/ada/.venv/bin/mnist1d-hf", "experiment", "all", "--seeds", "3"],
            "mnist1d-hf experiment all --seeds 3",
        ),
        (["mnist1d-hf"], "mnist1d-hf"),
        (["-c"], "-c"),
    ],
)
def test_the_command_is_named_without_its_folder(arguments, command, monkeypatch):
    monkeypatch.setattr(sys, "argv", arguments)
    assert provenance() == {"versions": versions(), "command": command}
