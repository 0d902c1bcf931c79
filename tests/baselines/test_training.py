"""Training: stacked members equal single ones, nothing is random, and the validation rows stay apart."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mnist1d_hf.baselines import create_model, evaluate, list_models, load_tensors, training
from mnist1d_hf.baselines.architectures import base, get_architecture
from mnist1d_hf.baselines.recipes import RECIPES, TrainingSettings
from mnist1d_hf.baselines.stacked import stack_parameters, unstack_parameters
from mnist1d_hf.baselines.training import train

SHORT = TrainingSettings(steps=12, batch_size=20, log_every=5, label_smoothing=0.1)
RUNS = [("default", 0), ("default", 1), ("shuffled", 0)]
STACKED = {name: stacked for name in list_models() if (stacked := get_architecture(name).stacked)}


def fresh(name, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return create_model(name)


def test_all_are_stacked_but_the_resnet_which_gains_nothing():
    assert set(list_models()) - set(STACKED) == {"resnet"}


@pytest.mark.parametrize("name", STACKED)
def test_stacked_logits_and_gradients_equal_those_of_each_model(name):
    models = [fresh(name, seed) for seed in range(3)]
    x = torch.randn(3, 7, 40, generator=torch.Generator().manual_seed(0))
    parameters = stack_parameters(models)
    logits = STACKED[name](parameters, x)
    logits.square().sum().backward()
    for member, model in enumerate(models):
        expected = model(x[member])
        torch.testing.assert_close(logits[member], expected, rtol=1e-5, atol=1e-6)
        expected.square().sum().backward()
        for key, parameter in model.named_parameters():
            torch.testing.assert_close(parameters[key].grad[member], parameter.grad, rtol=1e-4, atol=1e-4)
        restored = unstack_parameters(parameters, member)
        assert all(torch.equal(restored[key], tensor) for key, tensor in model.state_dict().items())


@pytest.mark.long
@pytest.mark.parametrize("name", list_models())
def test_a_member_trains_as_it_would_alone(name):
    together = train(name, RUNS, SHORT)
    assert [(run.config, run.seed) for run in together] == RUNS
    x, _ = load_tensors("default", "test[:100]")
    for member, run in zip(together, RUNS, strict=True):
        (alone,) = train(name, [run], SHORT)
        if name not in STACKED:
            state = alone.model.state_dict()
            assert all(torch.equal(tensor, state[key]) for key, tensor in member.model.state_dict().items())
        # Logits, not weights: Adam makes much of the rounding of a gradient that is zero, as that of a key's bias.
        torch.testing.assert_close(member.model(x), alone.model(x), rtol=0, atol=2e-3)
        np.testing.assert_allclose(member.curves.train_loss, alone.curves.train_loss, rtol=1e-4)


@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet"])
def test_training_equals_a_plain_loop(name):
    """The loop one would write by hand, with torch's own module, optimiser and scheduler."""
    settings = dataclasses.replace(SHORT, label_smoothing=0.0, shuffle=False, weight_decay=0.3, steps=20)
    (trained,) = train(name, [("default", 5)], settings)
    model = fresh(name, 5)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    x, y = load_tensors("default", "train")
    for step in range(settings.steps):
        optimizer.param_groups[0]["lr"] = settings.learning_rate_at(step)
        rows = slice(step * 20, step * 20 + 20)
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    for key, tensor in model.state_dict().items():
        torch.testing.assert_close(trained.model.state_dict()[key], tensor, rtol=1e-3, atol=1e-5)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    first, second, third = (train("cnn", [("default", seed)], SHORT)[0].model.state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not any(torch.equal(first[key], third[key]) for key in first)


def test_global_random_state_is_neither_read_nor_changed():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = train("mlp", [("default", 0)], SHORT)[0].model.state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = train("mlp", [("default", 0)], SHORT)[0].model.state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_validation_and_test_rows_are_not_trained_on(monkeypatch):
    from mnist1d_hf.baselines import training

    loaded = []
    real = load_tensors

    def spy(config, split="train", **parameters):
        x, y = real(config, split, **parameters)
        loaded.append(split)
        if changed:
            x[-600:] = 0
        return x, y

    monkeypatch.setattr(training, "load_tensors", spy)
    settings = dataclasses.replace(SHORT, validation_rows=600, steps=200)
    weights = []
    for changed in (False, True):  # noqa: B007 - read by the spy
        weights.append(train("logistic", [("default", 0)], settings)[0].model.state_dict())
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    assert set(loaded) == {"train"}


def test_curves_show_learning():
    settings = TrainingSettings(steps=300, validation_rows=600, log_every=100, learning_rate=3e-2)
    (run,) = train("cnn", [("default", 0)], settings)
    assert run.curves.step == (100, 200, 300)
    assert run.curves.train_loss[0] > run.curves.train_loss[-1]
    assert run.curves.train_accuracy[-1] > run.curves.train_accuracy[0] > 0.2
    x, y = load_tensors("default", "train[-600:]")
    with torch.no_grad():
        accuracy = (run.model(x).argmax(1) == y).float().mean()
    assert run.curves.validation_accuracy[-1] == pytest.approx(accuracy.item(), abs=0.002)
    assert accuracy > 0.6


@pytest.mark.parametrize("stacked", [True, False])
def test_early_stopping_keeps_the_best_point(stacked, monkeypatch):
    settings = TrainingSettings(
        steps=120, validation_rows=600, log_every=20, learning_rate=1.0, one_cycle=False, early_stopping=True
    )
    if not stacked:
        unstacked = dataclasses.replace(get_architecture("logistic"), stacked=None)
        monkeypatch.setitem(base._architectures, "logistic", unstacked)
    runs = train("logistic", RUNS, settings)
    for run in runs:
        x, y = load_tensors(run.config, "train[-600:]")
        with torch.no_grad():
            accuracy = (run.model(x).argmax(1) == y).float().mean().item()
        assert accuracy == pytest.approx(max(run.curves.validation_accuracy), abs=1e-6)
    assert any(run.curves.validation_accuracy[-1] < max(run.curves.validation_accuracy) for run in runs)


def test_the_one_cycle_schedule_rises_then_falls_to_zero():
    settings = TrainingSettings(steps=100, learning_rate=0.5)
    rates = [settings.learning_rate_at(step) for step in range(100)]
    assert np.argmax(rates) in (9, 10)
    assert max(rates) == 0.5
    assert np.all(np.diff(rates[10:]) < 0)
    assert rates[-1] < 0.001
    assert {TrainingSettings(one_cycle=False).learning_rate_at(step) for step in (0, 99)} == {1e-2}


def test_progress_is_told_losses_and_accuracies():
    seen = []
    train("mlp", RUNS, SHORT, progress=lambda step, loss, accuracy: seen.append((step, loss, accuracy)))
    assert [step for step, *_ in seen] == [5, 10, 12]
    assert all(math.isfinite(loss) and 0 <= accuracy <= 1 for _, loss, accuracy in seen)


def test_more_validation_rows_than_are_classified_at_once():
    settings = dataclasses.replace(SHORT, steps=3, validation_rows=5_003)
    (trained,) = train("logistic", [("large", 0)], settings, train_rows=5_103)
    rows = load_tensors("large", "train[100:5103]", num_samples=5_614)
    assert len(rows[0]) == 5_003
    assert trained.curves.validation_accuracy == pytest.approx([evaluate(trained.model, rows).accuracy])


def test_every_model_has_a_tuned_recipe_and_the_papers_four_the_papers():
    recipes = {name: get_architecture(name).recipes for name in list_models()}
    assert [name for name in recipes if "paper" in recipes[name]] == ["logistic", "mlp", "cnn", "gru"]
    assert all(set(recipe) <= set(RECIPES) for recipe in recipes.values())
    assert all(recipe["tuned"].validation_rows == 0 for recipe in recipes.values())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"steps": 0}, ValueError, "'steps' parameter must be an integer of at least 1, got 0"),
        ({"batch_size": 1.5}, TypeError, "'batch_size' parameter must be an integer"),
        ({"learning_rate": 0}, ValueError, "'learning_rate' setting must be a finite number of at least 0, got 0"),
        ({"learning_rate": "1"}, TypeError, "'learning_rate' setting must be a number, got '1'"),
        ({"weight_decay": math.nan}, ValueError, "'weight_decay' setting must be a finite number"),
        ({"label_smoothing": 1.0}, ValueError, "'label_smoothing' setting must be below 1, got 1.0"),
        ({"early_stopping": True}, ValueError, "early_stopping=True needs validation_rows"),
    ],
)
def test_bad_settings_raise(changes, error, message):
    with pytest.raises(error, match=message):
        TrainingSettings(**changes)


@pytest.mark.parametrize("device", ["abacus", "meta"])
def test_a_device_that_is_not_there_raises(device):
    with pytest.raises(ValueError, match=r"the device .* is not available; there is cpu"):
        train("logistic", RUNS, SHORT, device=device)


def test_no_row_left_raises():
    with pytest.raises(ValueError, match=r"validation_rows=4000 leaves no row of 4000 to train on"):
        train("logistic", RUNS, dataclasses.replace(SHORT, validation_rows=4000))


def test_of_equally_good_points_the_first_is_kept():
    class Weights:
        point = 0

        def state(self, member):
            return {"point": self.point}

    members = Weights()
    best = training._BestWeights(members)
    for members.point, validation in enumerate([(0.5, 0.9), (0.7, 0.9), (0.7, 0.2)]):
        best.update(torch.tensor(validation))
    assert [best.state(member)["point"] for member in (0, 1)] == [1, 0]
