"""Metalearning a learning rate: the loss through training, and its derivative."""

import numpy as np
import pytest
import torch

from mnist1d_hf.experiments import metalearn_learning_rate as experiment
from mnist1d_hf.experiments.results import Results

from .reading import curves, paragraphs, said


def problem(dtype, steps=6):
    generator = torch.Generator().manual_seed(0)
    parameters = [tensor.to(dtype) for tensor in experiment.initial_parameters(7, 5, generator)]
    x = torch.randn(steps, 4, 7, generator=generator).to(dtype)
    y = torch.randint(0, 10, (steps, 4), generator=generator)
    return parameters, x, y


def test_the_unrolled_gradient_equals_finite_differences():
    parameters, x, y = problem(torch.float64)
    rates = torch.tensor([1.5, 0.15], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda rates: experiment.training_losses(rates, parameters, x, y), (rates,))


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
    both = experiment.training_losses(torch.tensor([0.7, 0.1], dtype=torch.float64), parameters, x, y)
    torch.testing.assert_close(both[:, 0], torch.stack(losses))


def made_up(ends, authors=(0.62435, 0.62031)):
    """Results of a seed for each pair of learning rates at the end, and of a run with the authors' weights."""
    settings = experiment.Settings(outer_steps=49)
    parts = experiment.EXPERIMENT.plan(settings, len(ends))

    def course(start, end):
        return [start, *np.linspace(start, end, 49).tolist()[1:], end]

    measured = {
        part.name: experiment.Measured(
            [course(1.5, high), course(0.15, low)], [[1.0, 2.0 + place], [3.0, 4.0]], [[5.0, 6.0 + place], [7.0, 8.0]]
        )
        for place, (part, (high, low)) in enumerate(zip(parts, [*ends, authors], strict=True))
    }
    for rates, logged in zip(measured["authors"].learning_rates, (1.0444, 0.54068), strict=True):
        rates[7] = logged
    return Results("metalearn-learning-rate", settings, len(ends), parts, measured, 0.0)


ENDS = [(0.62, 0.61), (0.64, 0.63)]


def test_claims_show_where_each_start_ends():
    claims = experiment.claims(made_up(ENDS))
    margin = "within 10 % of 0.62, two one-sided t-tests over seeds, p < 0.05"
    authors = "with the authors' initial weights, the learning rates after outer step"
    assert said(claims) == paragraphs(
        f"""
        from both starts the learning rate converges to one optimum | 0.62 | 0.630 ± 0.014 and 0.620 ± 0.014 | they end within
        5 % of each other, for each seed

        from 1.5 the learning rate ends at 0.62 | 0.62 | 0.630 ± 0.014 | {margin}

        from 0.15 the learning rate ends at 0.62 | 0.62 | 0.620 ± 0.014 | {margin}

        {authors} 6 are those of their log | 1.044 and 0.5407 | 1.0444 and 0.5407 | both within 0.0005

        {authors} 48 are those of their log | 0.6243 and 0.6203 | 0.6243 and 0.6203 | both within 0.0005
        """
    )
    assert [claim.is_control for claim in claims] == [False] * 3 + [True] * 2
    assert all(claim.holds for claim in claims[3:])


@pytest.mark.parametrize(("low", "verdict"), [(0.59, "holds"), (0.585, "cannot be told")])
def test_the_ends_of_each_seed_have_to_be_close(low, verdict):
    assert experiment.claims(made_up([(0.62, 0.62), (0.62, low)]))[0].verdict == verdict


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [((0.60, 0.61, 0.62), "holds"), ((0.70, 0.705, 0.71), "does not hold"), ((0.54, 0.70, 0.70), "cannot be told")],
)
def test_the_distance_to_the_published_optimum_is_tested(ends, verdict):
    claims = experiment.claims(made_up([(end, end) for end in ends]))
    assert [claim.verdict for claim in claims[1:3]] == [verdict] * 2


def test_a_run_that_is_not_the_authors_does_not_hold():
    first, last = experiment.claims(made_up(ENDS, authors=(0.625, 0.6203)))[3:]
    assert (first.verdict, last.verdict) == ("holds", "does not hold")


