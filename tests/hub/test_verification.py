"""Checking what is published: all of it when it is as it should be, and one thing wrong at a time."""

import hashlib
import json
import re
import tempfile

import pytest
import torch
from click.testing import CliRunner
from datasets import load_dataset
from huggingface_hub import HfApi, constants, snapshot_download

from mnist1d_hf import DATA_VERSION, cli, load_model
from mnist1d_hf.baselines import list_checkpoints
from mnist1d_hf.baselines.registry import checkpoint_folder
from mnist1d_hf.hub import Check, HubError, publish, verify
from mnist1d_hf.hub.manifest import MANIFEST_NAME

from ..hub_server import Hub

DATASET = ("dataset", "ada/mnist1d")
CNN = ("model", "ada/mnist1d-cnn")
SHUFFLED = ("model", "ada/mnist1d-cnn-shuffled")
TEST_ROWS = "default/test-00000-of-00001.parquet"
NOISY_ROWS = "custom-noise/test-00000-of-00001.parquet"


@pytest.fixture
def few(published):
    """A hub with the dataset and two of the checkpoints, which are checked faster."""
    published.repos = {key: published.repos[key] for key in (DATASET, CNN, SHUFFLED)}
    return published


def wrong(checks):
    """What was found wrong, by what was checked."""
    return {(check.repo_id, check.what): check.detail for check in checks if not check.ok}


def other_weights():
    """Weights that fit the CNN, and are not its own."""
    return (checkpoint_folder("cnn", "large") / "model.safetensors").read_bytes()


def commit_with_manifest(hub, repo, files):
    """Commit files together with a manifest that fits them, as another release would."""
    manifest = json.loads(hub.files(*repo)[MANIFEST_NAME])
    for path, content in files.items():
        manifest["files"][path] = {
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "git_oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
        }
    hub.add_commit(*repo, {**files, MANIFEST_NAME: json.dumps(manifest).encode()})


def call(*arguments):
    return CliRunner().invoke(cli.main, ["verify", *arguments])


def test_a_whole_release_is_checked_and_nothing_is_left_behind(published, tmp_path, monkeypatch, datasets_cache):
    load_model("transformer")(torch.zeros(1, 40))  # the first of a process lets torch make a folder of its own
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    shown = []
    checks = verify("ada", progress=shown.append)
    assert checks == shown
    assert not wrong(checks)
    rows = {"custom-noise": (4000, 1000), "default": (4000, 1000), "large": (2000, 200), "shuffled": (4000, 1000)}
    models = [f"ada/mnist1d-{name}{'' if config == 'default' else f'-{config}'}" for config, name in list_checkpoints()]
    assert [(check.repo_id, check.what) for check in checks] == [
        ("ada/mnist1d", "files"),
        *(("ada/mnist1d", f"{config}/{split}") for config in rows for split in ("train", "test")),
        *((model, what) for model in models for what in ("files", "accuracy")),
        *(("spaces/ada/mnist1d", what) for what in ("files", "sdk")),
    ]
    details = {(check.repo_id, check.what): check.detail for check in checks}
    assert details["ada/mnist1d", "default/test"] == "1,000 rows, those of the paper"
    assert details["ada/mnist1d", "large/train"] == "2,000 rows"
    assert details["ada/mnist1d-cnn", "files"] == "8 files as published"
    assert details["ada/mnist1d-cnn-shuffled", "accuracy"] == "64.30 % of the test rows of shuffled"
    assert not any(request.method not in ("GET", "HEAD") for request in published.requests)
    for folder in (temporary, tmp_path / "hub-cache", datasets_cache):
        assert not folder.exists() or not list(folder.iterdir())


