"""What is published, how often, and what becomes of what is there already."""

import dataclasses
import hashlib
import json
import re

import pytest
import yaml
from datasets import load_dataset
from huggingface_hub import DatasetCard, ModelCard

from mnist1d_hf import DATA_VERSION
from mnist1d_hf.baselines.registry import list_checkpoints
from mnist1d_hf.hub import HubError, dataset_plan, parquet_files, publish, verify
from mnist1d_hf.hub.manifest import MANIFEST_NAME, FileHash
from mnist1d_hf.hub.naming import model_repo_id
from mnist1d_hf.hub.planning import TITLE

from ..hub_server.publications import (
    CNN,
    DATASET,
    FIGURES,
    SPACE,
    assert_published,
    commits,
    is_whole,
    manifest,
    publish_configs,
    state,
    writes,
)

TAG = f"v{DATA_VERSION}"
SMALL = ["custom-noise", "default", "shuffled"]
MODELS = [model_repo_id("ada", name, config) for config, name in list_checkpoints()]
MODEL_FILES = [
    ".eval_results/mnist1d.yaml",
    ".gitattributes",
    MANIFEST_NAME,
    "README.md",
    "config.json",
    "curves.png",
    "evaluate.py",
    "metrics.json",
    "model.safetensors",
    "onnx/model.onnx",
]


def parquet(*configs):
    return [f"{config}/{split}-00000-of-00001.parquet" for config in configs for split in ("test", "train")]


def dataset_files(*configs):
    return sorted(
        [".gitattributes", MANIFEST_NAME, "README.md", "eval.yaml", "notebook.ipynb", *FIGURES, *parquet(*configs)]
    )


def card(hub, revision="main"):
    return DatasetCard(hub.files(*DATASET, revision)["README.md"].decode()).data


def configs_of(hub, revision="main"):
    """The configs that the card lists, sorted."""
    return sorted(config["config_name"] for config in card(hub, revision).configs)


def statuses(repo):
    return {change.path: change.status for change in repo.changes}


# Everything


def test_everything_is_published_in_few_requests_and_then_left_alone(ada_hub):
    published = publish("ada", configs=SMALL)
    first = [request for request in ada_hub.requests if "agent-harnesses" not in request.path]

    assert sorted(ada_hub.repos) == sorted([DATASET, *(("model", repo_id) for repo_id in MODELS), SPACE])
    assert [repo.repo_id for repo in published] == [DATASET[1], *MODELS, SPACE[1], "MNIST-1D"]
    assert list(ada_hub.files(*DATASET)) == dataset_files(*SMALL)
    for repo_id in MODELS:
        assert sorted(ada_hub.files("model", repo_id)) == sorted(MODEL_FILES)
    for repo in published[:-1]:
        key = (repo.repo_type, repo.repo_id)
        assert_published(ada_hub, key)
        assert repo.commit == ada_hub.history(*key)[0].oid
        assert repo.url == f"{ada_hub.endpoint}/{ada_hub.repos[key].path}"
        # A new Space has files of the Hub, which make room.
        assert set(statuses(repo).values()) == {"new", *(("changed", "deleted") if key == SPACE else ())}
        assert {change.path: change.size for change in repo.changes if change.status != "deleted"} == {
            path: len(content) for path, content in ada_hub.files(*key).items() if path != ".gitattributes"
        }
    assert ada_hub.tags(*DATASET) == {TAG: published[0].commit}
    (collection,) = ada_hub.collections()
    assert published[-1].url == f"{ada_hub.endpoint}/collections/{collection['slug']}"
    assert (collection["title"], collection["private"]) == ("MNIST-1D", False)
    assert [(item["type"], item["id"]) for item in collection["items"]] == [
        DATASET,
        SPACE,
        *(("model", repo_id) for repo_id in MODELS),
        ("paper", "2011.14439"),
    ]
    # Look, create, look, check the card, ask how and where to upload, commit; and two for each large file.
    repos, large_files = 2 + len(MODELS), 3 * len(MODELS) + 9
    assert len(first) <= 7 * repos + 2 * large_files + 30

    before = state(ada_hub)
    del ada_hub.requests[:]
    again = publish("ada", configs=SMALL)
    assert state(ada_hub) == before
    assert not writes(ada_hub.requests)
    assert len(ada_hub.requests) <= 25
    assert not any(repo.changed for repo in again)
    assert {status for repo in again for status in statuses(repo).values()} == {"unchanged"}
    assert [(repo.repo_id, repo.commit, repo.url) for repo in again] == [
        (repo.repo_id, repo.commit, repo.url) for repo in published
    ]


