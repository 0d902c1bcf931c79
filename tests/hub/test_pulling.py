"""Pulling what was published: with this package, with stock clients that do not know it, and with the published script."""

import hashlib
import inspect
import json
import os
import re
import runpy
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import onnxruntime
import pytest
import torch
import yaml
from click.testing import CliRunner
from datasets import load_dataset
from huggingface_hub import HfApi, ModelCard, hf_hub_download, parse_eval_result_entries, snapshot_download
from safetensors.torch import load, save

from mnist1d_hf import DATA_VERSION, __version__, cli, load_model
from mnist1d_hf.baselines import CNN, MODELS, create_model, list_checkpoints, load_tensors
from mnist1d_hf.baselines.checkpoints import FORMAT_VERSION
from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.errors import CheckpointError
from mnist1d_hf.hub import HubError, build_dataset_repo
from mnist1d_hf.hub.naming import model_repo_id

from ..conftest import ROOT
from ..hub_server import Hub

ID = "ada/mnist1d-cnn"
REPO = ("model", ID)
DATASET = ("dataset", "ada/mnist1d")
LARGE = ("model", "ada/mnist1d-cnn-large")
WEIGHTS = "model.safetensors"
LOADERS = pytest.mark.parametrize("loader", [load_model, CNN.from_pretrained], ids=["load_model", "from_pretrained"])


def same_weights(model, other):
    ours, theirs = model.state_dict(), other.state_dict()
    return list(ours) == list(theirs) and all(torch.equal(ours[name], theirs[name]) for name in ours)


def run(environment, *arguments, folder, check=True):
    """Run a process, python unless a program is named, and return it when it has ended."""
    return subprocess.run(arguments, cwd=folder, env=environment, check=check, capture_output=True, text=True)


def run_python(environment, code, folder):
    return run(environment, sys.executable, "-W", "ignore", "-c", code, folder=folder).stdout


def blocks(text, language="python"):
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def claim(hub, repo):
    """The accuracy that a repository claims, as its snippets print it."""
    return f"{json.loads(hub.files(*repo)['metrics.json'])['test_accuracy']:.3f}"


# Checkpoints


def test_published_checkpoints_are_the_bundled_ones(published):
    for config, name in list_checkpoints():
        bundled = load_model(name, config)
        for pulled in (
            load_model(model_repo_id("ada", name, config)),
            MODELS[name].from_pretrained(model_repo_id("ada", name, config)),
        ):
            assert same_weights(pulled, bundled)
            assert not pulled.training
            published_in = {"dataset": "ada/mnist1d", "dataset_revision": f"v{DATA_VERSION}"}
            assert pulled.metadata == {**bundled.metadata, **published_in}
    x, _ = load_tensors("default", "test")
    assert torch.equal(load_model(ID)(x), load_model("cnn")(x))


@LOADERS
def test_a_revision_is_a_branch_a_tag_or_a_commit(published, loader):
    api = HfApi(token=published.add_token("ada"))
    old = published.history(*REPO)[0].oid
    api.create_tag(ID, tag="v1", revision=old)
    api.create_branch(ID, branch="stable")
    published.add_commit(*REPO, published.files(*LARGE))
    for revision in (old, "v1", "stable", "refs/tags/v1"):
        assert same_weights(loader(ID, revision=revision), load_model("cnn"))
    for revision in (None, "main"):
        assert same_weights(loader(ID, revision=revision), load_model("cnn", "large"))


@LOADERS
def test_each_file_is_asked_for_and_downloaded_once(published, loader):
    before = len(published.requests)
    loader(ID, force_download=True)
    asked = [(request.method, request.path) for request in published.requests[before:]]
    for file in ("config.json", WEIGHTS):
        assert sum(path.endswith(f"/{file}") for method, path in asked if method == "HEAD") == 1, asked
    assert len([path for method, path in asked if method == "GET"]) == 2, asked


@LOADERS
def test_files_of_two_commits_are_never_mixed(published, loader):
    published.fail(path=WEIGHTS, before=lambda: published.add_commit(*REPO, published.files("model", f"{ID}-large")))
    assert same_weights(loader(ID), load_model("cnn"))
    assert same_weights(loader(ID), load_model("cnn", "large"))


