"""Publishing with files that workers make and upload: what the Hub has in the end, and what it costs."""

import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import datasets
import pytest
from click.testing import CliRunner
from huggingface_hub import get_session
from huggingface_hub.utils import are_progress_bars_disabled, enable_progress_bars

from mnist1d_hf import Mnist1D, cli
from mnist1d_hf.cluster import open_executor
from mnist1d_hf.errors import TasksFailedError, WorkerError
from mnist1d_hf.hub import HubError, parquet_files, uploads
from mnist1d_hf.hub.planning import TITLE
from mnist1d_hf.hub.remote_repo import RemoteRepo

from ..conftest import ROOT, interruptible
from ..hub_server.fixtures import forget_connections
from ..hub_server.publications import (
    DATASET,
    FIGURES,
    assert_published,
    commits,
    is_whole,
    is_whole_or_empty,
    manifest,
    publish_configs,
    state,
    writes,
)
from .test_publishing import configs_of, statuses

INF = float("inf")
MERGED = f"{TITLE} (#1)"


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    """Files of 100 rows, with and without workers; bars of the client as they were."""
    monkeypatch.setattr(parquet_files, "_ROWS_PER_FILE", {0: 100})
    enable_progress_bars()
    yield
    enable_progress_bars()  # a task switches them off in its process, which here is this one