BROKEN = {
    "changed": (CNN, {"evaluate.py": b"print()\n"}, {"files": "missing or changed: evaluate.py"}),
    "missing": (
        CNN,
        {"onnx/model.onnx": None, "curves.png": None},
        {"files": "missing or changed: curves.png, onnx/model.onnx"},
    ),
    "no manifest": (
        CNN, {MANIFEST_NAME: None}, {"files": f"there is no {MANIFEST_NAME}: this was not published by mnist1d-hf"},
    ),
    "damaged manifest": (DATASET, {MANIFEST_NAME: b"{"}, {"files": f"{MANIFEST_NAME} is not a manifest of mnist1d-hf"}),
    "binary manifest": (
        DATASET, {MANIFEST_NAME: b"\xff\xfe"}, {"files": f"{MANIFEST_NAME} is not a manifest of mnist1d-hf"},
    ),
    "empty manifest": (DATASET, {MANIFEST_NAME: b'{"files": {}}'}, {"files": "missing or changed: all"}),
    "damaged rows": (
        DATASET,
        {TEST_ROWS: b"PAR1" + bytes(1000)},
        {
            "files": f"missing or changed: {TEST_ROWS}",
            "default/train": "Parquet magic bytes not found in footer",
            "default/test": "Parquet magic bytes not found in footer",
        },
    ),
    "missing rows": (
        DATASET,
        {TEST_ROWS: None},
        {"files": f"missing or changed: {TEST_ROWS}", "default/test": "corresponds to no data"},
    ),
    "no card": (
        DATASET,
        {"README.md": None},
        {"files": "missing or changed: README.md", "README.md": "it does not list configs with their splits: "},
    ),
    "damaged card": (
        DATASET,
        {"README.md": b"---\nconfigs: [\n---\n"},
        {"files": "missing or changed: README.md", "README.md": "it does not list configs with their splits: while parsing"},
    ),
    "bare card": (
        DATASET,
        {"README.md": b"---\nlicense: apache-2.0\n---\n"},
        {"files": "missing or changed: README.md", "README.md": "it lists no configs"},
    ),
    "script": (
        DATASET, {"mnist1d.py": b"pass\n"}, {"mnist1d.py": "`datasets` takes it for a loading script and refuses"},
    ),
    "no card of a model": (
        CNN, {"README.md": None}, {"files": "missing or changed: README.md", "accuracy": "README.md"},
    ),
    "no claim": (
        CNN,
        {"README.md": b"---\nlicense: apache-2.0\n---\n"},
        {
            "files": "missing or changed: README.md",
            "accuracy": "96.20 % of the test rows of default, but the card claims none",
        },
    ),
    "damaged weights": (
        CNN,
        {"model.safetensors": b"broken"},
        {"files": "missing or changed: model.safetensors", "accuracy": "is not a valid safetensors file"},
    ),
    "foreign files": (CNN, {"notes.txt": b"mine", "data/more.parquet": b"mine"}, {}),
}  # fmt: skip


def list_in_manifest(hub, repo, path, content=b""):
    """List a file in the manifest that is not in the repository."""
    manifest = json.loads(hub.files(*repo)[MANIFEST_NAME])
    manifest["files"][path] = {
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "git_oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
    }
    hub.add_commit(*repo, {MANIFEST_NAME: json.dumps(manifest).encode()})


@pytest.mark.parametrize("name", ["absolute", "relative", "escape"])
def test_a_manifest_is_not_followed_out_of_its_repository(few, tmp_path, monkeypatch, name):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    path = {
        "absolute": str(secret),
        "relative": "../" * 8 + str(secret)[1:],
        "escape": "\x1b]0;owned\x07\u202e",
    }[name]
    list_in_manifest(few, CNN, path, b"secret")
    result = call("ada", "--only", "models")
    assert result.exit_code == 1
    assert (
        f"WRONG  ada/mnist1d-cnn  files: {MANIFEST_NAME} is not a manifest of mnist1d-hf (ValueError" in result.stdout
    )
    assert all(line.isprintable() for line in result.output.splitlines())
    # The rest of it, and the other repository, are checked all the same.
    assert "ok     ada/mnist1d-cnn  accuracy: 96.20 %" in result.stdout
    assert "ok     ada/mnist1d-cnn-shuffled  files: 8 files as published" in result.stdout


def test_a_repository_that_cannot_be_stored_here_fails_and_the_others_are_checked(few):
    few.add_commit(*CNN, {"a" * 300: b"mine"})
    checks = verify("ada", only="models")
    assert [(check.repo_id, check.what, check.ok) for check in checks] == [
        ("ada/mnist1d-cnn", "files", False),
        ("ada/mnist1d-cnn-shuffled", "files", True),
        ("ada/mnist1d-cnn-shuffled", "accuracy", True),
    ]
    assert checks[0].detail.startswith("they cannot be downloaded: ")


