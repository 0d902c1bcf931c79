"""Building a dataset repository with other generation parameters: the rows, and what the card says of them."""

import re

import pytest
import yaml
from datasets import load_dataset
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard

from mnist1d_hf import CONFIGS
from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.hub import build_dataset_repo

from .test_dataset_repo import contents

NOISE = {"corr_noise_scale": 0.4}


def build(folder, *configs, **parameters):
    return build_dataset_repo(folder / "mnist1d", configs=configs, parameters=parameters)


def read_card(repo):
    return DatasetCard.load(repo.folder / "README.md")


def row(card, name):
    """A row of the card's table of parameters."""
    return re.search(rf"^\| `{name}` \| (.*) \|$", card.text, flags=re.MULTILINE)[1].split(" | ")


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    return build(tmp_path_factory.mktemp("noisy"), "custom-noise", **NOISE)


def test_stock_datasets_loads_the_rows_of_the_parameters(noisy):
    for split in ("train", "test"):
        rows = sha256(load_dataset(str(noisy.folder), "custom-noise", split=split))
        assert rows == sha256(load_dataset("mnist1d", "custom-noise", split=split, **NOISE))
        assert rows != sha256(load_dataset("mnist1d", "custom-noise", split=split))


def test_the_card_shows_the_values_that_were_used(noisy):
    card = read_card(noisy)
    assert row(card, "corr_noise_scale") == ["0.4"]
    assert row(card, "iid_noise_scale") == [str(CONFIGS["custom-noise"].iid_noise_scale)]
    assert "The config `custom-noise` of `mnist1d-hf` with `corr_noise_scale=0.4` instead of `0.5`." in card.text
    assert "or any other noise scales" not in card.text
    info = DatasetInfosDict.from_dataset_card_data(card.data)["custom-noise"]
    assert {name: split.num_examples for name, split in info.splits.items()} == {"train": 4000, "test": 1000}
    assert info.download_size == sum(size for path, size in noisy.files.items() if path.startswith("custom-noise/"))


def test_the_code_in_the_card_makes_the_same_rows(noisy):
    *_, block = re.findall(r"```python\n(.*?)```", read_card(noisy).text, flags=re.DOTALL)
    scope = {}
    exec(block, scope)
    assert sha256(scope["dataset"]["test"]) == sha256(load_dataset(str(noisy.folder), "custom-noise", split="test"))


def test_building_again_gives_the_same_bytes(noisy, tmp_path):
    assert contents(build(tmp_path, "custom-noise", **NOISE).folder) == contents(noisy.folder)


def test_a_changed_default_does_not_claim_to_be_the_papers(tmp_path):
    repo = build(tmp_path, "default", "shuffled", seed=1)
    card = read_card(repo)
    assert row(card, "seed") == ["1", "1"]
    assert "is not the dataset frozen by the authors" in card.text
    assert "bit for bit" not in card.text
    assert "The frozen dataset of the paper." not in card.text
    assert "and the parameters of `default`" not in card.text
    assert "not those changed here" in card.text
    assert "eval.yaml" not in repo.files
    assert sha256(load_dataset(str(repo.folder), split="test")) != FROZEN_SHA256["default", "test"]


def test_values_of_the_config_itself_change_nothing(tmp_path):
    plain = build_dataset_repo(tmp_path / "plain", configs=["default", "shuffled"])
    same = build(tmp_path, "default", "shuffled", seed=42, padding=[36, 60], num_samples=5003)
    assert contents(same.folder) == contents(plain.folder)
    assert "bit for bit" in read_card(same).text
    tasks = yaml.safe_load((same.folder / "eval.yaml").read_text())["tasks"]
    assert [task["config"] for task in tasks] == ["default", "shuffled"]


def test_a_value_counts_as_changed_in_the_configs_that_have_another(tmp_path):
    scale = CONFIGS["custom-noise"].corr_noise_scale
    repo = build_dataset_repo(
        tmp_path / "repo",
        configs=["shuffled", "custom-noise", "large"],
        num_samples=2200,
        parameters={"corr_noise_scale": scale},
    )
    card = read_card(repo)
    assert card.text.count(f"with `corr_noise_scale={scale}` instead of") == 2
    assert "or any other noise scales" in card.text
    assert "of `default`; its rows follow the same distribution" not in card.text
    assert row(card, "num_samples") == ["5000", "5000", "2200"]


def test_other_lengths_and_sizes_are_described(tmp_path):
    repo = build(tmp_path, "default", final_seq_length=20, num_samples=2000, train_split=0.5)
    card = read_card(repo)
    assert repo.rows == {"default": {"train": 1000, "test": 1000}}
    assert "| `x` | list of 20 float32 |" in card.text
    assert row(card, "num_samples") == ["2000"]
    assert DatasetInfosDict.from_dataset_card_data(card.data)["default"].features["x"].length == 20
    assert len(load_dataset(str(repo.folder), split="train")[0]["x"]) == 20


def test_any_config_without_a_twin_can_be_shuffled(tmp_path):
    repo = build(tmp_path, "custom-noise", shuffle_seq=True)
    expected = load_dataset("mnist1d", "custom-noise", split="test", shuffle_seq=True)
    assert sha256(load_dataset(str(repo.folder), "custom-noise", split="test")) == sha256(expected)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"parameters": NOISE}, ValueError, r"corr_noise_scale\) need the configs they are for; name them.*--config"),
        ({"configs": ["default"], "parameters": {"noise": 1}}, TypeError, "unknown generation parameter 'noise'"),
        ({"configs": ["default"], "parameters": {"seed": -1}}, ValueError, "'seed' parameter must be an integer"),
        ({"configs": ["default"], "parameters": {"train_split": 0.0001}}, ValueError, "no rows for the 'train' split"),
        (
            {"configs": ["shuffled", "default"], "parameters": {"shuffle_seq": True}},
            ValueError,
            "shuffle_seq=True makes the config 'default' the config 'shuffled'; name that one",
        ),
        (
            {"configs": ["shuffled"], "parameters": {"shuffle_seq": False}},
            ValueError,
            "shuffle_seq=False makes the config 'shuffled' the config 'default'; name that one",
        ),
        (
            {"configs": ["large"], "num_samples": 100, "parameters": {"num_samples": 200}},
            ValueError,
            "num_samples is given twice",
        ),
    ],
)
def test_parameters_that_make_no_sense_leave_nothing(options, error, message, tmp_path):
    with pytest.raises(error, match=message):
        build_dataset_repo(tmp_path / "repo", **options)
    assert not list(tmp_path.iterdir())