BAD_SOURCES = [
    (("ada/nothing", None), HubError, "config.json of 'ada/nothing' cannot be loaded: there is no such repository"),
    (("ada/private", None), HubError, "it is private; for a private one log in with `hf auth login`, or set HF_TOKEN"),
    ((ID, "v9"), HubError, "there is no revision 'v9'; give a branch, a tag or a commit of the repository"),
    (("ada/empty", None), CheckpointError, "ada/empty has no config.json on the Hub"),
    (("ada/no-weights", None), CheckpointError, "ada/no-weights has no model.safetensors on the Hub"),
    (("ada/../x", None), ValueError, "is not a model: give one of logistic"),
    (("ada/a b", None), ValueError, "Repo id must use alphanumeric chars"),
]


@pytest.fixture
def bad_sources(published):
    config = published.files(*REPO)["config.json"]
    published.add_repo("model", "ada/private", published.files(*REPO), private=True)
    published.add_repo("model", "ada/empty")
    published.add_repo("model", "ada/no-weights", {"config.json": config})


@pytest.mark.usefixtures("bad_sources")
def test_what_cannot_be_found_is_named():
    for (source, revision), error, message in BAD_SOURCES:
        with pytest.raises(error, match=re.escape(message)):
            load_model(source, revision=revision)
        if error is not ValueError:
            with pytest.raises(error, match=re.escape(message)):
                CNN.from_pretrained(source, revision=revision)
    with pytest.raises(CheckpointError, match="'nothing' is neither a folder nor a repository '<namespace>/<name>'"):
        CNN.from_pretrained("nothing")


@pytest.mark.usefixtures("bad_sources")
def test_the_command_says_it_in_one_line():
    for (source, revision), _, message in BAD_SOURCES:
        if revision is None:
            result = CliRunner().invoke(cli.main, ["evaluate", source])
            assert result.exit_code == 1
            assert message in result.stderr
            assert re.fullmatch("Error: .+\n", result.stderr)


def test_a_private_repository_is_loaded_with_a_token(published, bad_sources, monkeypatch):
    token = published.add_token("ada", "read")
    assert same_weights(load_model("ada/private", token=token), load_model("cnn"))
    monkeypatch.setenv("HF_TOKEN", token)
    assert same_weights(CNN.from_pretrained("ada/private"), load_model("cnn"))


@LOADERS
@pytest.mark.parametrize("file", ["config.json", WEIGHTS])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"status": 500}, "the Hub could not do this (500: Error 500); try again later"),
        ({"status": 403}, "the Hub refuses this (403: Error 403); use a token that may read this repository"),
        ({"status": 401}, "the Hub does not accept the token (401: Error 401); log in with `hf auth login`"),
        ({"drop": True}, "the Hub at {endpoint} cannot be reached (Server disconnected without sending a response"),
    ],
    ids=["500", "403", "401", "dropped"],
)
def test_a_failing_hub_is_named_and_what_to_do(published, waits, loader, file, fault, message):
    published.fail(path=f"/resolve/.*{file}", times=float("inf"), **fault)
    message = message.format(endpoint=published.endpoint)
    with pytest.raises(HubError, match=re.escape(f"{file} of '{ID}' cannot be loaded: {message}")):
        loader(ID)


def test_without_a_network_the_cache_is_enough(published, waits):
    assert same_weights(load_model(ID), load_model("cnn"))
    with Hub() as other:
        gone = {"endpoint": other.endpoint}
    assert same_weights(load_model(ID, **gone), load_model("cnn"))
    with pytest.raises(
        HubError, match=f"the Hub at {other.endpoint} cannot be reached .*; check the network and try again$"
    ):
        load_model("ada/mnist1d-mlp", **gone)