def test_names_that_others_chose_are_shown_escaped(few):
    config = json.loads(few.files(*CNN)["config.json"])
    commit_with_manifest(few, CNN, {"config.json": json.dumps({**config, "dataset": "a/\x1b[2J\u202e"}).encode()})
    result = call("ada", "--only", "models")
    assert result.exit_code == 1
    assert "\\x1b[2J" in result.output
    few.fail(
        path="/api/", status=418, body=b"tea \x1b]0;owned\x07 \xe2\x80\xae", headers={"Content-Type": "text/plain"}
    )
    refused = call("ada", "--only", "models")
    assert re.search(r"answered 418: .*tea \\x1b\]0;owned\\x07 \\u202e", refused.output)
    assert all(line.isprintable() for line in (result.output + refused.output).splitlines())


@pytest.mark.long
@pytest.mark.parametrize(("repo", "files", "expected"), BROKEN.values(), ids=BROKEN)
def test_one_broken_thing_is_found(few, repo, files, expected):
    few.add_commit(*repo, files)
    found = wrong(verify("ada", only="dataset" if repo == DATASET else "models"))
    assert {what for _, what in found} == set(expected)
    for what, detail in expected.items():
        assert detail in found[repo[1], what]


def test_rows_that_are_not_the_papers_are_found_though_the_manifest_has_them(few):
    commit_with_manifest(few, DATASET, {TEST_ROWS: few.files(*DATASET)[NOISY_ROWS]})
    assert wrong(verify("ada", only="dataset")) == {
        ("ada/mnist1d", "default/test"): "these are not the rows of the paper"
    }


def test_weights_that_are_not_those_the_card_is_about_are_found_though_the_manifest_has_them(few):
    commit_with_manifest(few, CNN, {"model.safetensors": other_weights()})
    assert wrong(verify("ada", only="models")) == {
        ("ada/mnist1d-cnn", "accuracy"): "98.70 % of the test rows of default, the card claims 96.20 %"
    }


def change_card(hub, repo, before, after):
    card = hub.files(*repo)["README.md"].decode()
    assert before in card
    commit_with_manifest(hub, repo, {"README.md": card.replace(before, after).encode()})


def test_a_card_that_claims_another_accuracy_is_found(few):
    change_card(few, CNN, "value: 96.2\n", "value: 96.9\n")
    measured = "96.20 % of the test rows of default"
    assert wrong(verify("ada", only="models")) == {
        ("ada/mnist1d-cnn", "accuracy"): f"{measured}, the card claims 96.90 %"
    }
    change_card(few, CNN, "value: 96.9\n", "value: high\n")
    assert (
        "could not convert string to float: 'high'"
        in wrong(verify("ada", only="models"))["ada/mnist1d-cnn", "accuracy"]
    )


def test_a_card_that_lists_what_is_not_there_is_found(few):
    change_card(few, DATASET, "path: shuffled/", "path: nowhere/")
    found = wrong(verify("ada", only="dataset"))
    assert set(found) == {("ada/mnist1d", "shuffled/train"), ("ada/mnist1d", "shuffled/test")}
    assert all(found.values())
    change_card(few, DATASET, "path: nowhere/", "path: shuffled/")
    assert not wrong(verify("ada", only="dataset"))
    change_card(few, DATASET, "num_examples: 200\n", "num_examples: 201\n")
    assert wrong(verify("ada", only="dataset")) == {("ada/mnist1d", "large/test"): "200 rows, the card says 201"}
    change_card(few, DATASET, "- config_name: large\n  data_files", "- config_name: huge\n  data_files")
    found = wrong(verify("ada", only="dataset"))
    assert found == {("ada/mnist1d", "README.md"): "it does not list configs with their splits: 'huge'"}


def test_a_checkpoint_is_tested_on_the_dataset_it_names(few):
    few.add_repo("dataset", "bob/rows", few.files(*DATASET))
    config = json.loads(few.files(*CNN)["config.json"])
    for changes, expected in (
        ({"dataset": "bob/rows", "dataset_revision": "main"}, None),
        ({"dataset_revision": "v0"}, "there is no dataset ada/mnist1d at v0 to test it on"),
        ({"dataset": "bob/nothing"}, f"there is no dataset bob/nothing at v{DATA_VERSION} to test it on"),
        ({"dataset_config": "tiny"}, "BuilderConfig 'tiny' not found"),
        ({"dataset_revision": 5}, "names the dataset 'ada/mnist1d' at 5"),
        ({"dataset": ["ada/mnist1d"]}, "names the dataset ['ada/mnist1d']"),
        ({"dataset": "../../etc"}, "Repo id must be in the form"),
    ):
        commit_with_manifest(few, CNN, {"config.json": json.dumps({**config, **changes}).encode()})
        found = wrong(verify("ada", only="models"))
        assert set(found) == ({("ada/mnist1d-cnn", "accuracy")} if expected else set())
        assert not expected or expected in found["ada/mnist1d-cnn", "accuracy"]