def test_the_metadata_names_the_repositories(ada_hub):
    publish_configs("default", "shuffled")
    publish("ada", only="models")
    data = card(ada_hub)
    assert (data.license, data.pretty_name) == ("apache-2.0", "MNIST-1D")
    text = ada_hub.files(*DATASET)["README.md"].decode()
    assert 'load_dataset("ada/mnist1d"' in text
    space = "](https://huggingface.co/spaces/ada/mnist1d)"
    assert space in text
    tasks = yaml.safe_load(ada_hub.files(*DATASET)["eval.yaml"])["tasks"]
    assert [task["config"] for task in tasks] == ["default", "shuffled"]
    for repo_id in MODELS:
        files = ada_hub.files("model", repo_id)
        model = ModelCard(files["README.md"].decode()).data
        assert (model.library_name, model.datasets) == ("mnist1d-hf", ["ada/mnist1d"])
        assert space in files["README.md"].decode()
        (result,) = yaml.safe_load(files[".eval_results/mnist1d.yaml"])
        assert result["dataset"]["id"] == "ada/mnist1d"
        assert result["dataset"]["task_id"] in [task["id"] for task in tasks]
        assert model.eval_results[0].metric_value == pytest.approx(result["value"])
        settings = json.loads(files["config.json"])
        assert (settings["dataset"], settings["dataset_revision"]) == ("ada/mnist1d", TAG)
        assert f'REPOSITORY = "{repo_id}"\n' in files["evaluate.py"].decode()


def test_large_files_are_in_large_file_storage(ada_hub):
    publish_configs("default")
    files = ada_hub.repos[DATASET].at("main").files
    assert sorted(path for path, blob in files.items() if blob.lfs) == sorted([*FIGURES, *parquet("default")])


def test_the_authors_name_the_package_in_their_requests(ada_hub):
    publish_configs("default")
    assert [commit.author for commit in ada_hub.history(*DATASET)] == ["ada", "ada"]
    assert re.fullmatch(r"Publish MNIST-1D data version \S+ with mnist1d-hf \S+", TITLE)


def test_a_collection_needs_what_it_groups(ada_hub):
    with pytest.raises(HubError, match=r"ada/mnist1d is not on the Hub.*mnist1d-hf publish ada"):
        publish("ada", only="collection")


def test_a_collection_keeps_what_others_put_there(ada_hub):
    for repo_type, repo_id in (DATASET, SPACE, *(("model", repo_id) for repo_id in [*MODELS, "bob/other"])):
        ada_hub.add_repo(repo_type, repo_id)
    publish("ada", only="collection")
    (collection,) = ada_hub._collections
    collection["items"] = [
        {"_id": "f" * 24, "type": "model", "id": "bob/other", "position": 0},
        *collection["items"][3:],
    ]
    (done,) = publish("ada", only="collection")
    assert list(statuses(done).values()).count("new") == 3
    items = [item["id"] for item in ada_hub.collections()[0]["items"]]
    assert items[0] == "bob/other"
    assert sorted(items[1:]) == sorted([DATASET[1], SPACE[1], *MODELS, "2011.14439"])


def test_new_repositories_and_a_new_collection_can_be_private(ada_hub):
    publish("ada", configs=["default", "shuffled"], private=True)
    assert all(repo.private for repo in ada_hub.repos.values())
    assert [collection["private"] for collection in ada_hub.collections()] == [True]
    assert not any(repo.changed for repo in publish("ada", configs=["default", "shuffled"], private=True))


