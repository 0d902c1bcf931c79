"""The command `mnist1d-hf publish`, in processes of its own where it is killed, interrupted or asked."""

import copy
import os
import pty
import random
import re
import shlex
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from click.testing import CliRunner

from mnist1d_hf import Mnist1D, cli
from mnist1d_hf.hub import dataset_plan, model_repo, publish

from ..conftest import interruptible
from ..hub_server.fixtures import forget_connections
from ..hub_server.publications import (
    CNN,
    DATASET,
    assert_published,
    is_whole,
    is_whole_or_empty,
    publish_configs,
    writes,
)

COMMAND = [sys.executable, "-m", "mnist1d_hf", "publish"]
SMALL = ["--only", "dataset", "--config", "default"]


def call(*arguments):
    """Call the command in this process."""
    return CliRunner().invoke(cli.main, ["publish", *arguments], prog_name="mnist1d-hf")


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def snapshot(hub):
    """Everything that is published, file by file."""
    repos = {key: (hub.files(*key), sorted(hub.tags(*key)), hub.repos[key].private) for key in hub.repos}
    collections = [[(item["type"], item["id"]) for item in found["items"]] for found in hub.collections()]
    return repos, collections


def settle(hub):
    """Wait until the hub is done with the requests of processes that are gone."""
    forget_connections()
    while hub._server.connections:
        threading.Event().wait(0.01)


@pytest.fixture
def start(ada_hub, hub_environment, tmp_path):
    """Starts the command in a process of its own, as ada, with all that it writes below a folder."""
    token = os.environ["HF_TOKEN"]
    started = []

    def begin(*arguments, **environment):
        folder = tmp_path / f"process-{len(started)}"
        (folder / "tmp").mkdir(parents=True)
        known = hub_environment(token, HF_HOME=str(folder / "home"), TMPDIR=str(folder / "tmp"), **environment)
        with interruptible():
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=known,
                cwd=folder,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


# What it says


@pytest.mark.usefixtures("waits")
def test_it_shows_the_plan_then_the_links_then_the_checks(ada_hub):
    result = call("ada", *SMALL, "--yes")
    assert result.exit_code == 0
    commit = ada_hub.history(*DATASET)[0].oid[:7]
    assert [re.sub(r" [\d.]+ (kB|MB) ", " 1.0 kB ", line) for line in lines(result.stdout)] == [
        "dataset ada/mnist1d",
        *(
            re.sub(r" [\d.]+ (kB|MB) ", " 1.0 kB ", f"  new       {size:>7.1f} kB  {path}")
            for path, size in sorted(
                (path, len(data) / 1e3) for path, data in ada_hub.files(*DATASET).items() if path != ".gitattributes"
            )
        ),
        "1 of 1 change.",
        f"published  {ada_hub.endpoint}/datasets/ada/mnist1d  {commit}",
        "ok     ada/mnist1d  files: 7 files as published",
        "ok     ada/mnist1d  default/train: 4,000 rows, those of the paper",
        "ok     ada/mnist1d  default/test: 1,000 rows, those of the paper",
        "All 3 checks passed.",
    ]

    again = call("ada", *SMALL)
    assert again.exit_code == 0
    assert lines(again.stdout)[:4] == [
        "dataset ada/mnist1d",
        "  unchanged          8  files",
        "Everything is published already.",
        f"unchanged  {ada_hub.endpoint}/datasets/ada/mnist1d  {commit}",
    ]

    planned = call("ada", "--only", "dataset", "--config", "shuffled", "--dry-run")
    assert planned.exit_code == 0
    assert [" ".join(line.split()[:1] + line.split()[3:]) for line in lines(planned.stdout)[1:-3]] == [
        "changed .mnist1d-hf.json",
        "changed README.md",
        "changed eval.yaml",
        "new shuffled/test-00000-of-00001.parquet",
        "new shuffled/train-00000-of-00001.parquet",
    ]
    assert lines(planned.stdout)[-3:] == ["  unchanged          3  files", "1 of 1 change.", "Nothing was changed."]


@pytest.mark.usefixtures("waits")
def test_it_shows_models_and_the_collection(ada_hub):
    result = call("ada", "--config", "default", "--config", "shuffled", "--yes", "--no-verify")
    assert result.exit_code == 0
    said = lines(result.stdout)
    assert f"{len(ada_hub.repos) + 1} of {len(ada_hub.repos) + 1} change." in said
    assert said.index("dataset ada/mnist1d") < said.index("model ada/mnist1d-cnn") < said.index("collection MNIST-1D")
    assert re.search(r"\n  new        +\d+\.\d kB  onnx/model.onnx\n", result.stdout)
    assert re.search(r"\n  new        +models/ada/mnist1d-cnn-large\n", result.stdout)
    (collection,) = ada_hub.collections()
    assert said[-1] == f"published  {ada_hub.endpoint}/collections/{collection['slug']}"
    assert len([line for line in said if line.startswith("published")]) == len(ada_hub.repos) + 1
    again = lines(call("ada", "--config", "default", "--config", "shuffled", "--no-verify").stdout)
    assert again[-1] == said[-1].replace("published", "unchanged")
    assert f"  unchanged         {len(ada_hub.repos) + 1}  items" in again