def test_missing_repositories_are_found_where_they_are_expected(few):
    missing = {("ada/mnist1d-gru", "files"): "the repository is missing"}
    assert wrong(verify("ada", expected=["ada/mnist1d-cnn", "ada/mnist1d-gru"])) == missing
    del few.repos[DATASET]
    reason = f"there is no dataset ada/mnist1d at v{DATA_VERSION} to test it on"
    models = {(repo_id, "accuracy"): reason for _, repo_id in (CNN, SHUFFLED)}
    assert wrong(verify("ada")) == models
    assert wrong(verify("ada", expected=["ada/mnist1d"])) == {
        ("ada/mnist1d", "files"): "the repository is missing",
        **models,
    }


def test_nothing_published_is_an_error(few, monkeypatch):
    few.add_user("bob")
    for namespace in ("bob", "nobody"):
        with pytest.raises(HubError, match=f"nothing is published in '{namespace}'.*mnist1d-hf publish {namespace}"):
            verify(namespace)
    with pytest.raises(HubError, match="nothing is published in 'ada' at the revision 'v9'"):
        verify("ada", revision="v9")
    for namespace in ("../x", "", "a/b", "ünicode"):
        with pytest.raises(ValueError, match="cannot be a user or an organisation"):
            verify(namespace)
    with pytest.raises(ValueError, match="only='collection' is not one of dataset, models, space"):
        verify("ada", only="collection")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set; unset it to reach the Hub"):
        verify("ada")


def test_private_repositories_take_a_token(few, monkeypatch):
    for repo in few.repos.values():
        repo.private = True
    with pytest.raises(HubError, match="or it is private and there is no token that may read it"):
        verify("ada")
    token = few.add_token("ada", "read")
    assert not wrong(verify("ada", token=token))
    monkeypatch.setenv("HF_TOKEN", token)
    assert not wrong(verify("ada"))
    monkeypatch.setenv("HF_TOKEN", "hf_unknown")
    with pytest.raises(HubError, match=r"the Hub does not accept the token .*log in with `hf auth login`"):
        verify("ada")


@pytest.mark.long
@pytest.mark.parametrize(
    "fault", [{"drop": True}, {"status": 500}, {"truncate": True}], ids=["drop", "500", "truncate"]
)
def test_a_passing_fault_is_survived(few, waits, fault):
    found = few.fail(method="GET", path="/download/|/resolve/", nth=3, **fault)
    assert not wrong(verify("ada"))
    assert found.hits == 1


@pytest.mark.long
@pytest.mark.parametrize("path", ["", "/download/.*mnist1d-cnn/", f"/v{DATA_VERSION}"])
def test_a_network_that_fails_is_not_taken_for_a_difference(few, waits, path):
    few.fail(path=path, drop=True, times=float("inf"))
    shown = []
    with pytest.raises(HubError, match=r"cannot be reached .*; check the network and try again$"):
        verify("ada", progress=shown.append)
    assert not wrong(shown)


def test_without_a_network_there_is_one_line(few, waits, monkeypatch):
    with Hub() as other:
        monkeypatch.setattr(constants, "ENDPOINT", other.endpoint)
    result = call("ada")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(
        f"Error: the Hub at {other.endpoint} cannot be reached .*\n", result.stderr.splitlines(True)[-1]
    )


@pytest.mark.long
def test_caches_of_the_user_do_not_hide_a_difference(few, tmp_path):
    load_dataset("ada/mnist1d", "default")
    snapshot_download("ada/mnist1d", repo_type="dataset")
    snapshot_download("ada/mnist1d-cnn")
    assert not wrong(verify("ada"))
    good = {repo: few.files(*repo) for repo in (DATASET, CNN)}
    few.add_commit(*DATASET, {TEST_ROWS: good[DATASET][NOISY_ROWS]})
    few.add_commit(*CNN, {"model.safetensors": other_weights()})
    expected = {
        ("ada/mnist1d", "files"),
        ("ada/mnist1d", "default/test"),
        *(("ada/mnist1d-cnn", what) for what in ("files", "accuracy")),
    }
    assert set(wrong(verify("ada"))) == expected
    # As if what was pulled before were what is there now.
    for (repo_type, repo_id), path in ((DATASET, TEST_ROWS), (CNN, "model.safetensors")):
        cached = tmp_path / "hub-cache" / snapshot_download(repo_id, repo_type=repo_type) / path
        cached.resolve().write_bytes(good[repo_type, repo_id][path])
    assert set(wrong(verify("ada"))) == expected