def test_it_is_published_to_an_organization(ada_hub):
    (repo,) = publish("engines", only="dataset", configs=["default"])
    assert repo.repo_id == "engines/mnist1d"
    assert is_whole(ada_hub, ("dataset", "engines/mnist1d"))


# Looking first


@pytest.mark.parametrize("before", [(), ("default",), ("default", "shuffled")], ids=str)
def test_a_dry_run_tells_what_would_happen_and_needs_no_token(ada_hub, monkeypatch, before):
    if before:
        publish_configs(*before)
    monkeypatch.delenv("HF_TOKEN")
    known = state(ada_hub)
    del ada_hub.requests[:]
    repo = publish_configs("default", "shuffled", dry_run=True)
    expected = dict.fromkeys(dataset_files("default", "shuffled")[1:], "unchanged" if before else "new")
    if before == ("default",):
        expected |= dict.fromkeys(parquet("shuffled"), "new")
        expected |= dict.fromkeys([MANIFEST_NAME, "README.md", "eval.yaml"], "changed")
    assert statuses(repo) == {path: status for path, status in expected.items() if path != ".gitattributes"}
    assert repo.changed == (len(before) < 2)
    assert state(ada_hub) == known
    assert not writes(ada_hub.requests)
    assert not any("whoami" in request.path for request in ada_hub.requests)


def test_a_dry_run_of_everything_looks_once_at_each(ada_hub):
    planned = publish("ada", configs=["default", "shuffled"], dry_run=True)
    assert [repo.repo_id for repo in planned] == [DATASET[1], *MODELS, SPACE[1], "MNIST-1D"]
    assert all(repo.commit is None and repo.changed for repo in planned)
    assert {status for repo in planned for status in statuses(repo).values()} == {"new"}
    looks = [request for request in ada_hub.requests if "agent-harnesses" not in request.path]
    # Before there is any work, it looks whether there is a Hub.
    assert len(looks) == 1 + len(planned)


def test_a_review_can_stop_it(ada_hub):
    shown = []
    planned = publish("ada", configs=["default", "shuffled"], review=lambda plan: shown.extend(plan))
    assert planned == shown
    assert all(repo.changed for repo in shown)
    assert not ada_hub.repos
    assert not writes(ada_hub.requests)


def test_progress_tells_of_each_when_it_is_done(ada_hub):
    done = []

    def note(repo):
        done.append(repo)
        if repo.repo_type != "collection":
            assert ada_hub.history(repo.repo_type, repo.repo_id)[0].oid == repo.commit

    assert publish("ada", configs=["default", "shuffled"], progress=note) == done


def test_the_end_of_a_pipe_is_not_the_end_of_the_network(ada_hub):
    def cut(repo):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        publish_configs("default", progress=cut)
    assert_published(ada_hub, DATASET)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": "figures"}, "only='figures' is not one of dataset, models, space, collection"),
        ({"create_pr": True, "revision": "next"}, "either create_pr or revision='next'"),
        ({"only": "models", "configs": ["default"]}, "configs and num_samples are for the dataset"),
        ({"only": "collection", "num_samples": 10}, "configs and num_samples are for the dataset"),
        ({"only": "space", "configs": ["default"]}, "configs and num_samples are for the dataset"),
        ({"only": "collection", "create_pr": True}, "a collection has no branches and no pull requests"),
        ({"only": "collection", "revision": "next"}, "a collection has no branches and no pull requests"),
        ({"configs": ["defualt"]}, "defualt"),
        ({"configs": ["default"], "num_samples": 100}, "num_samples=100 applies to the config 'large' alone"),
    ],
)
def test_options_that_mean_nothing_are_refused(ada_hub, options, message):
    with pytest.raises(ValueError, match=message):
        publish("ada", **options)
    assert not writes(ada_hub.requests)


# Configs one after the other