@pytest.mark.usefixtures("waits")
def test_a_repository_that_vanishes_before_it_is_checked_is_missing(ada_hub):
    ada_hub.fail(method="GET", path="/api/datasets/ada/mnist1d$", before=lambda: ada_hub.repos.pop(DATASET))
    result = call("ada", *SMALL, "--yes")
    assert result.exit_code == 1
    assert lines(result.stdout)[-1] == "WRONG  ada/mnist1d  files: the repository is missing"
    assert lines(result.stderr)[-1] == "Error: 1 of 1 checks failed"


@pytest.mark.usefixtures("waits")
def test_a_proposal_is_shown_by_its_address(ada_hub):
    result = call("ada", *SMALL, "--create-pr", "--yes")
    assert result.exit_code == 0
    assert lines(result.stdout)[-1] == f"proposed   {ada_hub.endpoint}/datasets/ada/mnist1d/discussions/1"


@pytest.mark.usefixtures("waits")
def test_what_goes_is_shown(ada_hub, monkeypatch):
    monkeypatch.setattr("mnist1d_hf.hub.parquet_files._ROWS_PER_FILE", {0: 10_000})
    for samples in ("22000", "11000"):
        result = call("ada", "--only", "dataset", "--config", "large", "--num-samples", samples, "--yes", "--no-verify")
        assert result.exit_code == 0
    assert re.search(r"\n  deleted   +\d\.\d MB  large/train-00001-of-00002.parquet\n", result.stdout)


@pytest.mark.long
@pytest.mark.usefixtures("waits")
def test_the_examples_of_the_help_work(ada_hub, monkeypatch):
    large = next(config for config in Mnist1D.BUILDER_CONFIGS if config.name == "large")
    monkeypatch.setattr(large, "num_samples", 11_000)
    usage = call("--help").output
    examples = [shlex.split(line)[2:] for line in lines(usage) if line.startswith("    mnist1d-hf publish ")]
    assert len(examples) == 4
    for example in examples:
        # Here is nobody to be asked, so that the answer is given beforehand.
        asks = not {"--dry-run", "--yes"} & set(example)
        result = call(*example, *(["--yes", "--no-verify"] if asks else []))
        assert result.exit_code == 0, result.output
        assert bool(ada_hub.repos) == (example != examples[0])
    assert is_whole(ada_hub, DATASET)
    assert is_whole(ada_hub, CNN)


# What it refuses


def refuse(name):
    """Let something be in the way: the arguments, and the words that the line must have."""

    def no_token(hub, monkeypatch):
        monkeypatch.delenv("HF_TOKEN")
        return SMALL, ["no token", "hf auth login", "HF_TOKEN"]

    def unknown_token(hub, monkeypatch):
        monkeypatch.setenv("HF_TOKEN", "hf_unknown")
        return SMALL, ["does not accept the token", "hf auth login"]

    def read_only_token(hub, monkeypatch):
        monkeypatch.setenv("HF_TOKEN", hub.add_token("ada", "read"))
        return SMALL, ["read-only", "settings/tokens", "hf auth login"]

    def own_files(hub, monkeypatch):
        hub.add_repo(*DATASET, {"README.md": b"# Mine\n"})
        return SMALL, ["README.md in", "was not written by mnist1d-hf", "--create-pr"]

    def failing_hub(hub, monkeypatch):
        hub.fail(path="/commit/", times=float("inf"), status=500)
        return SMALL, ["500", "try again later; published files stay"]

    def no_storage(hub, monkeypatch):
        hub.fail(path="/upload/", times=float("inf"), drop=True)
        return SMALL, ["cannot be reached", "check the network and try again"]

    def missing_repositories(hub, monkeypatch):
        return ["--only", "collection"], ["ada/mnist1d is not on the Hub", "mnist1d-hf publish ada"]

    return locals()[name]


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    "reason",
    [
        "no_token",
        "unknown_token",
        "read_only_token",
        "own_files",
        "failing_hub",
        "no_storage",
        "missing_repositories",
    ],
)
def test_what_is_in_the_way_is_said_in_one_line(ada_hub, monkeypatch, reason):
    arguments, words = refuse(reason)(ada_hub, monkeypatch)
    result = call("ada", *arguments, "--yes")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    line = lines(result.stderr)[-1]
    assert line.startswith("Error: ")
    assert all(word in line for word in words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["../x"], "cannot be a user or an organisation"),
        (["ada", "--only", "figures"], "'figures' is not one of 'dataset', 'models', 'space', 'collection'"),
        (["ada", "--config", "defualt"], "'defualt' is not one of"),
        (["ada", "--create-pr", "--revision", "next"], "give either create_pr or revision"),
        (
            ["ada", "--only", "dataset", "--config", "default", "--num-samples", "9"],
            "applies to the config 'large' alone",
        ),
        ([], "Missing argument 'NAMESPACE'"),
    ],
)
def test_options_that_mean_nothing_are_refused(ada_hub, arguments, words):
    result = call(*arguments)
    assert result.exit_code in (1, 2)
    assert words in lines(result.stderr)[-1]
    assert not writes(ada_hub.requests)