@pytest.mark.long
def test_offline_checkpoints_come_from_the_cache(published, hub_environment, tmp_path):
    commit = published.history(*REPO)[0].oid
    load_model(ID)
    load_model("ada/mnist1d-mlp", revision="main")
    code = f"""
import torch
from mnist1d_hf import load_model
from mnist1d_hf.baselines import CNN
from mnist1d_hf.hub import HubError

bundled = load_model("cnn").state_dict()
for pulled in (load_model("{ID}"), load_model("{ID}", revision="{commit}"), CNN.from_pretrained("{ID}")):
    assert all(torch.equal(pulled.state_dict()[name], bundled[name]) for name in bundled)
for load in (load_model, CNN.from_pretrained):
    for source, options in (("ada/mnist1d-gru", {{}}), ("{ID}", {{"revision": "v9"}})):
        try:
            load(source, **options)
        except HubError as error:
            print(error)
"""
    requests = len(published.requests)
    environment = hub_environment(HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path / "hub-cache"))
    printed = run_python(environment, code, tmp_path).splitlines()
    reason = "it is not in the cache, and HF_HUB_OFFLINE is set; unset it to reach the Hub"
    assert (
        printed == [f"config.json of '{source}' cannot be loaded: {reason}" for source in ("ada/mnist1d-gru", ID)] * 2
    )
    assert len(published.requests) == requests


# Strictness


def edited(edit):
    """Makes the weights of a checkpoint, given as a dict of tensors that the edit changes, from its files."""

    def make(files):
        tensors = load(files[WEIGHTS])
        edit(tensors)
        return {WEIGHTS: save(tensors)}

    return make


def configured(**changes):
    def make(files):
        return {"config.json": json.dumps({**json.loads(files["config.json"]), **changes}).encode()}

    return make


BAD_WEIGHTS = {
    "renamed": (
        edited(lambda tensors: tensors.update({"conv1.bais": tensors.pop("conv1.bias")})),
        r"model\.safetensors is not a checkpoint of this CNN: it lacks conv1\.bias; it has an unknown conv1\.bais$",
    ),
    "missing": (edited(lambda tensors: tensors.pop("linear.weight")), r"this CNN: it lacks linear\.weight$"),
    "additional": (
        edited(lambda tensors: tensors.update(conv4=torch.zeros(1))), r"this CNN: it has an unknown conv4$",
    ),
    "shape": (
        edited(lambda tensors: tensors.update({"conv2.weight": torch.zeros(25, 25, 5)})),
        r"this CNN: it has conv2\.weight of shape \(25, 25, 5\) instead of \(25, 25, 3\)$",
    ),
    "truncated": (lambda files: {WEIGHTS: files[WEIGHTS][:-1]}, r"model\.safetensors is not a valid safetensors file"),
    "random": (
        lambda files: {WEIGHTS: hashlib.shake_256(b"0").digest(20_000)}, r"model\.safetensors is not a valid safetensors",
    ),
    "empty": (lambda files: {WEIGHTS: b""}, r"model\.safetensors is not a valid safetensors file"),
    "sizes": (configured(channels=24), r"it has conv1\.bias of shape \(25,\) instead of \(24,\)"),
}  # fmt: skip