def test_configs_come_one_after_the_other(ada_hub):
    for number, config in enumerate(["shuffled", "default", "custom-noise"]):
        repo = publish_configs(config)
        there = [name for name in SMALL if name in ["shuffled", "default", "custom-noise"][: number + 1]]
        assert configs_of(ada_hub) == there
        assert sorted(manifest(ada_hub, DATASET)) == sorted(
            set(dataset_files(*there)) - {".gitattributes", MANIFEST_NAME}
        )
        assert is_whole(ada_hub, DATASET)
        assert ada_hub.tags(*DATASET) == {TAG: repo.commit}
        tasks = yaml.safe_load(ada_hub.files(*DATASET)["eval.yaml"])["tasks"]
        assert {task["config"] for task in tasks} == set(there) - {"custom-noise"}
    assert commits(ada_hub, DATASET) == ["initial commit", TITLE, TITLE, TITLE]
    together = {path: data for path, data in ada_hub.files(*DATASET).items() if path != ".gitattributes"}
    publish("engines", only="dataset", configs=SMALL)
    at_once = ada_hub.files("dataset", "engines/mnist1d")
    assert {path: at_once[path] for path in together if path not in ("README.md", MANIFEST_NAME)} == {
        path: data for path, data in together.items() if path not in ("README.md", MANIFEST_NAME)
    }
    assert at_once["README.md"].decode().replace("engines/", "ada/") == together["README.md"].decode()


def test_publishing_a_part_again_changes_nothing(ada_hub):
    publish_configs("default", "shuffled")
    before = state(ada_hub)
    assert not publish_configs("shuffled").changed
    assert state(ada_hub) == before


def test_the_first_config_may_be_one_without_a_task(ada_hub):
    publish_configs("custom-noise")
    assert "eval.yaml" not in ada_hub.files(*DATASET)
    publish_configs("default")
    assert "eval.yaml" in ada_hub.files(*DATASET)
    publish_configs("custom-noise")
    assert "eval.yaml" in ada_hub.files(*DATASET)
    assert configs_of(ada_hub) == ["custom-noise", "default"]


def change_of_the_card(hub, monkeypatch):
    """Let the package write another card from now on."""
    render = dataset_plan.render_dataset_card
    monkeypatch.setattr(
        dataset_plan, "render_dataset_card", lambda *args, **kw: render(*args, **kw) + "\nMore words.\n"
    )


def test_the_tag_stays_where_the_data_is(ada_hub, monkeypatch):
    first = publish_configs("default")
    change_of_the_card(ada_hub, monkeypatch)
    second = publish_configs("default")
    assert statuses(second)["README.md"] == "changed"
    assert [path for path, status in statuses(second).items() if status == "unchanged"] == sorted(
        ["eval.yaml", "notebook.ipynb", *FIGURES, *parquet("default")]
    )
    assert ada_hub.tags(*DATASET) == {TAG: first.commit}
    third = publish_configs("shuffled")
    assert ada_hub.tags(*DATASET) == {TAG: third.commit}
    assert commits(ada_hub, DATASET) == ["initial commit", TITLE, TITLE, TITLE]


def test_a_missing_tag_is_made_up_for(ada_hub):
    repo = publish_configs("default")
    del ada_hub.repos[DATASET].refs[f"refs/tags/{TAG}"]
    assert not publish_configs("default").changed
    assert ada_hub.tags(*DATASET) == {TAG: repo.commit}


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(parquet_files, "_ROWS_PER_FILE", {0: 1000})


@pytest.mark.usefixtures("small_shards")
def test_fewer_samples_delete_the_shards_that_are_left_over(ada_hub):
    publish_configs("large", num_samples=22_000)
    before = [path for path in ada_hub.files(*DATASET) if path.endswith("parquet")]
    assert len(before) == 22
    changed = "large/train-00007-of-00020.parquet"
    ada_hub.add_commit(*DATASET, {changed: b"mine", "large/notes.parquet": b"more"})
    repo = publish_configs("large", num_samples=11_000)
    files = ada_hub.files(*DATASET)
    gone = [path for path, status in statuses(repo).items() if status == "deleted"]
    assert set(gone) == set(before) - {changed, *files}
    assert sorted(path for path in files if path.endswith("parquet")) == sorted(
        [changed, "large/notes.parquet", *(path for path in manifest(ada_hub, DATASET) if path.startswith("large/"))]
    )
    assert len(manifest(ada_hub, DATASET)) == 11 + len(FIGURES) + 2
    assert is_whole(ada_hub, DATASET)
    assert ada_hub.tags(*DATASET) == {TAG: repo.commit}


