"""Submitting the folder of a measured model: what is uploaded, how it is described, and what is refused before anything is."""

import json
import os
import re

import pytest
import yaml
from click.testing import CliRunner
from huggingface_hub import HfApi, ModelCard, parse_eval_result_entries

from mnist1d_hf import cli
from mnist1d_hf.hub import HubError
from mnist1d_hf.hub import submission as module
from mnist1d_hf.hub.naming import BENCHMARK_DATASET
from mnist1d_hf.hub.submission import submit, submit_folder

from ..hub_server.submissions import TAG, changed, claim

REPO = ("model", "ada/mynet")
EVAL_RESULTS = ".eval_results/mnist1d.yaml"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "mynet"
    for place, task in (("", "default"), ("noisy", "noisy"), ("shuffled", "shuffled")):
        (folder / place / "onnx").mkdir(parents=True)
        (folder / place / "metrics.json").write_text(json.dumps(claim(task)))
        (folder / place / "onnx" / "model.onnx").write_bytes(b"onnx")
    (folder / "README.md").write_text("---\nlicense: mit\ntags: [mine]\n---\n\n# My net\n")
    (folder / "config.json").write_text('{"architecture": "MyNet"}')
    (folder / "my_net.py").write_text("class MyNet: ...\n")
    (folder / "model.safetensors").write_bytes(b"weights")
    os.utime(folder / "metrics.json", (1_700_000_000, 1_700_000_000))
    return folder


def call(*arguments):
    return CliRunner().invoke(cli.main, ["submit", *map(str, arguments)])


def own_files(hub):
    return {name for name in hub.files(*REPO) if name not in (".gitattributes", ".mnist1d-hf.json")}


def test_known_files_are_uploaded_in_one_commit_and_others_stay(ada_hub, folder):
    (folder / ".env").write_text("HF_TOKEN=secret")
    (folder / "notes").mkdir()
    (folder / "notes" / "secret.txt").write_text("secret")
    url = submit(folder, "ada/mynet")
    first, initial = ada_hub.history(*REPO)
    assert url == f"{ada_hub.endpoint}/ada/mynet/commit/{first.oid}"
    assert (first.title, initial.title) == ("Submit ada/mynet to the MNIST-1D leaderboard", "initial commit")
    assert own_files(ada_hub) == {
        "README.md", "config.json", "metrics.json", "model.safetensors", "my_net.py", "onnx/model.onnx", EVAL_RESULTS,
        "noisy/metrics.json", "noisy/onnx/model.onnx", "shuffled/metrics.json", "shuffled/onnx/model.onnx",
    }  # fmt: skip


def test_the_card_is_completed_and_the_tags_find_it(ada_hub, folder):
    submit(folder, "ada/mynet")
    card = ModelCard(ada_hub.files(*REPO)["README.md"].decode())
    assert (card.data.license, card.data.library_name, card.text.strip()) == ("mit", "mnist1d-hf", "# My net")
    assert {"mine", "mnist1d", TAG, f"{TAG}-default", f"{TAG}-noisy", f"{TAG}-shuffled"} <= set(card.data.tags)
    assert [(one.dataset_type, one.dataset_config, one.metric_value) for one in card.data.eval_results] == [
        (BENCHMARK_DATASET, "default", 90.0),
        (BENCHMARK_DATASET, "shuffled", 90.0),
        (BENCHMARK_DATASET, "custom-noise", 90.0),
    ]
    for task in ("default", "noisy", "shuffled"):
        assert [info.id for info in HfApi().list_models(filter=f"{TAG}-{task}")] == ["ada/mynet"]
    assert not list(HfApi().list_models(filter=f"{TAG}-few"))


def test_results_are_read_by_the_parser_of_the_hub(ada_hub, folder):
    submit(folder, "ada/mynet")
    found = {one.task_id: one for one in parse_eval_result_entries(yaml.safe_load(ada_hub.files(*REPO)[EVAL_RESULTS]))}
    assert set(found) == {"mnist1d", "mnist1d_shuffled"}  # the tasks that the dataset lists
    one = found["mnist1d"]
    assert (one.dataset_id, one.value, one.dataset_revision) == (BENCHMARK_DATASET, 90.0, "v1.0.0")
    assert (one.date, one.notes) == ("2023-11-14T22:13:20Z", "the first of 2 seeds, protocol 1 of mnist1d-hf")