@LOADERS
@pytest.mark.parametrize(("change", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_weights_are_loaded_strictly(published, loader, change, message):
    published.add_commit(*REPO, change(published.files(*REPO)))
    with pytest.raises(CheckpointError, match=message):
        loader(ID)


BAD_CONFIGS = {
    "missing": (lambda files: {"config.json": None}, r"ada/mnist1d-cnn has no config\.json on the Hub"),
    "damaged": (lambda files: {"config.json": b"{"}, r"config\.json cannot be read as JSON"),
    "list": (lambda files: {"config.json": b"[]"}, r"config\.json does not hold a JSON object"),
    "format": (
        configured(format_version=FORMAT_VERSION + 1),
        r"config\.json has format_version 2, newer than the 1 that mnist1d-hf .*pip install --upgrade mnist1d-hf",
    ),
    "data": (configured(data_version="10.0"), r"config\.json has data_version 10\.0, newer than the "),
}
BAD_ARCHITECTURES = {
    "unknown": (configured(architecture="vit"), r"config\.json names the architecture 'vit'; known are logistic, mlp"),
    "none": (configured(architecture=None), r"config\.json names the architecture None; known are"),
    "zero": (configured(channels=0), r"config\.json has sizes that a cnn cannot have .*at least 1, got 0"),
    "text": (configured(channels="25"), r"config\.json has sizes that a cnn cannot have .*got '25'"),
    "huge": (configured(channels=2**40), r"config\.json has sizes that a cnn cannot have"),
}


@LOADERS
@pytest.mark.parametrize(("change", "message"), BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_a_bad_config_is_named(published, loader, change, message):
    published.add_commit(*REPO, change(published.files(*REPO)))
    with pytest.raises(CheckpointError, match=message):
        loader(ID)


@pytest.mark.parametrize(("change", "message"), BAD_ARCHITECTURES.values(), ids=BAD_ARCHITECTURES)
def test_a_config_that_no_model_has_is_named(published, change, message):
    published.add_commit(*REPO, change(published.files(*REPO)))
    with pytest.raises(CheckpointError, match=message):
        load_model(ID)


@LOADERS
def test_pickle_is_never_read(published, loader, tmp_path):
    mark = tmp_path / "unpickled"
    pickle = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    published.add_commit(*REPO, {WEIGHTS: None, "pytorch_model.bin": pickle, "model.pkl": pickle})
    with pytest.raises(CheckpointError, match=r"has no model\.safetensors on the Hub"):
        loader(ID)
    assert not mark.exists()
    assert not any("pytorch_model" in request.path or "pkl" in request.path for request in published.requests)


def test_a_download_that_breaks_off_is_finished_or_reported(published, waits):
    fault = published.fail(method="GET", path="/download/", truncate=True)
    assert same_weights(load_model(ID), load_model("cnn"))
    assert fault.hits == 1
    published.fail(method="GET", path="/download/", truncate=True, times=6)
    with pytest.raises(HubError, match=r"model\.safetensors of 'ada/mnist1d-mlp' cannot be loaded: .*received"):
        load_model("ada/mnist1d-mlp")
    assert same_weights(load_model("ada/mnist1d-mlp"), load_model("mlp"))


# Models that somebody trained


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_ones_own_goes_up_and_comes_back(ada_hub, name):
    model = create_model(name, final_seq_length=20, num_classes=3)
    model.metadata = {"seed": 7, "dataset_config": "shuffled"}
    model.push_to_hub("ada/mine", private=True)
    files = ada_hub.files("model", "ada/mine")
    assert set(files) == {".gitattributes", "README.md", "config.json", WEIGHTS}
    card = ModelCard(files["README.md"].decode())
    assert (card.data.library_name, card.data.license) == ("mnist1d-hf", "apache-2.0")
    assert card.data.pipeline_tag == "tabular-classification"
    x = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
    scope = {}
    exec(blocks(card.text)[0], scope)
    for pulled in (load_model("ada/mine"), type(model).from_pretrained("ada/mine"), scope["model"]):
        assert torch.equal(pulled(x), model.eval()(x))
        assert pulled.metadata["seed"] == 7
    model.push_to_hub("ada/mine", commit_message="Again")
    assert len(ada_hub.history("model", "ada/mine")) == 2


# What is in a repository


def test_the_config_rebuilds_a_model_without_the_defaults_of_this_package(published):
    for config, name in list_checkpoints():
        settings = json.loads(published.files("model", model_repo_id("ada", name, config))["config.json"])
        sizes = inspect.signature(MODELS[name]).parameters
        assert settings == {
            "architecture": name,
            **{size: settings[size] for size in sizes},
            "labels": [str(digit) for digit in range(10)],
            "dataset": "ada/mnist1d",
            "dataset_config": config,
            "dataset_revision": f"v{DATA_VERSION}",
            "data_version": DATA_VERSION,
            "seed": 0,
            "recipe": "tuned",
            "package_version": __version__,
            "format_version": FORMAT_VERSION,
        }
        assert all(isinstance(settings[size], int) for size in sizes)
    assert f"v{DATA_VERSION}" in published.tags(*DATASET)


def test_the_claims_of_a_repository_agree(published):
    tasks = yaml.safe_load(published.files(*DATASET)["eval.yaml"])["tasks"]
    tasks = {(task["config"], task["split"]): task["id"] for task in tasks}
    for config, name in list_checkpoints():
        repo_id, tested = model_repo_id("ada", name, config), "shuffled" if config == "shuffled" else "default"
        files = published.files("model", repo_id)
        measured = round(100 * json.loads(files["metrics.json"])["test_accuracy"], 2)
        (entry,) = parse_eval_result_entries(yaml.safe_load(files[".eval_results/mnist1d.yaml"]))
        assert (entry.dataset_id, entry.task_id, entry.value) == ("ada/mnist1d", tasks[tested, "test"], measured)
        data = ModelCard(files["README.md"].decode()).data
        (result,) = data.eval_results
        assert (data.model_name, data.datasets) == (repo_id.removeprefix("ada/"), ["ada/mnist1d"])
        assert (result.dataset_type, result.dataset_config, result.dataset_split) == ("ada/mnist1d", tested, "test")
        assert (result.metric_type, result.metric_value) == ("accuracy", measured)
        assert result.dataset_revision in published.tags(*DATASET)
        assert f"{measured:.1f} % of the 1000 test rows" in files["README.md"].decode()


def test_the_onnx_files_have_the_accuracy_that_is_claimed(published):
    rows = {config: load_dataset("ada/mnist1d", config, split="test") for config in ("default", "shuffled")}
    rows = {config: split.with_format("numpy")[:] for config, split in rows.items()}
    for config, name in list_checkpoints():
        repo_id, test = model_repo_id("ada", name, config), rows["shuffled" if config == "shuffled" else "default"]
        session = onnxruntime.InferenceSession(hf_hub_download(repo_id, "onnx/model.onnx"))
        (logits,) = session.run(["logits"], {"x": test["x"]})
        accuracy = (logits.argmax(axis=1) == test["y"]).mean()
        assert f"{accuracy:.3f}" == claim(published, ("model", repo_id))


@pytest.mark.long
def test_the_snippets_of_the_cards_print_what_the_cards_claim(published, hub_environment, empty_folder):
    repos = [REPO, ("model", "ada/mnist1d-cnn-shuffled"), LARGE, ("model", "ada/mnist1d-transformer")]
    snippets = [code for repo in repos for code in blocks(published.files(*repo)["README.md"].decode())]
    assert len(snippets) == 2 * len(repos)
    snippets.append(f"{blocks(published.files(*DATASET)['README.md'].decode())[0]}print(dataset)\n")
    printed = run_python(hub_environment(), "".join(f"exec({code!r}, {{}})\n" for code in snippets), empty_folder)
    *accuracies, dataset = printed.split("\n", len(snippets) - 1)
    assert accuracies == [claim(published, repo) for repo in repos for _ in range(2)]
    assert dataset == f"{load_dataset('mnist1d', 'default')}\n"


def test_the_command_evaluates_a_repository_as_it_does_the_bundled_checkpoint(published):
    def evaluate(name, *options):
        result = CliRunner().invoke(cli.main, ["evaluate", name, *options])
        assert result.exit_code == 0, result.output
        return result.stdout.replace(name, "NAME")

    for options in ((), ("--json",), ("--csv",), ("--split", "test[:100]", "--set", "corr_noise_scale=0.5")):
        bundled = evaluate("cnn", "--config", "shuffled", *options)
        # Without --config, the rows are those of the config it was trained on.
        assert evaluate("ada/mnist1d-cnn-shuffled", *options) == bundled
        assert evaluate("ada/mnist1d-cnn-shuffled", "--config", "shuffled", *options) == bundled
    assert "on the split test of default" in evaluate("ada/mnist1d-cnn-large")
    accuracy = evaluate("ada/mnist1d-cnn-shuffled").splitlines()[3]
    assert f"{100 * float(claim(published, ('model', 'ada/mnist1d-cnn-shuffled'))):.1f}" in accuracy


# Stock clients


WITHOUT_THIS_PACKAGE = """
import json, os, sys
import numpy as np
import torch

{readme}

stream = stream.with_format("numpy")
batches = list(stream.iter(batch_size=1000))
resumed, after = iter(stream), []
for _ in range(1500):
    next(resumed)
state = stream.state_dict()
stream.load_state_dict(state)
after = next(iter(stream))
loader = torch.utils.data.DataLoader(stream.with_format("torch"), batch_size=500, num_workers=2)
loaded = torch.cat([batch["x"] for batch in loader]).numpy()
everything = {{
    "dataset": np.asarray(dataset["test"].with_format("numpy")[:]["x"]),
    "stream": np.concatenate([batch["x"] for batch in batches]),
    "after": after["x"],
    "loaded": loaded,
    "pandas": np.stack(pandas_frame["x"]),
    "polars": polars_frame["x"].to_numpy(),
    "labels": np.stack([pandas_frame["y"], polars_frame["y"].to_numpy()]),
    "digits": np.array(sorted(digits)),
}}
np.savez("everything.npz", **everything)
assert "mnist1d_hf" not in sys.modules
print(dataset["test"].features["y"].names, flush=True)
# Reading hf:// with pyarrow sometimes aborts the interpreter at its exit.
os._exit(0)
"""


@pytest.mark.long
def test_stock_libraries_read_the_dataset_without_this_package(published, hub_environment, empty_folder):
    (readme,) = (code for code in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if "hf://" in code)
    code = WITHOUT_THIS_PACKAGE.format(readme=readme.replace("<namespace>", "ada"))
    printed = run_python(hub_environment(), code, empty_folder)
    assert printed == f"{[str(digit) for digit in range(10)]}\n"
    found = np.load(empty_folder / "everything.npz")
    (train, _), (test, labels) = load_tensors("default", "train"), load_tensors("default", "test")
    train, test, labels = train.numpy(), test.numpy(), labels.numpy()
    for name, expected in {
        "dataset": load_tensors("shuffled", "test")[0].numpy(),
        "stream": train,
        "after": train[1500],
        "pandas": test,
        "polars": test,
        "labels": np.stack([labels, labels]),
        "digits": np.stack(np.unique(labels, return_counts=True), axis=1),
    }.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
    assert sorted(map(bytes, found["loaded"])) == sorted(map(bytes, train))


def test_every_config_is_the_one_that_is_generated(published):
    for config in ("default", "shuffled", "custom-noise", "large"):
        parameters = {"num_samples": 2200} if config == "large" else {}
        for split in ("train", "test"):
            expected = sha256(load_dataset("mnist1d", config, split=split, **parameters))
            assert sha256(load_dataset("ada/mnist1d", config, split=split)) == expected
            streamed = load_dataset("ada/mnist1d", config, split=split, streaming=True)
            (table,) = streamed.with_format("arrow").iter(10_000)
            assert len(table) == load_dataset("ada/mnist1d", config, split=split).num_rows
    pinned = load_dataset("ada/mnist1d", split="test", revision=f"v{DATA_VERSION}")
    assert sha256(pinned) == FROZEN_SHA256["default", "test"]


def test_the_hf_command_downloads_the_files(published, hub_environment, tmp_path):
    environment = hub_environment(HF_HUB_DISABLE_UPDATE_CHECK="1")
    command = (sys.executable, "-W", "ignore", "-m", "huggingface_hub.cli.hf", "download", "ada/mnist1d")
    run(environment, *command, "--repo-type", "dataset", "--local-dir", "copy", folder=tmp_path)
    files = {
        path.relative_to(tmp_path / "copy").as_posix(): path.read_bytes()
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }
    assert files == published.files(*DATASET)


# The published script


@pytest.fixture
def script(published, empty_folder):
    """The script of a repository, pulled from its address into an empty folder."""
    (empty_folder / "evaluate.py").write_bytes(published.files(*REPO)["evaluate.py"])
    return empty_folder / "evaluate.py"


@contextmanager
def arguments_of_process(arguments):
    before, sys.argv = sys.argv, [str(argument) for argument in arguments]
    try:
        yield
    finally:
        sys.argv = before


def run_script(script, *arguments):
    """Run the script in this process and return its exit status."""
    with arguments_of_process([script, *arguments]), pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    return ended.value.code


@pytest.mark.long
def test_the_script_proves_its_checkpoint_from_its_address_alone(published, hub_environment, empty_folder, tmp_path):
    code = f"""
import urllib.request
urllib.request.urlretrieve("{published.endpoint}/{ID}/resolve/main/evaluate.py", "evaluate.py")
"""
    run_python(hub_environment(), code, empty_folder)
    command = (sys.executable, "-W", "ignore", "evaluate.py", "--json", "evaluation.json")
    printed = run(hub_environment(), *command, folder=empty_folder).stdout
    metrics = json.loads(published.files(*REPO)["metrics.json"])
    assert printed.startswith(f"{ID}\n")
    assert printed.endswith(f"It claims a test accuracy of {100 * metrics['test_accuracy']:.2f} %: confirmed.\n")
    evaluation = json.loads((empty_folder / "evaluation.json").read_text())
    assert evaluation["accuracy"] == metrics["test_accuracy"]
    assert evaluation["confusion"] == metrics["runs"][0]["test"]["confusion"]
    for error in evaluation["class_errors"]:
        assert f"{100 * error:.1f}" in printed


def test_the_script_proves_the_checkpoint_beside_it(published, empty_folder, capsys):
    folder = snapshot_download(ID)
    requests = len(published.requests)
    assert run_script(f"{folder}/evaluate.py") == 0
    assert capsys.readouterr().out.startswith(f"{folder}\naccuracy  96.20 %")
    assert not any("mnist1d-cnn" in request.path for request in published.requests[requests:])
    assert run_script(f"{folder}/evaluate.py", "ada/mnist1d-mlp-shuffled") == 0


def test_the_script_takes_the_rows_of_a_folder(published, script, capsys):
    build_dataset_repo("mnist1d", configs=["default", "shuffled"])
    assert run_script(script, "--dataset", "mnist1d") == 0
    assert not any("datasets/" in request.path for request in published.requests)
    test = "mnist1d/{}/test-00000-of-00001.parquet"
    os.replace(test.format("shuffled"), test.format("default"))
    assert run_script(script, "--dataset", "mnist1d") == 1
    assert "It claims a test accuracy of 96.20 %: NOT confirmed." in capsys.readouterr().out


def test_the_script_pins_a_revision(published, script, capsys):
    old = published.history(*REPO)[0].oid
    published.add_commit(*REPO, {WEIGHTS: published.files(*LARGE)[WEIGHTS]})
    assert run_script(script, "--revision", old) == 0
    assert run_script(script) == 1
    assert "accuracy  98.70 %" in capsys.readouterr().out


def test_the_script_takes_weights_and_claim_from_one_commit(published, script):
    published.fail(path="metrics.json", before=lambda: published.add_commit(*REPO, published.files(*LARGE)))
    assert run_script(script) == 0
    assert run_script(script) == 0


def test_the_script_does_not_confirm_another_claim(published, script, capsys):
    metrics = json.loads(published.files(*REPO)["metrics.json"])
    published.add_commit(*REPO, {"metrics.json": json.dumps({**metrics, "test_accuracy": 0.969}).encode()})
    assert run_script(script) == 1
    assert capsys.readouterr().out.endswith("It claims a test accuracy of 96.90 %: NOT confirmed.\n")
    published.add_commit(*REPO, {"metrics.json": None})
    assert run_script(script) == 0
    assert capsys.readouterr().out.endswith("The checkpoint claims no test accuracy.\n")


BROKEN = {
    "weights": ({WEIGHTS: b"broken"}, "model.safetensors is not a valid safetensors file"),
    "config": ({"config.json": b"{"}, "config.json cannot be read as JSON"),
    "metrics": ({"metrics.json": b"{"}, "Expecting property name"),
    "claim": ({"metrics.json": b'{"test_accuracy": "high"}'}, "could not convert string to float: 'high'"),
    "list": ({"metrics.json": b"[1]"}, "'list' object has no attribute 'get'"),
}


@pytest.mark.parametrize(("files", "message"), BROKEN.values(), ids=BROKEN)
def test_the_script_says_what_is_broken(published, script, capsys, files, message):
    published.add_commit(*REPO, files)
    assert run_script(script) == 2
    assert re.fullmatch(f"error: .*{re.escape(message)}.*\n", capsys.readouterr().err.splitlines(keepends=True)[-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ada/nothing"], "there is no such repository on the Hub"),
        (["nothing"], "'nothing' is not a model: give one of logistic, "),
        (["--revision", "v9"], "there is no revision 'v9'"),
        (["--dataset", "ada/nothing"], "Dataset 'ada/nothing' doesn't exist on the Hub"),
    ],
)
@pytest.mark.usefixtures("published")
def test_the_script_says_what_is_missing(script, capsys, arguments, message):
    assert run_script(script, *arguments) == 2
    assert re.fullmatch(f"error: .*{re.escape(message)}.*\n", capsys.readouterr().err)


@pytest.mark.parametrize("path", ["metrics.json", "datasets/ada/mnist1d/resolve/.*/README.md"])
def test_the_script_confirms_nothing_without_a_network(published, script, capsys, waits, path):
    published.fail(path=path, drop=True, times=float("inf"))
    assert run_script(script) == 2
    assert "confirmed" not in capsys.readouterr().out
