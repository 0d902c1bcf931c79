"""Training: stacked members equal single ones, nothing is random, and the validation rows stay apart."""

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from mnist1d_hf.baselines import create_model, evaluate, list_models, load_tensors, training
from mnist1d_hf.baselines.architectures import MODELS, get_architecture
from mnist1d_hf.baselines.members import Separate, Stack
from mnist1d_hf.baselines.recipes import RECIPES, TrainingSettings
from mnist1d_hf.baselines.training import train
from mnist1d_hf.errors import ModelError
from mnist1d_hf.utils.seeds import generator

SHORT = TrainingSettings(steps=12, batch_size=20, log_every=5, label_smoothing=0.1)
RUNS = [("default", 0), ("default", 1), ("shuffled", 0)]
STACKED = ["logistic", "mlp", "cnn", "gru"]


def fresh(name, seed, **sizes):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return create_model(name, **sizes)


def stack(models):
    return Stack(models, type(models[0]).stack(models))


def rows_of(members, rows, length=40, seed=0):
    stream = torch.Generator().manual_seed(seed)
    return torch.randn(members, rows, length, generator=stream), torch.randint(10, (members, rows), generator=stream)


def test_the_papers_models_are_stacked_and_the_others_which_gain_nothing_are_not():
    assert [name for name in list_models() if MODELS[name].stack([create_model(name)])] == STACKED


SIZES = {
    "logistic": [{}, {"final_seq_length": 7, "num_classes": 3}],
    "mlp": [{}, {"final_seq_length": 7, "hidden_size": 5}],
    "cnn": [{}, {"final_seq_length": 21, "channels": 4, "num_classes": 11}, {"final_seq_length": 3, "channels": 1}],
    "gru": [{}, {"final_seq_length": 9, "hidden_size": 3}, {"final_seq_length": 1, "hidden_size": 1}],
}


@pytest.mark.parametrize(("name", "sizes"), [(name, sizes) for name in STACKED for sizes in SIZES[name]])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_stacked_logits_and_gradients_equal_those_of_each_model(name, sizes, label_smoothing):
    models = [fresh(name, seed, **sizes) for seed in range(3)]
    members = stack(models)
    # Batches of other sizes before, whose traces must not be left in the memory.
    for rows in (7, 20, 7):
        x, labels = rows_of(3, rows, models[0].final_seq_length, seed=rows)
        labels %= models[0].num_classes
        members.forward(x + 1)
        logits = members.set_gradients(x, labels, label_smoothing)
    before = [members.state(member) for member in range(3)]
    (whole,) = members.parameters
    # What the states change by is the gradients, with the names and the shapes of torch's.
    whole.sub_(whole.grad)
    torch.testing.assert_close(members.forward(x + 1), stack_of(members, models).forward(x + 1))
    for member, model in enumerate(models):
        expected = model(x[member])
        torch.testing.assert_close(logits[member], expected, rtol=1e-5, atol=1e-6)
        F.cross_entropy(expected, labels[member], label_smoothing=label_smoothing).backward()
        after = members.state(member)
        for key, parameter in model.named_parameters():
            assert torch.equal(before[member][key], parameter)
            torch.testing.assert_close(before[member][key] - after[key], parameter.grad, rtol=1e-4, atol=1e-6)


def stack_of(members, models):
    """Return a new stack of models that have the states of members."""
    copies = copy.deepcopy(models)
    for member, model in enumerate(copies):
        model.load_state_dict(members.state(member))
    return stack(copies)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, Separate) for name in list_models()] + [(name, stack) for name in STACKED]
)
def test_states_are_copies_of_all_that_a_model_has(name, kind):
    models = [fresh(name, seed) for seed in range(2)]
    members, expected = kind(models), copy.deepcopy(models[1].state_dict())
    state = members.state(1)
    with torch.no_grad():
        for tensor in members.parameters:
            tensor += 1
    assert set(state) == set(expected)
    assert all(torch.equal(tensor, expected[key]) for key, tensor in state.items())
    torch.testing.assert_close(members.state(1), {key: tensor + 1 for key, tensor in state.items()})


@pytest.mark.parametrize("name", ["resnet", "mlp"])
def test_separate_members_give_the_numbers_of_a_plain_loop(name):
    models = [fresh(name, seed) for seed in range(3)]
    members, copies = Separate(models), copy.deepcopy(models)
    assert len(members.parameters) == 3 * len(list(models[0].parameters()))
    for seed in range(2):  # the second time, the first gradients are gone
        x, labels = rows_of(3, 7, seed=seed)
        logits = members.set_gradients(x, labels, 0.1)
    assert not logits.requires_grad
    assert not members.forward(x).requires_grad
    for member, model in enumerate(copies):
        expected = model(x[member])
        F.cross_entropy(expected, labels[member], label_smoothing=0.1).backward()
        assert torch.equal(logits[member], expected)
        assert torch.equal(members.forward(x)[member], expected)
        for ours, theirs in zip(models[member].parameters(), model.parameters(), strict=True):
            assert torch.equal(ours.grad, theirs.grad)