@pytest.fixture
def threads():
    """Workers in this process."""
    get_session()  # huggingface_hub 1 would make one for each
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture
def for_processes(ada_hub, hub_environment, monkeypatch, tmp_path):
    """The environment of workers: the hub, the token of ada, and a folder of their own for what is temporary."""
    (tmp_path / "tmp").mkdir()
    environment = hub_environment(os.environ["HF_TOKEN"], TMPDIR=str(tmp_path / "tmp"))
    for name in ("HF_ENDPOINT", "HF_HUB_DISABLE_XET", "HF_HOME", "TMPDIR"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.delenv("HF_HUB_OFFLINE")


class NoExecutor(Executor):
    """Workers of which nothing is asked."""

    def submit(self, *arguments, **options):
        raise AssertionError("nothing should be done by workers")


def parquet(hub, revision="main"):
    return {path: data for path, data in hub.files(*DATASET, revision).items() if path.endswith(".parquet")}


def puts(hub):
    return [request.path for request in hub.requests if request.method == "PUT" and request.status == 200]


def without_executor(hub, *configs, **options):
    """What is published without an executor, on a hub of its own."""
    before, hub.repos = hub.repos, {}
    publish_configs(*configs, **options)
    files, hub.repos = hub.files(*DATASET), before
    return files


# What is published


@pytest.mark.long
def test_many_files_are_made_by_threads_and_are_visible_at_once(ada_hub, threads):
    whole = []
    ada_hub.fail(
        times=INF, before=lambda: whole.append(DATASET not in ada_hub.repos or is_whole_or_empty(ada_hub, DATASET))
    )
    repo = publish_configs("large", num_samples=12_100, executor=threads)
    assert all(whole)
    assert len(parquet(ada_hub)) == 121
    assert is_whole(ada_hub, DATASET)
    assert commits(ada_hub, DATASET) == ["initial commit", MERGED]
    assert commits(ada_hub, DATASET, "refs/pr/1") == ["initial commit", TITLE, TITLE]
    assert repo.commit == ada_hub.history(*DATASET)[0].oid
    assert set(statuses(repo).values()) == {"new"}
    assert not any(change.is_estimated for change in repo.changes)
    assert len(set(puts(ada_hub))) == len(puts(ada_hub)) == 121 + len(FIGURES)
    for path, file in manifest(ada_hub, DATASET).items():
        if path in parquet(ada_hub):
            asked = [request for request in ada_hub.requests if {path, file.sha256} & set(request.about)]
            assert len(asked) <= 4

    before = state(ada_hub)
    del ada_hub.requests[:]
    again = publish_configs("large", num_samples=12_100, executor=threads)
    assert not again.changed
    assert state(ada_hub) == before
    assert not [request for request in writes(ada_hub.requests) if not request.path.endswith("/repos/create")]
    assert ada_hub.files(*DATASET) == without_executor(ada_hub, "large", num_samples=12_100)


@pytest.mark.long
def test_other_configs_are_built_here_and_the_result_is_the_same(ada_hub, threads):
    publish_configs("large", "default", num_samples=1100, executor=threads)
    assert_published(ada_hub, DATASET)
    assert ada_hub.files(*DATASET) == without_executor(ada_hub, "large", "default", num_samples=1100)


def test_one_line_for_each_file_and_no_bar_of_the_client_for_uploads(ada_hub, threads, monkeypatch, capsys):
    monkeypatch.setattr(datasets, "are_progress_bars_disabled", lambda: False)
    publish_configs("large", num_samples=1100, executor=threads)
    said = capsys.readouterr().err
    assert "rows.parquet" not in said
    assert re.findall(r"(?m)^(\d+)/11 large/t\w+-000\d\d-of-000\d\d\.parquet \d+k rows/s$", said) == [
        str(number) for number in range(1, 12)
    ]
    assert not are_progress_bars_disabled()


def test_without_a_sharded_config_nothing_is_asked_of_workers(ada_hub):
    publish_configs("default", executor=NoExecutor())
    assert_published(ada_hub, DATASET)


@pytest.mark.long
def test_configs_come_one_after_the_other(ada_hub, threads):
    publish_configs("default")
    publish_configs("large", num_samples=1100, executor=threads)
    publish_configs("shuffled", executor=threads)
    assert configs_of(ada_hub) == ["default", "large", "shuffled"]
    assert is_whole(ada_hub, DATASET)
    assert commits(ada_hub, DATASET) == ["initial commit", TITLE, TITLE, TITLE]


def test_files_of_an_earlier_layout_go_and_those_of_others_stay(ada_hub, threads):
    publish_configs("large", num_samples=2200, executor=threads)
    ours = set(parquet(ada_hub))
    others = {"large/notes.parquet": b"mine", "large/train-00003-of-00020.parquet": b"changed"}
    ada_hub.add_commit(*DATASET, others)
    del ada_hub.requests[:]
    repo = publish_configs("large", num_samples=1100, executor=threads)
    gone = {path for path, status in statuses(repo).items() if status == "deleted"}
    assert gone == ours - set(others)
    assert {path: data for path, data in parquet(ada_hub).items() if path in others} == others
    assert len(parquet(ada_hub)) == 11 + len(others)
    assert is_whole(ada_hub, DATASET)
    # Rows that are there under another name are not uploaded again.
    assert puts(ada_hub) == []


def test_a_changed_file_is_uploaded_alone(ada_hub, threads):
    publish_configs("large", num_samples=1100, executor=threads)
    lost = "large/train-00004-of-00010.parquet"
    ada_hub.add_commit(*DATASET, {lost: None})
    ada_hub.repos[DATASET].objects.clear()
    del ada_hub.requests[:]
    repo = publish_configs("large", num_samples=1100, executor=threads)
    assert {path for path, status in statuses(repo).items() if status != "unchanged"} == {lost}
    assert len(puts(ada_hub)) == 1


@pytest.mark.parametrize("options", [{"revision": "next"}, {"create_pr": True}], ids=["branch", "pull request"])
def test_branches_and_proposals(ada_hub, threads, options):
    ada_hub.add_repo(*DATASET)
    for _ in range(2):
        repo = publish_configs("large", num_samples=1100, executor=threads, **options)
    revision = options.get("revision", "refs/pr/1")
    assert commits(ada_hub, DATASET) == ["initial commit"]
    assert commits(ada_hub, DATASET, revision) == ["initial commit", TITLE]
    assert is_whole(ada_hub, DATASET, revision)
    assert bool(repo.pull_request) == ("create_pr" in options)
    assert len(puts(ada_hub)) == 11 + len(FIGURES)


# Looking first


def test_a_dry_run_makes_nothing(ada_hub, monkeypatch, threads):
    monkeypatch.delenv("HF_TOKEN")
    repo = publish_configs("large", "default", num_samples=12_100, executor=NoExecutor(), dry_run=True)
    planned = [change for change in repo.changes if change.path.startswith("large/")]
    assert len(planned) == 121
    assert {(change.status, change.size, change.is_estimated) for change in planned} == {("new", 16_100, True)}
    assert not ada_hub.repos


def call(*arguments):
    arguments = ["publish", "ada", "--only", "dataset", "--executor", "processes:2", *arguments]
    return CliRunner().invoke(cli.main, arguments, prog_name="mnist1d-hf")


def test_the_plan_has_one_line_for_the_files_of_workers(ada_hub, threads):
    large = ["--config", "large", "--num-samples", "12100"]
    result = call(*large, "--dry-run")
    assert result.exit_code == 0, result.output
    said = result.stdout.splitlines()
    assert said[-3:] == [
        "  new          ~1.9 MB  large: 121 files, made by the workers",
        "1 of 1 change.",
        "Nothing was changed.",
    ]
    assert len(said) == 1 + 3 + len(FIGURES) + 3
    publish_configs("large", num_samples=1100, executor=threads)
    result = call("--config", "large", "--num-samples", "1100", "--dry-run")
    said = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert said[3:] == [
        "pending ~177.1 kB large: 11 files, made by the workers",
        "unchanged 3 files",
        "1 of 1 may change.",
        "Nothing was changed.",
    ]
    assert [re.sub(r"~\S+ kB", "~", line) for line in said[1:3]] == [
        "pending ~ .mnist1d-hf.json",
        "pending ~ README.md",
    ]


def test_a_review_can_stop_it(ada_hub):
    publish_configs("large", num_samples=1100, executor=NoExecutor(), review=lambda planned: False)
    assert not ada_hub.repos


@pytest.mark.parametrize(
    "path", ["README.md", "large/train-00004-of-00010.parquet", "figures/samples.png"], ids=lambda path: path[:6]
)
def test_what_is_somebody_elses_is_refused_before_anything_is_made(ada_hub, threads, path):
    publish_configs("large", num_samples=1100, executor=threads)
    ada_hub.add_commit(*DATASET, {path: b"mine"})
    before = state(ada_hub)
    with pytest.raises(HubError, match=rf"^{path} in .* was not written by mnist1d-hf, or was changed since"):
        publish_configs("large", num_samples=1100, executor=NoExecutor())
    assert state(ada_hub) == before
    publish_configs("large", num_samples=1100, executor=threads, create_pr=True)
    assert ada_hub.files(*DATASET)[path] == b"mine"
    assert is_whole(ada_hub, DATASET, "refs/pr/1")


def test_what_others_publish_meanwhile_is_kept(ada_hub, threads):
    ada_hub.fail(path="/upload/", nth=5, before=lambda: publish_configs("custom-noise"))
    publish_configs("large", num_samples=1100, executor=threads)
    assert configs_of(ada_hub) == ["custom-noise", "large"]
    assert is_whole(ada_hub, DATASET)
    assert commits(ada_hub, DATASET) == ["initial commit", TITLE, TITLE]


def test_what_others_edit_meanwhile_is_not_overwritten(ada_hub, threads):
    ada_hub.fail(
        path="/upload/", nth=5, before=lambda: ada_hub.add_commit(*DATASET, {"README.md": b"# Mine"}, title="Edit")
    )
    with pytest.raises(HubError, match=r"README\.md in .* was not written by mnist1d-hf"):
        publish_configs("large", num_samples=1100, executor=threads)
    assert commits(ada_hub, DATASET) == ["initial commit", "Edit"]


# Failures


@pytest.fixture
def small_commits(monkeypatch):
    monkeypatch.setattr("mnist1d_hf.hub.commits.MAX_OPERATIONS", 5)


FAULTS = {
    "429": {"status": 429, "headers": {"Retry-After": "17"}},
    "500": {"status": 500},
    "dropped": {"drop": True},
    "lost answer": {"drop_after": True},
}


@pytest.mark.usefixtures("small_commits", "waits")
@pytest.mark.parametrize(
    "fault", [pytest.param(FAULTS[name], id=name, marks=() if name == "500" else pytest.mark.long) for name in FAULTS]
)
def test_every_kind_of_request_survives(ada_hub, threads, fault):
    """A request of each kind fails: of uploads, of the commits of the pull request, and of its merge."""
    for path in ("/preupload/", "/objects/batch", "/upload/", "/verify", "/commit/refs", "/merge", "/commit/main"):
        ada_hub.repos.clear()
        hit = ada_hub.fail(path=path, nth={"/merge": 1, "/commit/main": 1, "/commit/refs": 2}.get(path, 3), **fault)
        publish_configs("large", num_samples=1100, executor=threads)
        assert hit.hits == 1
        assert [title.partition(" (#")[0] for title in commits(ada_hub, DATASET)] == ["initial commit", TITLE]
        assert is_whole(ada_hub, DATASET)
        assert len(parquet(ada_hub)) == 11


@pytest.mark.usefixtures("waits")
def test_files_that_fail_are_named_and_the_others_are_uploaded(ada_hub, threads):
    hit = ada_hub.fail(path="/upload/.*", nth=3, status=403, times=1)
    with pytest.raises(
        TasksFailedError,
        match=r"^1 of 11 files failed \(.*rerun to resume\): large/t\w+-000\d\d-of-000\d\d, shards 0–0: the Hub refuses this",
    ):
        publish_configs("large", num_samples=1100, executor=threads, retries=0)
    assert hit.hits == 1
    assert commits(ada_hub, DATASET) == ["initial commit"]
    assert len(puts(ada_hub)) == 10
    publish_configs("large", num_samples=1100, executor=threads)
    assert len(puts(ada_hub)) == 11 + len(FIGURES)
    assert_published(ada_hub, DATASET)


def test_a_file_that_fails_is_tried_again(ada_hub, threads):
    ada_hub.fail(path="/upload/", status=403, times=2)
    publish_configs("large", num_samples=1100, executor=threads)
    assert_published(ada_hub, DATASET)


@pytest.mark.long
@pytest.mark.usefixtures("small_commits")
def test_many_commits_may_take_long(ada_hub, threads, waits):
    """They ask for the same again and again, which elsewhere is a Hub that does not come to an end."""
    slow = ada_hub.fail(path="/commit/refs", before=lambda: waits.append(20), times=INF)
    publish_configs("large", num_samples=11_000, executor=threads)
    assert slow.hits > 20
    assert is_whole(ada_hub, DATASET)


def test_a_file_that_vanishes_while_it_is_compared_is_told(ada_hub, threads, monkeypatch):
    publish_configs("large", num_samples=1100, executor=threads)
    path = "large/train-00004-of-00010.parquet"
    upload = uploads.upload_files

    def vanish(*arguments):
        done = upload(*arguments)
        ada_hub.add_commit(*DATASET, {path: None})
        return done

    monkeypatch.setattr("mnist1d_hf.hub.publishing.upload_files", vanish)
    with pytest.raises(HubError, match=f"^{path} was removed from ada/mnist1d while it was compared; rerun"):
        publish_configs("large", num_samples=1100, executor=threads)
    monkeypatch.undo()


def test_a_worker_waits_as_long_as_the_hub_asks(ada_hub, waits):
    """Many workers together make more requests than the Hub takes in five minutes."""
    ada_hub.add_repo(*DATASET)
    (file, *_) = parquet_files.list_parquet_files(Mnist1D(config_name="large", num_samples=1100))
    limited = ada_hub.fail(path="/preupload/", status=429, headers={"RateLimit": '"api";r=0;t=242'})
    where = {"repo_type": DATASET[0], "repo_id": DATASET[1], "revision": None, "create_pr": False}
    upload = uploads.upload_file(file, RemoteRepo(None), ada_hub.endpoint, where)
    assert limited.hits == 1
    assert 242 <= sum(waits) <= 250
    assert upload.file.sha256 in ada_hub.repos[DATASET].objects
    assert len(upload.operation) < 2000


@pytest.mark.long
def test_more_files_than_a_folder_may_have_are_in_subfolders(ada_hub, threads, monkeypatch):
    monkeypatch.setattr(parquet_files, "_MAX_FILES", 10)
    monkeypatch.setattr(parquet_files, "_FILES_PER_FOLDER", 4)
    publish_configs("large", num_samples=1100, executor=threads)
    assert "large/train-00002/train-00009-of-00010.parquet" in parquet(ada_hub)
    publish_configs("default")
    assert is_whole(ada_hub, DATASET)
    for config, rows in ("large", {"train": 1000, "test": 100}), ("default", {"train": 4000, "test": 1000}):
        loaded = datasets.load_dataset("ada/mnist1d", config)
        assert {split: len(found) for split, found in loaded.items()} == rows


# Tokens


@pytest.mark.parametrize("token", ["", "hf_wrong-and-secret"])
def test_workers_need_a_token_that_is_good(ada_hub, threads, monkeypatch, token):
    good = os.environ["HF_TOKEN"]
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(TasksFailedError) as failed:
        publish_configs("large", num_samples=1100, executor=threads, token=good, retries=0)
    said = str(failed.value)
    assert said.startswith("11 of 11 files failed")
    assert ("does not accept the token" if token else "a worker has no token for the Hub; set HF_TOKEN") in said
    assert good not in said
    assert "secret" not in said
    assert commits(ada_hub, DATASET) == ["initial commit"]


# Processes


@pytest.mark.long
@pytest.mark.usefixtures("for_processes")
@pytest.mark.parametrize(("address", "workers"), [("processes:2", 2), ("dask", os.cpu_count())])
def test_processes_make_what_threads_make(ada_hub, threads, tmp_path, address, workers):
    on_disk = []
    ada_hub.fail(
        path="/upload/", before=lambda: on_disk.append([*(tmp_path / "tmp").glob("*/rows.parquet")]), times=INF
    )
    with open_executor(address) as executor:
        publish_configs("large", num_samples=12_100, executor=executor)
    assert max(len(files) for files in on_disk) <= workers
    assert commits(ada_hub, DATASET) == ["initial commit", MERGED]
    assert is_whole(ada_hub, DATASET)
    assert len(parquet(ada_hub)) == 121
    assert not [name for name in os.listdir(tmp_path / "tmp") if not name.startswith("dask-scratch")]
    before = state(ada_hub)
    assert not publish_configs("large", num_samples=12_100, executor=threads).changed
    assert state(ada_hub) == before


@pytest.mark.long
@pytest.mark.usefixtures("for_processes")
def test_a_killed_worker_is_told_and_the_next_run_uploads_the_rest(ada_hub, threads):
    with (
        pytest.raises(
            WorkerError, match=r"^a process was killed while it worked on large/t\w+-000\d\d-of-000\d\d, shards 0–0"
        ),
        open_executor("processes:2") as executor,
    ):
        ada_hub.fail(
            path="/upload/", nth=9, before=lambda: os.kill(min(p.pid for p in executor.processes), signal.SIGKILL)
        )
        publish_configs("large", num_samples=2200, executor=executor)
    finish(ada_hub, threads, least=5)


def finish(hub, threads, least):
    """Publish again; nothing is visible before, and nothing is uploaded that the Hub has."""
    settle(hub)
    assert commits(hub, DATASET) == ["initial commit"]
    there = set(hub.repos[DATASET].objects)
    assert len(there) >= least
    del hub.requests[:]
    publish_configs("large", num_samples=2200, executor=threads)
    assert len(puts(hub)) == 22 + len(FIGURES) - len(there)
    assert not {path.rpartition("/")[2] for path in puts(hub)} & there
    assert [title.partition(" (#")[0] for title in commits(hub, DATASET)] == ["initial commit", TITLE]
    assert {found.status for found in hub.pull_requests(*DATASET)} <= {"merged", "closed"}
    assert is_whole(hub, DATASET)
    assert len(parquet(hub)) == 22


def settle(hub):
    """Wait until the hub is done with the requests of processes that are gone."""
    forget_connections()
    while hub._server.connections:
        threading.Event().wait(0.01)


DRIVER = """
import sys
from mnist1d_hf.cli import main
from mnist1d_hf.hub import commits, parquet_files

if __name__ == "__main__":
    parquet_files._ROWS_PER_FILE, commits.MAX_OPERATIONS = {0: 100}, 10
    main("publish ada --only dataset --config large --num-samples 2200 --executor processes:2 --yes".split())
"""


@pytest.fixture
def driver(ada_hub, hub_environment, tmp_path):
    """Starts the command with processes of its own, which make files of 100 rows."""
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    environment = hub_environment(os.environ["HF_TOKEN"], PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path]))
    with interruptible():
        process = subprocess.Popen(
            [sys.executable, script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.long
@pytest.mark.usefixtures("small_commits")
@pytest.mark.parametrize(
    ("path", "nth", "least"),
    [("/upload/", 9, 5), ("/commit/refs", 2, 22), ("/merge", 1, 22)],
    ids=["upload", "commit", "merge"],
)
def test_a_killed_driver_leaves_nothing_visible_and_the_next_run_uploads_the_rest(
    ada_hub, threads, driver, path, nth, least
):
    ada_hub.fail(path=path, nth=nth, before=driver.kill, drop=True)
    driver.communicate()
    assert driver.returncode == -signal.SIGKILL
    finish(ada_hub, threads, least)


@pytest.mark.long
def test_an_interrupt_says_what_is_uploaded(ada_hub, threads, driver):
    ada_hub.fail(path="/upload/", nth=9, before=lambda: driver.send_signal(signal.SIGINT), delay=0.2)
    out, err = driver.communicate()
    assert driver.returncode == 1, err
    assert re.search(
        r"\n\d+ of 22 files are finished; what is uploaded is not uploaded again: rerun to resume\.\nAborted!\n$", err
    )
    assert "Traceback" not in out + err
    assert "made by the workers" in out
    finish(ada_hub, threads, least=5)


@pytest.mark.long
def test_the_command_uploads_and_does_not_download(ada_hub, driver):
    out, err = driver.communicate()
    assert driver.returncode == 0, err
    assert is_whole(ada_hub, DATASET)
    assert out.splitlines()[-1].startswith("published  ")
    assert not any("/resolve/" in request.path and ".parquet" in request.path for request in ada_hub.requests)
