"""Mistakes in a model that are seen before any training."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mnist1d_hf.baselines.recipes import DEFAULT_SETTINGS
from mnist1d_hf.benchmarking.checks import check_model
from mnist1d_hf.benchmarking.subject import find_subject
from mnist1d_hf.errors import ModelError

STREAM = torch.Generator().manual_seed(0)
X, Y = torch.randn(200, 40, generator=STREAM), torch.randint(10, (200,), generator=STREAM)


class Net(nn.Module):
    """A good one."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(40, 10)
        self.norm = nn.BatchNorm1d(10)

    def forward(self, x):
        return self.change(self.norm(self.linear(x)))

    def change(self, logits):
        return logits


def changed(change, **others):
    return type("Broken", (Net,), {"change": change, **others})


class Idle(Net):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 3), nn.Linear(2, 3, bias=False)


class Unseeded(Net):
    def __init__(self):
        super().__init__()
        self.linear.weight.data = torch.from_numpy(np.random.default_rng().normal(size=(10, 40))).float()


class Remembering(Net):
    calls = 0

    def change(self, logits):
        self.calls += 1
        return logits + self.calls


class Frozen(Net):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


class WithoutTrainingMode(Net):
    def change(self, logits):
        return logits.detach() if self.training else logits


class Failing(Net):
    def __init__(self):
        raise RuntimeError("no luck")


SHARED = Net()


def check(model):
    return check_model(find_subject(model), X, Y, DEFAULT_SETTINGS)


def fails(_, logits):
    return logits @ torch.ones(3, 3)


@pytest.mark.parametrize(
    "model", [Net, "cnn", lambda: nn.Sequential(nn.LazyLinear(5), nn.Dropout(0.5), nn.LazyLinear(10))]
)
def test_a_good_model_is_given_back_untouched(model):
    before = torch.get_rng_state()
    made = check(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert made(X).shape == (200, 10)
    assert all(one.grad is None for one in made.parameters())
    assert float(getattr(made, "norm", nn.BatchNorm1d(1)).num_batches_tracked) <= 1


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            changed(lambda _, logits: logits[:, :9]),
            r"Broken must return float logits of shape \(8, 10\), \(batch, classes\), for signals of shape \(8, 40\), got "
            r"float32 of shape \(8, 9\)",
        ),
        (changed(lambda _, logits: logits.argmax(1)), r"must return float logits .* got int64 of shape \(8,\)"),
        (changed(lambda _, logits: (logits, None)), r"must return a tensor of logits of shape \(8, 10\), got tuple"),
        (lambda: [1, 2], "model makes something of type list; it must make a torch.nn.Module, or a classifier"),
        (changed(lambda _, logits: logits.log()), "Broken gives NaN or inf before any training"),
        (changed(lambda _, logits: F.dropout(logits)), "Broken gives other logits at a second call in evaluation mode"),
        (Remembering, "Remembering gives other logits at a second call in evaluation mode"),
        (changed(lambda _, logits: logits - logits.mean(0)), "Broken gives a row other logits when other rows are in"),
        (Frozen, "Frozen has no parameters to train"),
        (nn.Identity, "Identity has no parameters to train"),
        (WithoutTrainingMode, "WithoutTrainingMode cannot be trained: RuntimeError: element 0 of tensors does not"),
        (Failing, r"Failing cannot be made: RuntimeError: no luck \(.*test_checks.py, line \d+\)"),
        (lambda: SHARED, "model gives the same weights every time; it must make new ones"),
        (
            changed(fails),
            r"Broken fails in evaluation mode for signals of shape \(8, 40\): RuntimeError: .* \(.*test_checks.py, line \d+\)",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_said_in_one_line(model, message):
    with pytest.raises(ModelError, match=message) as caught:
        check(model)
    assert "\n" not in str(caught.value)


def test_parameters_without_a_gradient_are_warned_of_by_name():
    with pytest.warns(
        UserWarning, match="of Idle get no gradient, and stay as they are: first.weight, first.bias, second"
    ):
        check(Idle)


def test_weights_from_another_generator_are_warned_of():
    with pytest.warns(UserWarning, match="Unseeded draws its weights without torch's generator"):
        check(Unseeded)


def test_frozen_parameters_are_not_warned_of():
    class PartlyFrozen(Net):
        def __init__(self):
            super().__init__()
            self.norm.requires_grad_(False)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(PartlyFrozen)