# What belongs to others


def test_files_of_others_stay(ada_hub):
    others = {"notes.md": b"mine", "default/extra.csv": b"1", "default/train-extra.txt": b"2", "LICENSE": b"3"}
    ada_hub.add_repo(*DATASET, {"notes.md": b"mine"})
    publish_configs("default")
    ada_hub.add_commit(*DATASET, others)
    repo = publish_configs("shuffled")
    files = ada_hub.files(*DATASET)
    assert {path: files[path] for path in others} == others
    assert not set(others) & set(statuses(repo))
    assert is_whole(ada_hub, DATASET)
    assert configs_of(ada_hub) == ["default", "shuffled"]


EDITS = {
    "words": lambda text: text + b"\nMy own words.\n",
    "no metadata": lambda text: b"# Mine\n",
    "broken metadata": lambda text: b"---\ntags: [\n---\n# Mine\n",
    "metadata that is a list": lambda text: b"---\n- 1\n---\n# Mine\n",
    "other configs": lambda text: b"---\ndataset_info: 3\nconfigs: [{}]\n---\n# Mine\n",
    "other information": lambda text: b"---\ndataset_info:\n- config_name: default\n  splits: 3\n---\n# Mine\n",
    "not unicode": lambda text: b"\xff\xfe\x00",
}


@pytest.mark.long
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("config", ["default", "shuffled"])
def test_a_card_that_was_edited_by_hand_is_not_overwritten(ada_hub, edit, config):
    publish_configs("default")
    ada_hub.add_commit(*DATASET, {"README.md": edit(ada_hub.files(*DATASET)["README.md"])})
    before = state(ada_hub)
    with pytest.raises(HubError, match=r"README\.md in \S+/datasets/ada/mnist1d was .* --create-pr"):
        publish_configs(config)
    assert state(ada_hub) == before


def test_an_edited_card_is_replaced_in_a_pull_request(ada_hub):
    publish_configs("default", "shuffled")
    text = ada_hub.files(*DATASET)["README.md"]
    ada_hub.add_commit(*DATASET, {"README.md": text + b"\nMy own words.\n"})
    before = ada_hub.files(*DATASET)
    repo = publish_configs("custom-noise", create_pr=True)
    assert ada_hub.files(*DATASET) == before
    assert repo.pull_request == f"{ada_hub.endpoint}/datasets/ada/mnist1d/discussions/1"
    assert configs_of(ada_hub, "refs/pr/1") == SMALL
    assert is_whole(ada_hub, DATASET, "refs/pr/1")


def test_a_repository_that_was_never_ours_is_not_touched(ada_hub):
    own = {"README.md": b"# My own CNN\n", "model.safetensors": b"\0\1\2"}
    ada_hub.add_repo(*CNN, own)
    before = state(ada_hub)
    with pytest.raises(HubError, match=r"README\.md, model\.safetensors in \S+/ada/mnist1d-cnn was not written by"):
        publish("ada", configs=["default", "shuffled"])
    assert state(ada_hub) == before


def test_a_damaged_manifest_makes_our_files_those_of_others(ada_hub):
    publish_configs("default")
    ada_hub.add_commit(*DATASET, {MANIFEST_NAME: b"[]"})
    before = state(ada_hub)
    with pytest.raises(HubError, match=r"README\.md, eval\.yaml in"):
        publish_configs("default", "shuffled")
    assert state(ada_hub) == before
    # What is there is what this would write, so only the manifest is.
    repo = publish_configs("default")
    assert {path for path, status in statuses(repo).items() if status != "unchanged"} == {MANIFEST_NAME}
    assert is_whole(ada_hub, DATASET)