def test_separate_members_are_in_training_only_while_they_train():
    models = [torch.nn.Dropout(0.5), torch.nn.Dropout(0.5)]
    members, x = (
        Separate([torch.nn.Sequential(torch.nn.Linear(10, 10), dropout) for dropout in models]),
        torch.ones(2, 3, 10),
    )
    members.set_gradients(x, torch.zeros(2, 3, dtype=torch.int64), 0.0)
    assert all(dropout.training for dropout in models)
    assert torch.equal(members.forward(x), members.forward(x))


class WithDropout(torch.nn.Sequential):
    def __init__(self, length, classes):
        super().__init__(torch.nn.Dropout(0.5), torch.nn.Linear(length, classes))


def test_what_a_seed_draws_in_training_depends_on_nothing_but_the_seed():
    together = train(WithDropout, RUNS, SHORT)
    before = torch.get_rng_state()
    for (task, seed), expected in zip(RUNS, together, strict=True):
        torch.rand(seed + 1)
        (alone,) = train(WithDropout, [(task, seed)], SHORT)
        assert alone.curves == expected.curves
        for name, tensor in alone.model.state_dict().items():
            assert torch.equal(tensor, expected.model.state_dict()[name])
    torch.rand(2)
    torch.set_rng_state(before)
    train(WithDropout, RUNS, SHORT)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loss_that_is_no_number_is_said_with_its_seed_and_step():
    class Failing(torch.nn.Linear):
        calls = 0

        def forward(self, x):
            Failing.calls += self.training
            return super().forward(x) * (
                math.nan if Failing.calls == 16 else 1.0
            )  # the second model at its eighth step

    with pytest.raises(
        ModelError, match="the loss of seed 1 on the task 'default' is nan at step 8: try a lower learning"
    ):
        train(Failing, RUNS[:2], SHORT)


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 30),
    batch_size=st.integers(1, 40),
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=3),
    shuffle=st.booleans(),
    held_out=st.integers(0, 5),
)
def test_batches_are_cut_from_epochs_in_random_order_one_after_another_without_a_gap(
    rows, batch_size, seeds, shuffle, held_out
):
    total = rows + held_out
    # Of each member, a row is known by its number.
    data = [(torch.arange(total).view(-1, 1) + 1000.0 * member, torch.arange(total)) for member in range(len(seeds))]
    recipe = TrainingSettings(batch_size=batch_size, shuffle=shuffle)
    batches = training._Batches(data, rows, seeds, recipe, "cpu")
    count = training._GATHERED_BATCHES + 3
    x, labels = (torch.stack(tensors, dim=1) for tensors in zip(*(batches.next() for _ in range(count)), strict=True))
    assert x.shape == (len(seeds), count, batch_size, 1)
    epochs = -(-count * batch_size // rows)
    for member, seed in enumerate(seeds):
        stream = generator(seed, "batches")
        order = torch.cat(
            [torch.randperm(rows, generator=stream) if shuffle else torch.arange(rows) for _ in range(epochs)]
        )
        expected = order[: count * batch_size].view(count, batch_size)
        assert torch.equal(labels[member], expected)
        assert torch.equal(x[member, :, :, 0], expected + 1000.0 * member)


@pytest.mark.long
@pytest.mark.parametrize("name", list_models())
def test_a_member_trains_as_it_would_alone(name):
    together = train(name, RUNS, SHORT)
    assert [(run.task, run.seed) for run in together] == RUNS
    x, _ = load_tensors("default", "test[:100]")
    for member, run in zip(together, RUNS, strict=True):
        (alone,) = train(name, [run], SHORT)
        if name not in STACKED:
            state = alone.model.state_dict()
            assert all(torch.equal(tensor, state[key]) for key, tensor in member.model.state_dict().items())
        # Logits, not weights: Adam makes much of the rounding of a gradient that is zero, as that of a key's bias.
        torch.testing.assert_close(member.model(x), alone.model(x), rtol=0, atol=2e-3)
        np.testing.assert_allclose(member.curves.train_loss, alone.curves.train_loss, rtol=1e-4)


@pytest.mark.parametrize("name", ["logistic", "mlp", "cnn", "gru", "resnet", "s4d", "tcn"])
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
    from mnist1d_hf.baselines import data

    loaded = []
    real = load_tensors

    def spy(config, split="train", **parameters):
        x, y = real(config, split, **parameters)
        loaded.append(split)
        if changed:
            x[-600:] = 0
        return x, y

    monkeypatch.setattr(data, "load_tensors", spy)
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
        monkeypatch.setattr(MODELS["logistic"], "stack", lambda models: None)
    runs = train("logistic", RUNS, settings)
    for run in runs:
        x, y = load_tensors(run.task, "train[-600:]")
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