def test_the_same_folder_is_committed_once_whenever_it_was_written(ada_hub, folder):
    first = submit(folder, "ada/mynet")
    assert submit(folder, "ada/mynet") == first
    os.utime(folder / "metrics.json")
    assert submit(folder, "ada/mynet") == first
    assert len(ada_hub.history(*REPO)) == 2
    (folder / "metrics.json").write_text(json.dumps(claim(test=(950, 960))))
    (folder / "my_net.py").unlink()
    assert submit(folder, "ada/mynet") != first
    assert len(ada_hub.history(*REPO)) == 3
    assert "my_net.py" not in ada_hub.files(*REPO)
    dates = [one.date for one in parse_eval_result_entries(yaml.safe_load(ada_hub.files(*REPO)[EVAL_RESULTS]))]
    assert dates[0] != "2023-11-14T22:13:20Z"


def test_a_folder_with_metrics_alone_gets_a_card(ada_hub, tmp_path):
    metrics = claim("few", parameters=None)
    (tmp_path / "metrics.json").write_text(json.dumps({**metrics, "model": "a|[b](http://c)"}))
    assert submit_folder(tmp_path, "engines/few", private=True).changed
    repo = ada_hub.repos["model", "engines/few"]
    assert repo.private
    card = ada_hub.files("model", "engines/few")["README.md"].decode()
    assert r"# a\|\[b\]\(http\:\/\/c\)" in card
    assert ModelCard(card).data.eval_results[0].dataset_name == "MNIST-1D, task few"
    assert EVAL_RESULTS not in ada_hub.files("model", "engines/few")


def test_files_of_others_are_not_overwritten(ada_hub, folder):
    ada_hub.add_repo("model", "ada/mynet", {"README.md": b"# Somebody else's\n", "weights.bin": b"1"})
    before = ada_hub.files(*REPO)
    with pytest.raises(
        HubError, match=r"README\.md in .*ada/mynet was not written by mnist1d-hf.*submit to another name"
    ):
        submit(folder, "ada/mynet")
    assert ada_hub.files(*REPO) == before
    ada_hub.add_commit("model", "ada/mynet", {"README.md": None})
    submit(folder, "ada/mynet")
    assert ada_hub.files(*REPO)["weights.bin"] == b"1"