def test_what_others_took_away_comes_back(ada_hub):
    publish_configs("default")
    ada_hub.add_commit(*DATASET, {"eval.yaml": None})
    assert statuses(publish_configs("default"))["eval.yaml"] == "new"
    assert is_whole(ada_hub, DATASET)


def test_a_config_that_others_took_away_goes_from_the_card(ada_hub):
    publish_configs("default", "shuffled")
    ada_hub.add_commit(*DATASET, dict.fromkeys(parquet("shuffled")))
    publish_configs("default")
    assert configs_of(ada_hub) == ["default"]
    assert is_whole(ada_hub, DATASET)


def test_of_two_other_configs_the_one_that_others_took_away_goes_from_the_card(ada_hub):
    publish_configs("default", "shuffled", "custom-noise")
    ada_hub.add_commit(*DATASET, dict.fromkeys(parquet("shuffled")))
    publish_configs("default")
    assert configs_of(ada_hub) == ["custom-noise", "default"]
    assert {info["config_name"] for info in card(ada_hub).dataset_info} == {"custom-noise", "default"}
    assert not any(path.startswith("shuffled/") for path in manifest(ada_hub, DATASET))
    assert is_whole(ada_hub, DATASET)
    checks = verify("ada", only="dataset")
    assert [check.what for check in checks] == [
        "files",
        *(f"{config}/{split}" for config in ("custom-noise", "default") for split in ("train", "test")),
    ]
    assert all(check.ok for check in checks)


# Pull requests and branches


def test_a_proposal_is_made_once(ada_hub):
    publish_configs("default")
    before, tags = ada_hub.files(*DATASET), ada_hub.tags(*DATASET)
    proposed = publish_configs("default", "shuffled", create_pr=True)
    again = publish_configs("default", "shuffled", create_pr=True)
    assert proposed.pull_request == again.pull_request
    assert proposed.changed
    (pull_request,) = ada_hub.pull_requests(*DATASET)
    assert (pull_request.title, pull_request.status, pull_request.author) == (TITLE, "open", "ada")
    assert (ada_hub.files(*DATASET), ada_hub.tags(*DATASET)) == (before, tags)
    assert is_whole(ada_hub, DATASET, "refs/pr/1")
    assert configs_of(ada_hub, "refs/pr/1") == ["default", "shuffled"]
    assert publish_configs("default", create_pr=True).pull_request is None


def test_a_deletion_is_proposed_once(ada_hub):
    publish_configs("default")
    files = ada_hub.files(*DATASET)
    content = json.loads(files[MANIFEST_NAME])
    content["files"]["old.md"] = dataclasses.asdict(
        FileHash(3, hashlib.sha256(b"old").hexdigest(), hashlib.sha1(b"blob 3\0old").hexdigest())
    )
    ada_hub.add_commit(*DATASET, {"old.md": b"old", MANIFEST_NAME: json.dumps(content).encode()})
    proposed, again = (publish_configs("default", create_pr=True) for _ in range(2))
    assert statuses(proposed)["old.md"] == statuses(again)["old.md"] == "deleted"
    assert proposed.pull_request == again.pull_request
    assert len(ada_hub.pull_requests(*DATASET)) == 1
    assert "old.md" in ada_hub.files(*DATASET)
    assert ada_hub.files(*DATASET, "refs/pr/1").keys() == files.keys()
    # If somebody puts the file back there, the same is proposed again.
    ada_hub.add_commit(*DATASET, {"old.md": b"old"}, revision="refs/pr/1")
    publish_configs("default", create_pr=True)
    assert len(ada_hub.pull_requests(*DATASET)) == 2


def test_another_release_is_another_proposal(ada_hub):
    publish_configs("default")
    for config in ("shuffled", "custom-noise"):
        publish_configs(config, create_pr=True)
    assert [found.status for found in ada_hub.pull_requests(*DATASET)] == ["open", "open"]
    assert configs_of(ada_hub, "refs/pr/2") == ["custom-noise", "default"]


