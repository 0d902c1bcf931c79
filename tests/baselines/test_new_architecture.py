"""Adding an architecture is adding one file: everything else finds it in the registry."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from mnist1d_hf.baselines import (
    MODELS,
    architectures,
    bundled,
    create_model,
    data,
    evaluate,
    list_models,
    load_model,
    load_tensors,
)
from mnist1d_hf.baselines.architectures import base, get_architecture, register
from mnist1d_hf.baselines.report import write_report
from mnist1d_hf.baselines.runs import train_baselines
from mnist1d_hf.baselines.table import evaluate_checkpoints, format_table

MODULE = '''
"""A model that somebody adds."""

from torch import nn

from ..recipes import TrainingSettings
from .base import Baseline, register


@register(cost=3, recipes={"tuned": TrainingSettings(steps=40, learning_rate=3e-2, log_every=20)})
class Tiny(Baseline):
    """A bottleneck with a norm (many parameters)."""

    architecture = "tiny"

    def __init__(self, final_seq_length: int = 40, num_classes: int = 10, hidden_size: int = 20) -> None:
        super().__init__(final_seq_length, num_classes)
        self.hidden_size = hidden_size
        self.layers = nn.Sequential(
            nn.Linear(final_seq_length, hidden_size), nn.BatchNorm1d(hidden_size), nn.Linear(hidden_size, num_classes)
        )

    def forward(self, x):
        self.check_input(x)
        return self.layers(x)
'''


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """An architecture whose file stands in the folder of the architectures, as far as Python can tell."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "tiny.py").write_text(MODULE)
    monkeypatch.setattr(architectures, "__path__", [*architectures.__path__, str(tmp_path / "folder")])
    architectures.import_architectures()
    yield MODELS["tiny"]
    del base._architectures["tiny"], sys.modules[f"{architectures.__name__}.tiny"]


def test_an_added_architecture_is_listed_after_the_papers(tiny):
    assert list_models() == ["logistic", "mlp", "cnn", "gru", "resnet", "s4d", "tcn", "tiny", "transformer"]
    model = create_model("tiny", hidden_size=7)
    assert type(model) is tiny
    assert model(torch.zeros(3, 40)).shape == (3, 10)
    assert get_architecture("tiny").published("default") is None


def test_an_added_architecture_is_trained_evaluated_tabulated_and_described(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FRESH_ROWS", 500)
    with ThreadPoolExecutor(1) as executor:
        (folder,) = train_baselines(tmp_path, models=["tiny"], tasks=["default"], seeds=2, executor=executor)
    model = load_model(folder)
    assert type(model) is tiny
    assert not model.training
    test = load_tensors("default", "test")
    evaluation = evaluate(model, test)
    assert evaluation.accuracy > 0.2
    assert evaluation == evaluate(tiny.from_pretrained(folder), test)
    monkeypatch.setattr(bundled, "resource_folder", {"models": tmp_path}.__getitem__)
    assert load_model("tiny").metadata["seed"] == 0
    (result,) = evaluate_checkpoints()
    assert (result.model, result.evaluation, result.paper) == ("tiny", evaluation, "")
    assert format_table([result]).splitlines()[1].startswith("tiny ")
    write_report(tmp_path)
    card = (folder / "README.md").read_text()
    assert "# Tiny on MNIST-1D\n\nA bottleneck with a norm. The model has " in card
    assert "| 1 | tiny | tuned |" in (tmp_path / "README.md").read_text()


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="there is another architecture named 'cnn'; give CNN another name"):
        register(cost=1, recipes={})(MODELS["cnn"])


def test_all_belongs_to_this_package_again():
    assert "tiny" not in list_models()