METRICS = claim()
BAD = {
    "no JSON": ("{", "it cannot be read as JSON"),
    "a list": ("[]", "it does not hold a JSON object"),
    "nested": ("[" * 100_000, "it is nested too deeply"),
    "NaN": (json.dumps(METRICS).replace("0.9,", "NaN,", 1), "it holds NaN, which is no number"),
    "above 1": (changed(METRICS, "test_accuracy", value=1.2), r"its test_accuracy is 1.2; it must be a number from 0 to 1"),
    "infinite": (json.dumps(METRICS).replace('"seconds": 1.0', '"seconds": 1e999'), "seconds is inf; it must be"),
    "digits": (changed(METRICS, "runs", 0, "seconds", value=10**400), "its seconds is 1000.*; it must be a number from 0 to"),
    "mean": (changed(METRICS, "mean_fresh_accuracy", value=0.99), "its mean_fresh_accuracy is 0.99, and its runs give 0.90500"),
    "boolean": (changed(METRICS, "parameters", value=True), "its parameters is True; it must be an integer"),
    "task": (changed(METRICS, "task", value="easy"), "its task is 'easy'; the tasks are default, shuffled, noisy, few, large"),
    "config": (changed(METRICS, "config", value="large"), "its config is 'large'; that of the task default is default"),
    "few rows": (changed(METRICS, "runs", 0, "test", "rows", value=10), "its test rows of seed 0 are 10; the protocol's"),
    "too many": (changed(METRICS, "runs", 1, "fresh", "correct", value=10**6), "correct fresh rows of seed 1 is 1000000"),
    "seeds": (changed(METRICS, "seeds", value=[0]), "its runs must be a list of 1 objects, one per seed"),
    "same seed": (changed(METRICS, "runs", 1, "seed", value=0), r"its seeds are \[0, 1\], and those of its runs \[0, 0\]"),
    "escape": (changed(METRICS, "model", value="\x1b[2J"), r"its model is '\\x1b\[2J'; it must be a text"),
    "huge": ({**METRICS, "more": "a" * 2**22}, "it has 4,1.* bytes; at most 4,194,304 are read"),
    "no run": (changed(METRICS, "runs", 0, value=None), "its runs must be a list of 2 objects"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_metrics_that_are_not_valid_are_refused_in_one_line(hub, folder, case):
    content, message = BAD[case]
    (folder / "metrics.json").write_text(content if isinstance(content, str) else json.dumps(content))
    result = call(folder, "ada/mynet")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1), result.output
    assert re.search(rf"^Error: \S+metrics.json is not valid: .*{message}", result.stderr), result.stderr
    assert hub.requests == []


CHANGES = {
    "metrics.json": (None, r"has no metrics\.json; `mnist1d-hf benchmark"),
    "noisy/metrics.json": (json.dumps(claim("few")), "its task is few, and its folder noisy"),
    "shuffled/metrics.json": ("{}", r"shuffled.metrics\.json is not valid: its task is None"),
    "README.md": ("---\ntags: [\n---\n", r"the metadata of \S+README\.md cannot be read"),
    "./README.md": ("---\nmodel-index: [1]\n---\n", r"the metadata of \S+README\.md cannot be read"),
    "./metrics.json": (json.dumps(claim("noisy")), "is of the task noisy, as .* is; remove one"),
    "other.py": ("", "holds several Python files; keep the one that defines the model"),
}


@pytest.mark.parametrize("file", CHANGES)
def test_folders_that_are_not_as_described(hub, folder, file):
    content, message = CHANGES[file]
    (folder / file).unlink() if content is None else (folder / file).write_text(content)
    with pytest.raises(ValueError, match=message):
        submit(folder, "ada/mynet")
    assert hub.requests == []


def test_one_of_several_sources_can_be_named(ada_hub, folder):
    (folder / "other.py").write_text("")
    (folder / "config.json").write_text('{"source": "my_net.py"}')
    submit(folder, "ada/mynet")
    assert {name for name in ada_hub.files(*REPO) if name.endswith(".py")} == {"my_net.py"}


@pytest.mark.parametrize("repo_id", ["mynet", "ada/", "a/b/c", "ada/my net", ".a/b", "ada/" + "a" * 100])
def test_names_that_no_repository_has(hub, folder, repo_id):
    result = call(folder, repo_id)
    assert (result.exit_code, result.stderr.count("\n")) in ((1, 1),), result.stderr
    assert hub.requests == []


def test_files_that_nobody_could_load_are_not_uploaded(hub, folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 3)
    with pytest.raises(ValueError, match=r"has \d+ bytes; at most 3 are loaded"):
        submit(folder, "ada/mynet")


def test_the_command_shows_what_would_happen_and_what_did(ada_hub, folder, monkeypatch):
    result = call(folder, "ada/mynet", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "new" in result.stdout
    assert "noisy/onnx/model.onnx" in result.stdout
    assert result.stdout.endswith("Nothing was changed.\n")
    assert REPO not in ada_hub.repos
    assert re.fullmatch(r"published  \S+/ada/mynet  [0-9a-f]{7}\n", call(folder, "ada/mynet").stdout)
    assert call(folder, "ada/mynet").stdout.startswith("unchanged  ")
    monkeypatch.delenv("HF_TOKEN")
    result = call(folder, "ada/mynet")
    assert result.stderr == "Error: there is no token for the Hub; log in with `hf auth login`, or set HF_TOKEN\n"
    missing = call(folder / "missing", "ada/mynet")
    assert (missing.exit_code, missing.stderr.endswith("missing does not exist\n")) == (1, True)