def test_nobody_to_ask_and_no_answer_given_changes_nothing(ada_hub):
    result = call("ada", *SMALL)
    assert result.exit_code == 2
    assert lines(result.stdout)[-1] == "1 of 1 change."
    assert lines(result.stderr)[-1].startswith("Error: cannot ask for confirmation without a terminal; give --yes")
    assert not ada_hub.repos


# Processes


@pytest.mark.long
@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_it_asks_and_does_what_it_is_told(ada_hub, hub_environment, answer, code):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "ada", *SMALL, *(["--no-verify"] if code == 0 else [])],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=hub_environment(os.environ["HF_TOKEN"]),
    )
    os.write(ours, f"{answer}\n".encode())
    out, err = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code, err
    assert "Publish this? [y/N]: " in out
    assert "Traceback" not in err
    if answer == "y":
        assert_published(ada_hub, DATASET)
        assert "published  " in out
    else:
        assert not ada_hub.repos
        assert lines(err)[-1] == "Aborted!"


@pytest.mark.long
def test_an_interrupt_ends_it_without_a_traceback(ada_hub, start):
    process = start("ada", *SMALL, "--yes")
    ada_hub.fail(path="/upload/", before=lambda: process.send_signal(signal.SIGINT), delay=0.2)
    out, err = process.communicate()
    settle(ada_hub)
    assert process.returncode == 1
    assert lines(err)[-2:] == ["0 of 1 repositories are published; rerun the command to resume.", "Aborted!"]
    assert "Traceback" not in out + err
    assert is_whole_or_empty(ada_hub, DATASET)
    publish_configs("default")
    assert_published(ada_hub, DATASET)


def leaks(folder, secret):
    """The files below a folder that hold a secret."""
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.mark.long
def test_the_token_is_nowhere(ada_hub, start, tmp_path):
    secret = os.environ["HF_TOKEN"]
    ada_hub.fail(path="/commit/", status=500)
    ada_hub.fail(path="/validate-yaml", drop=True)
    loud = {"HF_DEBUG": "1", "HF_HUB_VERBOSITY": "debug", "DATASETS_VERBOSITY": "debug"}
    process = start("ada", *SMALL, "--yes", **loud)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "Authorization" in err or "authorization" in err
    assert secret not in out + err
    ada_hub.tokens[secret] = replace(ada_hub.tokens[secret], role="read")
    result = call("ada", *SMALL, "--yes")
    assert result.exit_code == 1
    assert secret not in result.output
    assert leaks(tmp_path, secret) == []


# Killed


@pytest.fixture
def starts(ada_hub, monkeypatch):
    """What can be on the hub before a release, nothing or an older one, and how many requests the release then takes."""
    found = []

    def publish_and_count():
        before = copy.deepcopy((ada_hub.repos, ada_hub._collections))
        del ada_hub.requests[:]
        publish("ada", configs=["default", "shuffled"])
        found.append((before, len(ada_hub.requests)))

    with monkeypatch.context() as older:
        for module, name in ((dataset_plan, "render_dataset_card"), (model_repo, "render_model_card")):
            render = getattr(module, name)
            older.setattr(module, name, lambda *args, render=render, **kw: render(*args, **kw) + "\nOlder.\n")
        publish_and_count()
    publish_and_count()
    return found


def kill_and_repeat(hub, start, starts, moments):
    """Kill the command at some of the requests it makes, and publish again."""
    released = snapshot(hub)
    for number, moment in enumerate(moments):
        before, count = starts[number % 2]
        hub.repos, hub._collections = copy.deepcopy(before)
        settle(hub)
        process = start("ada", "--config", "default", "--config", "shuffled", "--yes", "--no-verify")
        # Some requests are carried out though nobody is there any more to be told.
        fault = hub.fail(nth=1 + int(moment * count), before=process.kill, drop=number % 4 < 2)
        process.communicate()
        settle(hub)
        hub._faults.remove(fault)
        assert process.returncode == -signal.SIGKILL
        assert all(is_whole_or_empty(hub, repo) for repo in hub.repos)
        publish("ada", configs=["default", "shuffled"])
        assert snapshot(hub) == released


DRAW = random.Random(0)
MOMENTS = [DRAW.random() for _ in range(20)]


@pytest.mark.long
def test_a_killed_run_leaves_whole_releases_and_is_finished_by_the_next(ada_hub, start, starts):
    kill_and_repeat(ada_hub, start, starts, MOMENTS[:4])


@pytest.mark.slow
def test_many_killed_runs_leave_whole_releases_and_are_finished_by_the_next(ada_hub, start, starts):
    kill_and_repeat(ada_hub, start, starts, MOMENTS)
