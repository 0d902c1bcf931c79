"""Metalearning a learning rate: the loss through training, and its derivative."""

import pytest
import torch

from mnist1d_hf.experiments import metalearn_learning_rate as experiment
from mnist1d_hf.experiments.results import Results

from .reading import curves, paragraphs, said, written


def problem(dtype, steps=6):
    generator = torch.Generator().manual_seed(0)
    parameters = [tensor.to(dtype) for tensor in experiment.initial_parameters(7, 5, generator)]
    x = torch.randn(steps, 4, 7, generator=generator).to(dtype)
    y = torch.randint(0, 10, (steps, 4), generator=generator)
    return parameters, x, y


def test_the_unrolled_gradient_equals_finite_differences():
    parameters, x, y = problem(torch.float64)
    rates = torch.tensor([1.5, 0.15], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda rates: experiment.mean_training_loss(rates, parameters, x, y), (rates,))


def test_the_inner_loop_equals_sgd_with_torchs_own_modules():
    parameters, x, y = problem(torch.float64)
    model = torch.nn.Sequential(torch.nn.Linear(7, 5), torch.nn.Tanh(), torch.nn.Linear(5, 10)).double()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), parameters, strict=True):
            parameter.copy_(value.T.squeeze())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.7)
    losses = []
    for inputs, labels in zip(x, y, strict=True):
        loss = torch.nn.functional.cross_entropy(model(inputs), labels)
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    both = experiment.mean_training_loss(torch.tensor([0.7, 0.1], dtype=torch.float64), parameters, x, y)
    torch.testing.assert_close(both[0], torch.stack(losses).mean())


def made_up(ends):
    """Results of a seed for each pair of learning rates at the end."""
    settings = experiment.Settings(outer_steps=2)
    parts = experiment.EXPERIMENT.plan(settings, len(ends))
    measured = {
        part.name: experiment.Measured([[1.5, 0.9, high], [0.15, 0.4, low]], [[1.0, 2.0 + place], [3.0, 4.0]])
        for place, (part, (high, low)) in enumerate(zip(parts, ends, strict=True))
    }
    return Results("metalearn-learning-rate", settings, len(ends), parts, measured, 0.0)


def test_claims_show_where_each_start_ends():
    claims = experiment.claims(made_up([(0.62, 0.61), (0.64, 0.63)]))
    assert said(claims) == paragraphs(
        """
        from 1.5 the learning rate converges to the optimum | 0.62 | 0.630 ± 0.014 | within 5 % of where the other start
        ends, for each seed

        from 0.15 the learning rate converges to the optimum | 0.62 | 0.620 ± 0.014 | within 5 % of where the other start
        ends, for each seed
        """
    )


@pytest.mark.parametrize(("low", "holds"), [(0.59, True), (0.585, False)])
def test_the_ends_of_each_seed_have_to_be_close(low, holds):
    claims = experiment.claims(made_up([(0.62, 0.62), (0.62, low)]))
    assert [claim.holds for claim in claims] == [holds, holds]


def test_the_figure_shows_learning_rates_and_losses_of_every_seed():
    figure = experiment.plot(made_up([(0.62, 0.61), (0.64, 0.63)]))
    rates, losses = figure.axes
    *drawn, (_, published) = curves(rates)
    assert [line for _, line in drawn] == [
        [(0, start), (1, middle), (2, end)]
        for start, middle, end in [(1.5, 0.9, 0.62), (0.15, 0.4, 0.61), (1.5, 0.9, 0.64), (0.15, 0.4, 0.63)]
    ]
    assert {height for _, height in published} == {0.62}
    assert [line for _, line in curves(losses)] == [
        [(0, first), (1, second)] for first, second in [(1, 2), (3, 4), (1, 3), (3, 4)]
    ]
    assert [text.get_text() for text in rates.get_legend().get_texts()] == ["from 1.5", "from 0.15"]
    colours = [line.get_color() for line in rates.lines[:4]]
    assert colours == [line.get_color() for line in losses.lines] == [*colours[:2], *colours[:2]]
    assert len(set(colours)) == 2
    assert written(rates) == [" the paper's"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["outer step", "outer step"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["learning rate", "mean training loss (nats)"]
    assert rates.get_ylim()[0] == 0


def test_rates_begin_at_the_starts_and_follow_the_gradient(executor):
    settings = experiment.Settings(outer_steps=2, inner_steps=3, batch_size=4, hidden_size=5)
    (seen,), told = [part for part in experiment.EXPERIMENT.plan(settings, 1)], []
    measured = experiment.EXPERIMENT.measure(settings, seen, lambda done, what: told.append((done, what)))
    x, y = experiment.load_tensors("default", "train")
    parameters = experiment.initial_parameters(40, 5, experiment.generator(0))
    for start, rates, losses in zip(settings.starts, measured.learning_rates, measured.losses, strict=True):
        assert rates[0] == pytest.approx(start)
        for step in range(2):
            rate = torch.tensor([rates[step]], requires_grad=True)
            loss = experiment.mean_training_loss(rate, parameters, x[:12].view(3, 4, -1), y[:12].view(3, 4))
            loss.sum().backward()
            assert losses[step] == pytest.approx(loss.item(), rel=1e-5)
            assert rates[step + 1] == pytest.approx(rates[step] - 0.3 * rate.grad.item(), rel=1e-4)
    assert [done for done, _ in told] == [1, 2]
    ends = [rates[-1] for rates in measured.learning_rates]
    assert told[-1][1] == f"learning rates {ends[0]:.3f}, {ends[1]:.3f}"


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert set(results.measured) == {"seed0", "seed1"}
    assert all(len(rates) == 9 for rates in results.measured["seed0"].learning_rates)
    figure = experiment.plot(results)
    assert len(figure.axes[0].lines) == 5
    assert len(experiment.claims(results)) == 2
