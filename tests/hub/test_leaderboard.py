"""The leaderboard: a stranger's model from its folder to its rank, and repositories made to do harm."""

import json
import math
import re

import pytest
from click.testing import CliRunner
from huggingface_hub import HfApi
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist1d_hf import cli
from mnist1d_hf.baselines.results import Result
from mnist1d_hf.hub import HubError, leaderboard
from mnist1d_hf.hub.claims import MAX_METRICS_BYTES, read_claim
from mnist1d_hf.hub.leaderboard import read_leaderboard
from mnist1d_hf.hub.standings import Leaderboard, Standing
from mnist1d_hf.hub.submission import submit

from ..hub_server.fixtures import forget_connections
from ..hub_server.submissions import (
    TAG,
    add_submission,
    changed,
    claim,
    measure,
    train_a_little,
    write_folder,
)

BASELINES = [
    Result(task, name, recipe, kind, 5210, 30_000, (0, 1), (mean, mean + 0.01), (mean, mean + 0.01), 2.0)
    for task in ("default", "shuffled")
    for name, recipe, kind, mean in (
        ("cnn", "tuned", "network", 0.96),
        ("cnn", "paper", "network", 0.94),
        ("extra trees", "reference", "reference", 0.82),
    )
]


@pytest.fixture(autouse=True)
def baselines(monkeypatch):
    monkeypatch.setattr(leaderboard, "read_results", lambda: BASELINES)


def call(*arguments):
    return CliRunner().invoke(cli.main, ["leaderboard", *arguments])


def submitted(board):
    return {one.model: one for one in board.standings if one.kind == "submitted"}


def left_out(board):
    return {one.repo_id: one.reason for one in board.left_out}


@pytest.mark.long
def test_the_model_of_a_stranger_is_submitted_found_verified_and_evaluated(ada_hub, tmp_path):
    model = train_a_little("shuffled")
    metrics = measure(model, "shuffled")
    write_folder(tmp_path / "mynet", model, metrics)
    submit(tmp_path / "mynet", "ada/mynet")
    board = read_leaderboard("shuffled", verify=True)
    (mine,) = submitted(board).values()
    assert (mine.model, mine.verdict, mine.detail) == ("ada/mynet", "confirmed", "")
    assert mine.test == (metrics["test_accuracy"],)
    assert mine.commit == ada_hub.history("model", "ada/mynet")[0].oid
    assert [one.model for one in board.standings] == ["cnn", "extra trees", "ada/mynet"]
    output = call("--task", "shuffled").stdout
    assert "1 submitted model among the baselines" in output
    evaluated = CliRunner().invoke(cli.main, ["evaluate", "ada/mynet", "--json"])
    assert json.loads(evaluated.stdout)[0]["accuracy"] == metrics["test_accuracy"]
    # Another claim about the same file.
    metrics["runs"][0]["fresh"].update(correct=99_000, accuracy=0.99)
    (tmp_path / "mynet" / "metrics.json").write_text(json.dumps({**metrics, "mean_fresh_accuracy": 0.99}))
    submit(tmp_path / "mynet", "ada/mynet")
    assert read_leaderboard("shuffled").standings[0].model == "ada/mynet"
    result = call("--task", "shuffled", "--verify")
    assert re.search(r"^ *-  ada/mynet .* not confirmed$", result.stdout, flags=re.MULTILINE)
    assert re.search(
        r"ada/mynet is not confirmed: its ONNX file gives \S+ % of the fresh rows, and 99.00 %", result.stdout
    )


def test_models_are_ranked_among_the_baselines_by_fresh_rows(hub):
    add_submission(hub, "ada/good", claim(test=(970, 960), fresh=(97_000, 96_900)))
    add_submission(hub, "bob/fair", claim(test=(990, 990), fresh=(90_000, 91_000)))
    add_submission(hub, "bob/other", claim("noisy"), task="noisy")
    hub.add_repo("model", "eve/none", {"README.md": b"---\ntags: [mnist1d]\n---\n"})
    board = read_leaderboard()
    assert [(rank, one.model, one.kind) for rank, one in zip(board.ranks, board.standings, strict=True)] == [
        (1, "ada/good", "submitted"),
        (2, "cnn", "network"),
        (3, "bob/fair", "submitted"),
        (4, "extra trees", "reference"),
    ]
    assert board.left_out == []
    assert not any(request.method not in ("GET", "HEAD", "POST") for request in hub.requests)


