"""The dataset card, read with stock huggingface_hub and datasets."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace

import datasets
import jinja2
import pytest
import yaml
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard

from mnist1d_hf import CONFIGS, DATA_VERSION, __version__, paper
from mnist1d_hf.dataset.parameters import PARAMETER_NAMES
from mnist1d_hf.hub import dataset_card
from mnist1d_hf.hub.dataset_plan import plan_dataset
from mnist1d_hf.hub.dataset_repo import build_dataset_repo
from mnist1d_hf.hub.manifest import FileHash


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    return build_dataset_repo(tmp_path_factory.mktemp("card") / "mnist1d", num_samples=11_000)


@pytest.fixture(scope="module")
def card(repo):
    return DatasetCard.load(repo.folder / "README.md")


def test_stock_huggingface_hub_parses_the_card(card):
    data = card.data
    assert (data.license, data.pretty_name) == ("apache-2.0", "MNIST-1D")
    assert data.task_categories == ["tabular-classification"]
    assert data.size_categories == ["1K<n<10K", "10K<n<100K"]
    assert "timeseries" in data.tags
    # What the Hub does to every card it is sent: the block between the rulers is YAML with unique keys.
    header = card.content.split("---\n")[1]
    assert yaml.safe_load(header) == data.to_dict()


def test_metadata_uses_the_vocabulary_that_datasets_ships(card):
    resources = Path(datasets.__file__).parent / "utils" / "resources"
    creators = json.loads((resources / "creators.json").read_text())
    known_sizes = json.loads((resources / "size_categories.json").read_text())
    assert set(card.data.size_categories) <= set(known_sizes)
    assert set(dataset_card._SIZE_CATEGORIES) <= set(known_sizes)
    assert set(card.data.annotations_creators) <= set(creators["annotations"])


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (10, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (9999, "1K<n<10K"),
        (10_000, "10K<n<100K"),
        (10**11, "100B<n<1T"),
    ],
)
def test_the_size_category_has_the_rows_of_both_splits(rows, category):
    splits = {"train": SimpleNamespace(num_examples=rows - 5), "test": SimpleNamespace(num_examples=5)}
    assert dataset_card._size_categories({"default": SimpleNamespace(splits=splits)}) == [category]


def test_configs_name_their_files_and_the_default(card, repo):
    configs = {entry["config_name"]: entry for entry in card.data.configs}
    assert set(configs) == set(CONFIGS)
    assert [name for name, entry in configs.items() if entry.get("default")] == ["default"]
    for entry in configs.values():
        for data_file in entry["data_files"]:
            assert list(repo.folder.glob(data_file["path"]))


def test_dataset_info_counts_what_is_there(card, repo):
    infos = DatasetInfosDict.from_dataset_card_data(card.data)
    for config, rows in repo.rows.items():
        info = infos[config]
        assert {name: split.num_examples for name, split in info.splits.items()} == rows
        assert (info.features["x"].length, info.features["y"].names[9]) == (40, "9")
        assert info.download_size == sum(size for path, size in repo.files.items() if path.startswith(f"{config}/"))
        assert info.dataset_size == 168 * sum(rows.values())


def test_nothing_is_left_to_fill_in(card):
    assert not re.search(r"\{\{|\{%|More Information|TODO|None|Undefined", card.text.replace("= {{", "= {"))


def test_a_space_is_linked_where_one_is_published(card, repo):
    assert "`mnist1d-hf demo`" in card.text
    assert "huggingface.co/spaces" not in card.text
    published = dataset_card.render_dataset_card(repo.infos, "ada/mnist1d")
    assert "](https://huggingface.co/spaces/ada/mnist1d)" in published
    assert "mnist1d-hf demo" not in published


def test_a_missing_value_is_an_error(monkeypatch):
    monkeypatch.delattr(dataset_card.paper, "AUTHORS")
    with pytest.raises(jinja2.UndefinedError, match="AUTHORS"):
        dataset_card.render_dataset_card({})


def test_the_card_says_what_the_code_says(card):
    text = card.text
    assert __version__ in text and DATA_VERSION in text
    for name in PARAMETER_NAMES:
        values = " | ".join(
            str(getattr(CONFIGS[config].replace(num_samples=11_000) if config == "large" else CONFIGS[config], name))
            for config in CONFIGS
        )
        assert f"| `{name}` | {values} |" in text
    for accuracies in paper.TABLE_1.values():
        assert " | ".join(map(str, accuracies.values())) in text
    assert paper.BIBTEX in text
    # The Hub makes every arXiv link a tag, so there must be no other.
    assert set(re.findall(r"arxiv\.org/abs/([\d.]+)", text)) == {paper.ARXIV_ID}


def test_tables_are_whole(card):
    for table in re.findall(r"(?:^\|.*\n)+", card.text, flags=re.MULTILINE):
        rows = [row for row in table.splitlines()]
        assert len({row.count("|") for row in rows}) == 1, table
        assert re.fullmatch(r"[|:-]+", rows[1])


def test_linked_figures_are_in_the_repository(card, repo):
    figures = re.findall(r"!\[.*?\]\((.*?)\)", card.text)
    assert len(figures) == 2
    assert all(figure in repo.files for figure in figures)


def test_the_code_in_the_card_runs(card, repo, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", card.text, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        scope = {}
        exec(block.replace("<namespace>/mnist1d", str(repo.folder)), scope)
        assert scope["dataset"]["train"].num_rows == 4000


def test_the_framework_lines_in_the_card_run(card, repo, monkeypatch, jax):
    import duckdb
    import torch

    monkeypatch.chdir(repo.folder)
    scope = {"torch": torch, "duckdb": duckdb, "dataset": datasets.load_dataset(str(repo.folder), "default")}
    lines = dict(re.findall(r"^\| (\w+) \| `(.+?)` \|$", card.text, flags=re.MULTILINE))
    lines = {name: line for name, line in lines.items() if "(" in line}
    assert set(lines) == {"NumPy", "PyTorch", "JAX", "TensorFlow", "pandas", "Polars", "Arrow", "DuckDB"}
    # TensorFlow is not among the libraries the tests install.
    for name in set(lines) - {"TensorFlow"}:
        assert len(eval(lines[name], scope)) > 0


def test_the_torch_loops_in_the_card_have_every_row(card, repo):
    from mnist1d_hf.baselines import Batches, to_tensors

    dataset = datasets.load_dataset(str(repo.folder), "default")
    stream = datasets.load_dataset(str(repo.folder), "default", split="train", streaming=True)
    scope = {"Batches": Batches, "dataset": dataset, "stream": stream, "to_tensors": to_tensors}
    loops = re.findall(r"`for x, y in (.+)`", card.text)
    assert len(loops) == 2
    for loop in loops:
        assert sum(len(y) for _, y in eval(loop, scope)) == 4000


@pytest.mark.parametrize(
    ("num_samples", "category"),
    [(10, "n<1K"), (10**9, "1B<n<10B"), (10**12 - 1, "100B<n<1T"), (10**12, "n>1T")],
)
def test_the_card_is_right_up_to_a_trillion_rows(num_samples, category, tmp_path):
    plan = plan_dataset(["large"], num_samples)
    files = {file.path: FileHash(file.estimated_size, "0" * 64, "0" * 40) for file in plan.files}
    plan.write_documents(tmp_path, files)
    card = DatasetCard.load(tmp_path / "README.md")
    assert card.data.size_categories == [category]
    info = DatasetInfosDict.from_dataset_card_data(card.data)["large"]
    assert sum(split.num_examples for split in info.splits.values()) == num_samples
    assert info.download_size == 161 * num_samples
    assert f"{info.splits['train'].num_examples:,}" in card.text
    # All files of a split, and no others, are found by its pattern, in subfolders or not.
    ((config,),) = (card.data.configs,)
    for found in config["data_files"]:
        paths = [file.path for file in plan.files if file.split == found["split"]]
        assert all(glob_matches(path, found["path"]) for path in (paths[0], paths[-1]))
        assert not any(glob_matches(file.path, found["path"]) for file in plan.files if file.split != found["split"])


def glob_matches(path, pattern):
    """Whether a pattern of fsspec, in which a star stands for no slash, matches a path."""
    parts = path.split("/"), pattern.split("/")
    return len(parts[0]) == len(parts[1]) and all(map(fnmatch, *parts))