def test_the_figure_shows_objective_last_loss_and_learning_rates_of_every_part():
    results = made_up(ENDS)
    figure = experiment.plot(results)
    objective, final, rates = figure.axes
    parts = list(results.measured.values())
    for axes, measured in ((objective, "losses"), (final, "final_losses")):
        lines = [[height for _, height in line] for _, line in curves(axes)]
        assert lines == [values for part in parts for values in getattr(part, measured)]
    *drawn, (_, published) = curves(rates)
    for (_, line), values in zip(drawn, (values for part in parts for values in part.learning_rates), strict=True):
        assert [height for _, height in line] == pytest.approx(values, abs=1e-5)
    assert {height for _, height in published} == {0.62}
    assert [text.get_text() for text in rates.get_legend().get_texts()] == [
        "from 1.5, the authors' weights", "from 0.15, the authors' weights", "the paper's optimum",
    ]  # fmt: skip
    colours = [line.get_color() for line in rates.lines[:6]]
    assert colours == [line.get_color() for line in objective.lines] == [*colours[:2]] * 3
    assert len(set(colours)) == 2
    assert [axes.get_title() for axes in figure.axes] == [
        "mean training loss (outer objective)", "training loss of the last inner step", "learning rate",
    ]  # fmt: skip
    assert {axes.get_xlabel() for axes in figure.axes} == {"outer step"}
    assert [axes.get_ylabel() for axes in figure.axes] == ["nats", "nats", ""]
    assert rates.get_ylim()[0] == 0


def test_the_authors_weights_leave_torchs_generator_alone():
    before = torch.get_rng_state()
    w1, b1, w2, b2 = experiment.authors_parameters(40, 50)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(0)
    first, second = torch.nn.Linear(40, 50), torch.nn.Linear(50, 10)
    torch.set_rng_state(before)
    x = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(second(torch.tanh(first(x))), torch.tanh(x @ w1 + b1) @ w2 + b2)


LOG = {3: ((1.259, 0.4909), (1.808, 1.722), (1.588, 1.555)), 6: ((1.044, 0.5407), (1.762, 1.718), (1.508, 1.535))}
LOG[48] = (0.6243, 0.6203), (1.716, 1.716), (1.505, 1.506)


def assert_logged(measured, steps):
    for step in steps:
        rates, losses, final_losses = LOG[step]
        assert [values[step + 1] for values in measured.learning_rates] == pytest.approx(rates, abs=5e-4)
        assert [values[step] for values in measured.losses] == pytest.approx(losses, abs=1e-3)
        assert [values[step] for values in measured.final_losses] == pytest.approx(final_losses, abs=2e-3)


def of_the_authors(outer_steps):
    settings = experiment.Settings(outer_steps=outer_steps)
    *_, part = experiment.EXPERIMENT.plan(settings, 1)
    assert part.name == "authors"
    return experiment.EXPERIMENT.measure(settings, part, lambda *_: None)


def test_with_the_authors_weights_the_first_outer_steps_are_those_of_their_log():
    assert_logged(of_the_authors(4), [3])


@pytest.mark.long
def test_with_the_authors_weights_all_outer_steps_are_those_of_their_log():
    assert_logged(of_the_authors(49), LOG)


def test_rates_begin_at_the_starts_and_follow_the_gradient(executor):
    settings = experiment.Settings(outer_steps=2, inner_steps=3, batch_size=4, hidden_size=5)
    (seen, _), told = experiment.EXPERIMENT.plan(settings, 1), []
    measured = experiment.EXPERIMENT.measure(settings, seen, lambda done, what: told.append((done, what)))
    x, y = experiment.load_tensors("default", "train")
    parameters = experiment.initial_parameters(40, 5, experiment.generator(0))
    for start, rates, losses, last in zip(settings.starts, *vars(measured).values(), strict=True):
        assert rates[0] == pytest.approx(start)
        for step in range(2):
            rate = torch.tensor([rates[step]], requires_grad=True)
            inner = experiment.training_losses(rate, parameters, x[:12].view(3, 4, -1), y[:12].view(3, 4))
            loss = inner.mean()
            loss.backward()
            assert losses[step] == pytest.approx(loss.item(), rel=1e-5)
            assert last[step] == pytest.approx(inner[-1].item(), rel=1e-5)
            assert rates[step + 1] == pytest.approx(rates[step] - 0.3 * rate.grad.item(), rel=1e-4)
    assert [done for done, _ in told] == [1, 2]
    ends = [rates[-1] for rates in measured.learning_rates]
    assert told[-1][1] == f"learning rates {ends[0]:.3f}, {ends[1]:.3f}"


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert set(results.measured) == {"seed0", "seed1", "authors"}
    assert all(len(rates) == 9 for rates in results.measured["seed0"].learning_rates)
    figure = experiment.plot(results)
    assert len(figure.axes[2].lines) == 7
    claims = experiment.claims(results)
    assert len(claims) == 4
    assert claims[-1].holds