def test_further_tasks_are_read_from_their_folders(hub):
    files = {"shuffled/metrics.json": json.dumps(claim("shuffled")).encode()}
    add_submission(hub, "ada/two", claim(), task="shuffled", **files)
    assert submitted(read_leaderboard("shuffled"))["ada/two"].fresh == (0.9, 0.91)
    assert left_out(read_leaderboard("default")) == {}
    add_submission(hub, "ada/one", claim("noisy"), task="shuffled")
    assert left_out(read_leaderboard("shuffled")) == {"ada/one": "it has no metrics.json of the task shuffled"}


def test_what_was_read_is_not_downloaded_again(hub):
    add_submission(hub, "ada/good", claim())
    read_leaderboard()
    del hub.requests[:]
    read_leaderboard()
    assert not any("/resolve/" in request.path and request.method == "GET" for request in hub.requests)


HOSTILE = {
    "no JSON": (b"\x1b[2J{", "it cannot be read as JSON"),
    "nested": (b"[" * 100_000, "it is nested too deeply"),
    "huge": (b" " * (MAX_METRICS_BYTES + 1), "metrics.json has 4,194,305 bytes; at most 4,194,304 are read"),
    "NaN": (json.dumps(claim(test_accuracy=math.nan)).encode(), "it holds NaN"),
    "above 1": (changed(claim(), "mean_fresh_accuracy", value=7), "it must be a number from 0 to 1"),
    "escapes": (claim(model="\x1b[2J\u202e"), r"its model is '\\x1b[2J\\u202e'"),
    "other task": (claim("noisy"), "it has no metrics.json of the task default"),
}


def test_hostile_repositories_are_named_and_the_others_shown(hub):
    add_submission(hub, "ada/good", claim())
    for name, (content, _) in HOSTILE.items():
        add_submission(hub, f"eve/{name.replace(' ', '-')}", content)
    hub.add_repo("model", "eve/empty", {"README.md": f"---\ntags: [{TAG}-default]\n---\n".encode()})
    add_submission(hub, "eve/gated", claim())
    hub.repos["model", "eve/gated"].gated = True
    board = read_leaderboard()
    assert list(submitted(board)) == ["ada/good"]
    reasons = left_out(board)
    for name, (_, reason) in HOSTILE.items():
        assert reason.replace(r"\\", "\\") in reasons[f"eve/{name.replace(' ', '-')}"]
    assert reasons["eve/empty"] == "it has no metrics.json of the task default"
    assert reasons["eve/gated"] == "it is gated: its author decides who may read it"
    assert len(reasons) == len(HOSTILE) + 2
    for arguments in ((), ("--markdown",), ("--json",)):
        result = call(*arguments)
        assert result.exit_code == 0
        assert all(line.isprintable() for line in result.stdout.splitlines())


def test_a_repository_that_is_gone_meanwhile_is_named(hub, monkeypatch):
    add_submission(hub, "ada/good", claim())
    add_submission(hub, "eve/gone", claim())
    add_submission(hub, "eve/refused", claim())
    hub.fail(path="eve/refused/paths-info", status=403)
    listed = HfApi.list_models

    def list_models(self, **options):
        yield from list(listed(self, **options))
        hub.repos.pop(("model", "eve/gone"), None)

    monkeypatch.setattr(HfApi, "list_models", list_models)
    board = read_leaderboard()
    assert list(submitted(board)) == ["ada/good"]
    assert left_out(board)["eve/gone"] == "it was deleted, renamed or made private meanwhile"
    assert left_out(board)["eve/refused"].startswith("the Hub refuses it (403")


def test_a_hub_out_of_reach_is_one_line(hub, monkeypatch, waits):
    add_submission(hub, "ada/good", claim())
    hub.fail(path="/api/models", drop=True, times=100)
    result = call()
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "cannot be reached" in result.stderr
    hub._faults.clear()
    forget_connections()
    hub.fail(path="paths-info", drop=True, times=100)
    with pytest.raises(HubError, match="cannot be reached"):
        read_leaderboard()


