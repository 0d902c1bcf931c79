"""Networks of one width: label noise, losses, and training them at once."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist1d_hf.baselines import CNN
from mnist1d_hf.experiments.double_descent import width_families
from mnist1d_hf.experiments.double_descent.width_families import Condition, Optimisation

from ..networks import of_member

OPTIMISATION = Optimisation(epochs=2, batch_size=10, learning_rate=0.05, momentum=0.9)


class PlainMLP(torch.nn.Module):
    """Two hidden layers, of torch's own."""

    def __init__(self, width):
        super().__init__()
        self.linear1 = torch.nn.Linear(40, width)
        self.linear2 = torch.nn.Linear(width, width)
        self.linear3 = torch.nn.Linear(width, 10)

    def forward(self, x):
        return self.linear3(self.linear2(self.linear1(x).relu()).relu())


def data(rows=40):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, 40, generator=generator), torch.randint(0, 10, (rows,), generator=generator)


@given(st.integers(1, 200), st.floats(0, 1), st.integers(0, 2**31))
def test_at_most_the_stated_share_of_labels_is_wrong(rows, share, seed):
    y = torch.arange(rows) % 10
    noisy = width_families.replace_labels(y, share, seed)
    assert int((noisy != y).sum()) <= round(share * rows)
    assert noisy.min() >= 0 and noisy.max() <= 9
    assert torch.equal(noisy, width_families.replace_labels(y, share, seed))


def test_new_labels_are_uniform_and_seeds_draw_others():
    y = torch.zeros(20_000, dtype=torch.int64)
    first, second = (width_families.replace_labels(y, 0.5, seed) for seed in (0, 1))
    assert not torch.equal(first, second)
    counts = torch.bincount(first, minlength=10)
    # A tenth of the replaced rows keeps its label; 150 is five standard deviations.
    assert (counts - torch.tensor([11_000, *[1_000] * 9])).abs().max() < 150


@pytest.mark.parametrize(("architecture", "make"), [("mlp", PlainMLP), ("cnn", lambda width: CNN(channels=width))])
def test_a_network_of_a_width_is_drawn_and_computes_as_torchs(architecture, make):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        ours = torch.nn.Sequential(*width_families.FAMILIES[architecture](6))
        torch.manual_seed(4)
        model = make(6)
    x, _ = data()
    assert [parameter.shape for parameter in ours.parameters()] == [parameter.shape for parameter in model.parameters()]
    assert torch.equal(ours(x), model(x))


@pytest.mark.parametrize("num_likelihood", [0, 2, 3])
def test_the_gradient_of_the_loss_is_torchs(num_likelihood):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 8, 10, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randint(0, 10, (3, 8), generator=generator)
    targets = torch.nn.functional.one_hot(y, 10).double()
    losses = [torch.nn.functional.cross_entropy(logits[member], y[member]) for member in range(num_likelihood)]
    losses += [(logits[member] - targets[member]).square().sum(1).mean() for member in range(num_likelihood, 3)]
    gradient = width_families.loss_gradient(logits.detach(), targets, num_likelihood)
    torch.testing.assert_close(gradient, *torch.autograd.grad(sum(losses), logits))


def plain_training(make, seed, x, y, squared):
    """Train one network the plain way."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    generator = torch.Generator().manual_seed(seed + 2**32)
    for _ in range(2):
        for rows in torch.randperm(len(x), generator=generator).split(10):
            logits = model(x[rows])
            if squared:
                loss = (logits - torch.nn.functional.one_hot(y[rows], 10)).pow(2).sum(1).mean()
            else:
                loss = torch.nn.functional.cross_entropy(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


@pytest.mark.parametrize(("architecture", "make"), [("mlp", lambda: PlainMLP(6)), ("cnn", lambda: CNN(channels=6))])
def test_members_come_out_as_they_do_alone(architecture, make):
    x, y = data()
    seeds, epochs = (0, 3), []
    labels = torch.stack([y, y, y.flip(0), y.flip(0)])
    network = width_families.train_members(
        architecture, 6, x, labels, 2, seeds, OPTIMISATION, lambda: epochs.append(None)
    )
    assert len(epochs) == 2
    for member, seed in enumerate(seeds * 2):
        model = plain_training(make, seed, x, labels[member], squared=member >= 2)
        expected = [parameter.detach() for parameter in model.parameters()]
        torch.testing.assert_close(of_member(network, member), expected, rtol=1e-4, atol=1e-5)


def test_errors_are_counted_on_the_labels_of_training_and_the_true_ones_of_the_test_rows():
    training, test = data(), data(2300)
    conditions = [Condition(0.25), Condition(0.0), Condition(0.25, squared_error=True)]
    errors = width_families.train_width("mlp", 5, conditions, (0, 1), OPTIMISATION, training, test, lambda: None)
    assert errors.num_parameters == sum(parameter.numel() for parameter in PlainMLP(5).parameters())
    for number, condition in enumerate(conditions):
        for seed in (0, 1):
            noisy = width_families.replace_labels(training[1], condition.label_noise, seed)
            model = plain_training(lambda: PlainMLP(5), seed, training[0], noisy, condition.squared_error)
            for x, y, measured in ((training[0], noisy, errors.train), (*test, errors.test)):
                missed = (model(x).argmax(1) != y).double().mean().item()
                assert measured[number][seed] == pytest.approx(missed, abs=2 / len(x))