def test_damaged_caches_of_the_user_do_not_matter(few):
    for repo_type, repo_id in few.repos:
        folder = snapshot_download(repo_id, repo_type=repo_type)
        for path in few.files(repo_type, repo_id):
            with open(f"{folder}/{path}", "wb") as file:
                file.write(b"damaged")
    assert not wrong(verify("ada"))


def test_a_revision_is_checked(few):
    HfApi(token=few.add_token("ada")).create_tag("ada/mnist1d-cnn", tag="first")
    few.add_commit(*CNN, {"evaluate.py": None})
    checks = verify("ada", revision="first")
    assert {check.repo_id for check in checks} == {"ada/mnist1d-cnn"}
    assert not wrong(checks)
    checks = verify("ada", revision=f"v{DATA_VERSION}")
    assert {check.repo_id for check in checks} == {"ada/mnist1d"}
    assert not wrong(checks)


def test_a_release_on_a_branch_needs_no_tag_yet(few):
    api = HfApi(token=few.add_token("ada"))
    for repo_type, repo_id in few.repos:
        api.create_branch(repo_id, repo_type=repo_type, branch="next")
    api.delete_tag("ada/mnist1d", repo_type="dataset", tag=f"v{DATA_VERSION}")
    checks = verify("ada", revision="next", expected=["ada/mnist1d", "ada/mnist1d-cnn"])
    assert not wrong(checks)
    assert {check.repo_id for check in checks} == {repo_id for _, repo_id in few.repos}
    assert {what for _, what in wrong(verify("ada"))} == {"accuracy"}


@pytest.mark.parametrize("configs", [["default"], ["large"]])
def test_a_dataset_of_one_config_is_checked(ada_hub, configs):
    options = {"num_samples": 300} if configs == ["large"] else {}
    publish("ada", only="dataset", configs=configs, **options)
    checks = verify("ada")
    assert not wrong(checks)
    assert [check.what for check in checks] == ["files", *(f"{configs[0]}/{split}" for split in ("train", "test"))]


# The command


def test_the_command_shows_each_check(few):
    result = call("ada")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "ok     ada/mnist1d  files: 13 files as published"
    assert "ok     ada/mnist1d-cnn  accuracy: 96.20 % of the test rows of default" in lines
    assert lines[-1] == "All 13 checks passed."
    assert len(lines) == 14


def test_the_command_fails_if_anything_is_wrong(few):
    few.add_commit(*CNN, {"evaluate.py": None})
    result = call("ada")
    assert result.exit_code == 1
    assert "WRONG  ada/mnist1d-cnn  files: missing or changed: evaluate.py" in result.stdout.splitlines()
    assert result.stderr.splitlines()[-1] == "Error: 1 of 13 checks failed"


def test_the_command_prints_json(few):
    few.add_commit(*CNN, {"evaluate.py": None})
    result = call("ada", "--json", "--only", "models")
    assert result.exit_code == 1
    checks = [Check(**check) for check in json.loads(result.stdout)]
    assert checks == verify("ada", only="models")
    result = call("ada", "--json", "--revision", f"v{DATA_VERSION}")
    assert result.exit_code == 0
    assert {check["repo_id"] for check in json.loads(result.stdout)} == {"ada/mnist1d"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nobody"], 1, "nothing is published in 'nobody'"),
        (["../x"], 1, "cannot be a user or an organisation"),
        (["ada", "--revision", "v9"], 1, "nothing is published in 'ada' at the revision 'v9'"),
        (["ada", "--only", "collection"], 2, "'collection' is not one of 'dataset', 'models', 'space'"),
    ],
)
@pytest.mark.usefixtures("few")
def test_the_command_says_in_one_line_what_is_wrong_with_its_arguments(arguments, code, message):
    result = call(*arguments)
    assert result.exit_code == code
    assert message in result.stderr.splitlines()[-1]
    assert result.stdout == ""