def test_other_seeds_protocols_and_data_are_shown(hub):
    add_submission(hub, "ada/old", claim(protocol="0", data_version="0.9.0", test=(900,), fresh=(90_000,)))
    output = call().stdout
    assert re.search(r"ada/old +submitted +90\.00 +90\.0 +1 +10$", output, flags=re.MULTILINE)
    assert "ada/old follows version 0 of the protocol, not 1" in output
    assert "ada/old was measured on version 0.9.0 of the data, not 1.0.0" in output


def test_files_that_cannot_be_verified_say_why(hub, monkeypatch):
    files = {"onnx/model.onnx": b"no model"}
    add_submission(hub, "ada/none", claim())
    add_submission(hub, "eve/broken", claim(), **files)
    add_submission(hub, "eve/large", claim(), **{"onnx/model.onnx": b"0" * 5000})
    monkeypatch.setattr(leaderboard, "MAX_FILE_BYTES", 4000)
    board = read_leaderboard(verify=True)
    found = {name: (one.verdict, one.detail) for name, one in submitted(board).items()}
    assert {verdict for verdict, _ in found.values()} == {"not evaluated"}
    assert found["ada/none"][1] == "there is no onnx/model.onnx"
    assert found["eve/broken"][1].endswith("is not an ONNX file; download or export it again")
    assert found["eve/large"][1] == "onnx/model.onnx has 5,000 bytes; at most 4,000 are read"
    assert {one.verdict for one in board.standings if one.kind != "submitted"} == {None}


def test_json_and_markdown_hold_the_same_models(hub):
    add_submission(hub, "ada/my_net", claim())
    content = json.loads(call("--json").stdout)
    assert [(one["rank"], one["model"]) for one in content["models"]] == [
        (1, "cnn"),
        (2, "ada/my_net"),
        (3, "extra trees"),
    ]
    assert content["models"][1]["fresh"] == [0.9, 0.91]
    low, high = content["models"][1]["fresh_interval"]
    assert low < 0.905 < high
    lines = call("--markdown").stdout.splitlines()
    assert "| 2 | [ada\\/my_net](https://huggingface.co/ada/my_net) | submitted |" in "\n".join(lines)
    cells = {line.count("|") for line in lines if line.startswith("|")}
    assert len(cells) == 1
    result = call("--markdown", "--json")
    assert (result.exit_code, "exclude each other" in result.stderr) == (2, True)


def test_nothing_in_a_name_is_markup():
    one = Standing("a|b](http://evil) <b>", "network", (0,), (0.5,), (0.5,), None, None, protocol="<i>|")
    text = Leaderboard("default", [one]).to_markdown()
    assert not re.search(r"(?<!\\)[\[\](<>]", text)
    (row,) = (line for line in text.splitlines() if "network" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 9


def test_equal_accuracies_share_a_rank_and_unconfirmed_ones_have_none():
    def one(name, fresh, verdict=None):
        return Standing(name, "submitted", (0,), (fresh,), (fresh,), None, None, verdict=verdict)

    board = Leaderboard("default", [one("d", 0.99, "not confirmed"), one("c", 0.5), one("b", 0.9), one("a", 0.9)])
    assert [(rank, found.model) for rank, found in zip(board.ranks, board.standings, strict=True)] == [
        (1, "a"), (1, "b"), (3, "c"), (None, "d"),
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
GOOD = claim()
PATHS = [(name,) for name in GOOD] + [("runs", 0), ("runs", 0, "test"), ("runs", 1, "seed"), ("seeds", 0)]
PATHS += [
    ("runs", 0, "seconds"),
    ("runs", 0, "fresh", "rows"),
    ("runs", 0, "fresh", "accuracy"),
    ("runs", 0, "test", "correct"),
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_value_anywhere_is_a_claim_in_range_or_one_line(tmp_path, path, value):
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps(changed(GOOD, *path, value=value)), encoding="utf-8")
    try:
        found = read_claim(file)
    except ValueError as error:
        assert len(str(error)) < 1000
        assert str(error).isprintable()
        return
    assert found.model.isprintable() and found.recipe.isprintable() and found.protocol.isprintable()
    assert len(found.seeds) == len(found.test) == len(found.fresh) > 0
    assert all(0 <= value <= 1 for value in (*found.test, *found.fresh))
    assert math.isfinite(found.seconds) and (found.macs or 0) >= 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "metrics.json"
    file.write_bytes(content)
    with pytest.raises(ValueError) as refused:
        read_claim(file)
    assert str(refused.value).isprintable()
