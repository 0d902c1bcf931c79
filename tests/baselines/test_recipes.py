"""The recipes: their numbers, which the checkpoints and their cards stand for, and those of configs with more rows."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from mnist1d_hf.baselines import list_models, runs
from mnist1d_hf.baselines.architectures import get_architecture
from mnist1d_hf.baselines.recipes import (
    DEFAULT_SETTINGS,
    PAPER_SETTINGS,
    RECIPE_SIZES,
    VALIDATION_ROWS,
    TrainingSettings,
)
from mnist1d_hf.baselines.runs import train_baselines

PAPER = {
    "steps": 6000,
    "batch_size": 100,
    "learning_rate": 0.01,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
    "one_cycle": False,
    "shuffle": False,
    "validation_rows": 600,
    "early_stopping": True,
    "log_every": 250,
}
"""The paper's, but for the rows that decide when to stop."""

DEFAULTS = {
    "steps": 1500,
    "batch_size": 100,
    "learning_rate": 0.01,
    "weight_decay": 0.1,
    "label_smoothing": 0.0,
    "one_cycle": True,
    "shuffle": True,
    "validation_rows": 0,
    "early_stopping": False,
    "log_every": 100,
}

TUNED = {
    "logistic": {},
    "mlp": {"steps": 3000, "learning_rate": 0.03, "weight_decay": 0.3, "log_every": 200},
    "cnn": {"learning_rate": 0.03, "label_smoothing": 0.1},
    "gru": {"steps": 1000, "batch_size": 200, "learning_rate": 0.07, "label_smoothing": 0.1},
    "resnet": {"steps": 2000, "label_smoothing": 0.1},
    "s4d": {"steps": 1000, "learning_rate": 0.02, "label_smoothing": 0.1},
    "tcn": {"steps": 750, "learning_rate": 0.02, "label_smoothing": 0.1},
    "transformer": {"steps": 6000, "label_smoothing": 0.1, "log_every": 400},
}


class StoppedError(Exception):
    """Raised where the training would begin."""


@pytest.fixture
def settings_of(tmp_path, monkeypatch):
    """The settings that a model of a table is trained with."""
    seen = []

    def train(name, members, settings, **options):
        seen.append(dataclasses.asdict(settings))
        raise StoppedError

    def find(model, recipe, config):
        with ThreadPoolExecutor(1) as executor, pytest.raises(StoppedError):
            train_baselines(tmp_path, models=[model], tasks=[config], seeds=1, recipe=recipe, executor=executor)
        return seen.pop()

    monkeypatch.setattr(runs, "train", train)
    return find


def test_the_recipe_of_the_paper_is_pinned():
    assert dataclasses.asdict(PAPER_SETTINGS) == PAPER
    assert VALIDATION_ROWS == 600
    for name in ("logistic", "mlp", "cnn", "gru"):
        assert get_architecture(name).recipes["paper"] == PAPER_SETTINGS


def test_the_last_step_of_the_papers_loop_is_on_all_rows():
    for name in ("logistic", "mlp", "cnn", "gru"):
        settings = dataclasses.asdict(get_architecture(name).recipes["paper-4000"])
        assert settings == PAPER | {"validation_rows": 0, "early_stopping": False}
    recipes = get_architecture("mlp").recipes
    assert recipes["paper-256"] == recipes["paper-4000"]
    assert RECIPE_SIZES == {"paper-256": {"hidden_size": 256}}
    assert [name for name in list_models() if "paper-256" in get_architecture(name).recipes] == ["mlp"]


def test_the_settings_for_an_unknown_model_are_pinned():
    assert dataclasses.asdict(DEFAULT_SETTINGS) == DEFAULTS | {"learning_rate": 0.02, "label_smoothing": 0.1}


def test_the_tuned_recipes_are_pinned():
    assert dataclasses.asdict(TrainingSettings()) == DEFAULTS
    found = {name: dataclasses.asdict(get_architecture(name).recipes["tuned"]) for name in list_models()}
    assert found == {name: DEFAULTS | changes for name, changes in TUNED.items()}


@pytest.mark.parametrize("config", ["default", "shuffled"])
def test_a_recipe_is_used_as_it_is_on_as_many_rows_as_the_papers(config, settings_of):
    assert settings_of("mlp", "tuned", config) == DEFAULTS | TUNED["mlp"]
    assert settings_of("mlp", "paper", config) == PAPER


@pytest.mark.parametrize("model", list_models())
def test_more_rows_get_four_times_the_steps_and_as_many_points_of_the_curves(model, settings_of):
    tuned = DEFAULTS | TUNED[model]
    longer = {"steps": 4 * tuned["steps"], "log_every": 4 * tuned["log_every"]}
    assert settings_of(model, "tuned", "large") == tuned | longer


def test_the_recipe_of_the_paper_is_longer_on_more_rows_too(settings_of):
    assert settings_of("cnn", "paper", "large") == PAPER | {"steps": 24_000, "log_every": 1000}


def test_the_learning_rate_rises_for_a_tenth_of_the_steps_and_falls_along_a_cosine():
    rates = [TrainingSettings(steps=20, learning_rate=0.4).learning_rate_at(step) for step in (0, 1, 2, 11, 19)]
    assert rates == pytest.approx([0.2, 0.4, 0.4, 0.2, 0.003038449], rel=1e-6)
    assert TrainingSettings(steps=1, learning_rate=0.4).learning_rate_at(0) == 0.4
    assert TrainingSettings(steps=2, learning_rate=0.4).learning_rate_at(1) == 0.4