def test_a_pull_request_of_somebody_else_is_not_ours(ada_hub, monkeypatch):
    publish_configs("default")
    ada_hub.users["bob"] = {"engines": "write"}
    monkeypatch.setenv("HF_TOKEN", ada_hub.add_token("bob"))
    with pytest.raises(HubError, match="bob is not a member of ada"):
        publish_configs("shuffled", create_pr=True)


def test_everything_can_be_proposed(ada_hub):
    published = publish("ada", configs=["default", "shuffled"], create_pr=True)
    assert [repo.repo_id for repo in published] == [DATASET[1], *MODELS, SPACE[1]]
    for repo in published:
        key = (repo.repo_type, repo.repo_id)
        assert len(ada_hub.history(*key)) == 1
        assert is_whole(ada_hub, key, "refs/pr/1")
        assert repo.pull_request == f"{repo.url}/discussions/1"
    assert not ada_hub.collections()
    assert not ada_hub.tags(*DATASET)


def test_a_branch_is_made_and_main_stays(ada_hub):
    publish_configs("default")
    before, tags = ada_hub.files(*DATASET), ada_hub.tags(*DATASET)
    repo = publish_configs("shuffled", revision="next")
    assert (ada_hub.files(*DATASET), ada_hub.tags(*DATASET)) == (before, tags)
    assert ada_hub.repos[DATASET].refs["refs/heads/next"] == repo.commit
    assert configs_of(ada_hub, "next") == ["default", "shuffled"]
    assert is_whole(ada_hub, DATASET, "next")
    assert commits(ada_hub, DATASET, "next") == ["initial commit", TITLE, TITLE]
    assert not publish_configs("shuffled", revision="next").changed


def test_everything_goes_to_a_branch(ada_hub):
    published = publish("ada", configs=["default", "shuffled"], revision="next")
    assert [repo.repo_id for repo in published] == [DATASET[1], *MODELS, SPACE[1]]
    for repo in published:
        assert len(ada_hub.history(repo.repo_type, repo.repo_id)) == 1
        assert is_whole(ada_hub, (repo.repo_type, repo.repo_id), "next")
    assert not ada_hub.collections()
    assert not ada_hub.tags(*DATASET)


# What the models need


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"configs": ["default", "custom-noise"]}, "shuffled"),
        ({"configs": ["custom-noise"]}, "default, shuffled"),
        ({"only": "models"}, "default, shuffled"),
        ({"configs": ["default"], "revision": "next"}, "shuffled"),
    ],
)
def test_models_are_not_published_without_the_rows_they_are_evaluated_on(ada_hub, options, missing, dry_run):
    with pytest.raises(HubError, match=f"configs that ada/mnist1d would not have: {missing}; .*--only dataset"):
        publish("ada", dry_run=dry_run, **options)
    assert not writes(ada_hub.requests)
    assert not ada_hub.repos


def test_rows_on_the_hub_are_enough_for_the_models(ada_hub):
    publish_configs("shuffled")
    publish("ada", configs=["default"])
    checks = verify("ada")
    assert checks
    assert all(check.ok for check in checks)
    assert not any(repo.changed for repo in publish("ada", only="models", dry_run=True))


@pytest.mark.parametrize("revision", ["../x", "a b", "refs/pr/1", ""])
def test_a_branch_that_cannot_be_is_refused(ada_hub, revision):
    with pytest.raises(HubError, match=r"the Hub answered 4\d\d"):
        publish_configs("default", revision=revision)
    assert [commits(ada_hub, repo) for repo in ada_hub.repos] == ([["initial commit"]] if revision else [])


# Reading it


def test_stock_datasets_loads_every_config_that_is_published(ada_hub):
    publish_configs("custom-noise")
    publish_configs("default")
    for config in ("default", "custom-noise"):
        loaded = load_dataset("ada/mnist1d", config)
        assert {split: len(rows) for split, rows in loaded.items()} == {"train": 4000, "test": 1000}
