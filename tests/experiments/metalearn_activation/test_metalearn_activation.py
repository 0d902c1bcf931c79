"""Metalearning an activation function: the table, the training, its derivative, and the transfer."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist1d_hf.baselines import CNN
from mnist1d_hf.experiments import metalearn_activation as experiment
from mnist1d_hf.experiments.metalearn_activation.activation_transfer import ActivatedCNN, load_digits, train_cnn
from mnist1d_hf.experiments.metalearn_activation.activations import (
    FIXED,
    LIMIT,
    OUTPUT_SCALE,
    TabulatedActivation,
    elu,
    initial_network,
    network,
)
from mnist1d_hf.experiments.metalearn_activation.claims import transfer_ranks
from mnist1d_hf.experiments.metalearn_activation.comparison import CNN as CNN_TASK
from mnist1d_hf.experiments.metalearn_activation.comparison import DIGITS, FIXED_KIND, LEARNED, Measured
from mnist1d_hf.experiments.metalearn_activation.figure import spread
from mnist1d_hf.experiments.metalearn_activation.learning import _descend, local_extrema
from mnist1d_hf.experiments.metalearn_activation.settings import Settings
from mnist1d_hf.experiments.metalearn_activation.unrolled import Batches, RMSProp, Weights, reverse, train
from mnist1d_hf.experiments.results import Results

from ..reading import curves, paragraphs, said, written

TORCHS = {
    "ReLU": F.relu,
    "Swish": F.silu,
    "ELU": F.elu,
    "Softplus": F.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
# The first call of a function of torch takes its time.
quickly = settings(deadline=None, max_examples=25)
OPTIMIZER = RMSProp(0.01, 0.4)


def problem(dtype=torch.float64, steps=12, batch=5, length=6, hidden=7):
    generator = torch.Generator().manual_seed(0)
    parameters = initial_network([4, 3], generator)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    weights = Weights(normal(length + 1, hidden), normal(hidden + 1, 10))
    labels = torch.randint(0, 10, (steps, batch), generator=generator)
    return parameters, weights, Batches(normal(steps, batch, length), labels, 0.1 * normal(steps, hidden))


def exact(parameters):
    """The activation function without a table."""
    return lambda x: F.elu(x) + OUTPUT_SCALE * network(parameters, x.flatten())[0].view_as(x)


def plain_losses(activation, weights, batches, optimizer):
    """The losses of the training as one graph, each gradient by automatic differentiation."""
    weights = [weight.clone().requires_grad_() for weight in weights]
    averages = [torch.ones_like(weight) for weight in weights]
    losses = []
    for x, y, noise in zip(*batches, strict=True):
        first, second = weights
        hidden = activation(x @ first[:-1] + first[-1]) + noise
        losses.append(F.cross_entropy(hidden @ second[:-1] + second[-1], y))
        gradients = torch.autograd.grad(losses[-1], weights, create_graph=True)
        averages = [
            optimizer.decay * average + (1 - optimizer.decay) * gradient**2
            for average, gradient in zip(averages, gradients, strict=True)
        ]
        weights = [
            weight - optimizer.learning_rate * gradient / (average.sqrt() + 1e-8)
            for weight, gradient, average in zip(weights, gradients, averages, strict=True)
        ]
    return torch.stack(losses)


def unrolled_gradient(parameters, weights, batches, importance):
    activation = TabulatedActivation(parameters, importance.dtype)
    training = train(activation, weights, batches, OPTIMIZER, keep_steps=True)
    reverse(activation, training.steps, importance, OPTIMIZER)
    return training.losses, torch.cat([gradient.flatten() for gradient in activation.parameter_gradient()])


@quickly
@given(arrays(float, 20, elements=st.floats(-30, 30)))
def test_the_fixed_functions_and_their_slopes_are_torchs(values):
    assert set(FIXED) == set(TORCHS)
    for name, activation in FIXED.items():
        x = torch.tensor(values, requires_grad=True)
        expected = TORCHS[name](x)
        expected.sum().backward()
        value, slope = activation(x.detach())
        torch.testing.assert_close(value, expected.detach())
        torch.testing.assert_close(slope, x.grad)


@quickly
@given(
    arrays(float, 20, elements=st.floats(-LIMIT, LIMIT, exclude_max=True, width=32)),
    st.integers(0, 99),
    st.sampled_from([[5], [4, 3]]),
)
def test_the_table_is_the_network_to_rounding(values, seed, hidden):
    parameters = initial_network(hidden, torch.Generator().manual_seed(seed))
    x = torch.tensor(values, requires_grad=True)
    expected = exact(parameters)(x)
    (slopes,) = torch.autograd.grad(expected.sum(), x)
    for dtype in (torch.float32, torch.float64):
        value, slope = TabulatedActivation(parameters, dtype)(x.detach().to(dtype))
        torch.testing.assert_close(value.double(), expected.detach(), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(slope.double(), slopes, rtol=1e-6, atol=1e-6)


@quickly
@given(st.floats(1, 1e6))
def test_the_network_keeps_its_value_beyond_the_table(factor):
    parameters = initial_network([5], torch.Generator().manual_seed(0))
    ends = torch.tensor([-LIMIT, LIMIT], dtype=torch.float64)
    value, slope = TabulatedActivation(parameters, torch.float64)(factor * ends)
    torch.testing.assert_close(value, elu(factor * ends)[0] + OUTPUT_SCALE * network(parameters, ends)[0])
    if factor > 1:
        torch.testing.assert_close(slope, elu(factor * ends)[1])


@quickly
@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.integers(0, 99))
def test_the_networks_slope_is_its_derivative(hidden, seed):
    generator = torch.Generator().manual_seed(seed)
    parameters = initial_network(hidden, generator)
    assert [tuple(weight.shape) for weight in parameters[::2]] == list(zip([1, *hidden], [*hidden, 1], strict=True))
    x = torch.randn(9, generator=generator, dtype=torch.float64, requires_grad=True)
    values, slopes = network(parameters, x)
    torch.testing.assert_close(slopes, torch.autograd.grad(values.sum(), x)[0])


def test_the_inner_loop_equals_torchs_own_modules_and_rmsprop():
    _, weights, batches = problem()
    model = torch.nn.Sequential(torch.nn.Linear(6, 7), torch.nn.SiLU(), torch.nn.Linear(7, 10)).double()
    with torch.no_grad():
        for layer, weight in zip((model[0], model[2]), weights, strict=True):
            layer.weight.copy_(weight[:-1].T)
            layer.bias.copy_(weight[-1])
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01, alpha=0.4, eps=1e-8)
    for parameter in model.parameters():
        optimizer.state[parameter] = {"step": torch.zeros(()), "square_avg": torch.ones_like(parameter)}
    losses = []
    for x, y, noise in zip(*batches, strict=True):
        loss = F.cross_entropy(model[2](model[1](model[0](x)) + noise), y)
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    training = train(FIXED["Swish"], weights, batches, OPTIMIZER)
    torch.testing.assert_close(training.losses, torch.stack(losses))
    torch.testing.assert_close(training.weights.first[:-1].T, model[0].weight.detach())
    torch.testing.assert_close(training.weights.second[-1], model[2].bias.detach())
    assert training.steps == []


def test_the_unrolled_gradient_equals_finite_differences():
    parameters, weights, batches = problem()
    importance = torch.linspace(0, 1, 12, dtype=torch.float64)
    _, gradient = unrolled_gradient(parameters, weights, batches, importance)
    differences = []
    for parameter in parameters:
        for element in range(parameter.numel()):
            ends = []
            for step in (1e-6, -1e-6):
                parameter.view(-1)[element] += step
                losses = train(TabulatedActivation(parameters, torch.float64), weights, batches, OPTIMIZER).losses
                ends.append((importance * losses).sum())
                parameter.view(-1)[element] -= step
            differences.append((ends[0] - ends[1]) / 2e-6)
    torch.testing.assert_close(gradient, torch.stack(differences), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-8), (torch.float32, 1e-5)])
def test_the_unrolled_gradient_equals_that_of_one_graph_without_a_table(dtype, tolerance):
    parameters, weights, batches = problem(dtype, steps=60)
    importance = torch.zeros(60, dtype=dtype)
    importance[-40:] = 1 / 40
    leaves = [parameter.to(dtype).requires_grad_() for parameter in parameters]
    expected = plain_losses(exact(leaves), weights, batches, OPTIMIZER)
    gradients = torch.autograd.grad((importance * expected).sum(), leaves)
    losses, gradient = unrolled_gradient(parameters, weights, batches, importance)
    torch.testing.assert_close(losses, expected.detach(), rtol=tolerance, atol=tolerance)
    expected_gradient = torch.cat([tensor.flatten() for tensor in gradients]).double()
    assert (gradient - expected_gradient).norm() < tolerance * expected_gradient.norm()


def test_a_gradient_that_is_not_finite_is_clamped_and_what_is_no_number_ignored():
    stepped = _descend([torch.zeros(4)], [torch.tensor([float("inf"), -9.0, float("nan"), 0.05])], Settings())
    torch.testing.assert_close(stepped[0], torch.tensor([-0.03, 0.03, 0.0, -0.015]))


def test_local_extrema_are_found():
    assert local_extrema(lambda x: (x**3 / 3 - x, x * x - 1.01)) == [-1.0, 1.01]
    assert local_extrema(FIXED["ELU"]) == []


def test_the_cnn_with_relu_is_the_baseline():
    baseline, activated = CNN(), ActivatedCNN([40], FIXED["ReLU"])
    activated.load_state_dict(baseline.state_dict())
    x = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(activated(x.unsqueeze(1)), baseline(x))
    for model, inputs in ((activated, x.unsqueeze(1)), (baseline, x)):
        model(inputs).square().sum().backward()
    for own, expected in zip(activated.parameters(), baseline.parameters(), strict=True):
        torch.testing.assert_close(own.grad, expected.grad)


def test_the_cnn_learns_digits_and_leaves_torchs_generator_alone():
    data = load_digits()
    assert data.x.shape == (1437, 1, 8, 8)
    assert len(data.test_y) == 360
    before = torch.get_rng_state()
    first, last = train_cnn(FIXED["tanh"], data, (1, 2), seed=0)
    assert torch.equal(before, torch.get_rng_state())
    assert 20 < first < last
    assert train_cnn(FIXED["tanh"], data, (1,), seed=0) == [first]


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert len(results.measured) == 6
    learned, fixed = results.measured["learned-seed1"], results.measured["fixed-seed1"]
    assert len(learned.outer_losses) == 5
    assert len(learned.curves) == 6
    assert learned.outer_losses[-1] < learned.outer_losses[0]
    assert fixed.names == list(FIXED)
    assert fixed.curves == []
    assert len(experiment.claims(results)) == 10
    assert [len(axis.lines) for axis in experiment.plot(results).axes] == [5, 8, 6, 4, 7, 7]


@quickly
@given(st.lists(st.floats(0, 1), max_size=7))
def test_names_beside_an_axis_do_not_overlap(places):
    moved = spread(sorted(places), 0.1)
    assert all(b - a > 0.0999 for a, b in pairwise(moved))
    assert all(place <= 1 for place in moved)


def made_up(learned, extrema, transferred):
    """Results with losses and accuracies from 1 to 6 for the fixed ones."""
    ranks = [float(number) for number in range(1, 7)]

    def measured(names, losses, accuracies, transfers, **course):
        curves = {task: [[value, value] for value in transfers] for task in (CNN_TASK, DIGITS)}
        return Measured(names, losses, losses, accuracies, curves, **course)

    def of_part(kind, seed):
        if kind == FIXED_KIND:
            losses = [rank + 0.01 * seed for rank in ranks]
            return measured(list(FIXED), losses, [10 * rank for rank in ranks], ranks)
        course = {"outer_losses": [learned], "extrema": extrema}
        return measured([kind], [learned], [70 - 10 * learned], [transferred], **course)

    parts = experiment.EXPERIMENT.plan(Settings(), 3)
    by_name = {part.name: of_part(**part.values) for part in parts}
    return Results(experiment.EXPERIMENT.name, Settings(), 3, parts, by_name, 0.0)


def test_claims_follow_from_the_numbers():
    holds = [claim.holds for claim in experiment.claims(made_up(0.2, [-1.0, 0.5], 3.5))]
    assert holds == [True, True, True, False, True, False, True, True, True, True]
    holds = [claim.holds for claim in experiment.claims(made_up(1.5, [0.5], 9))]
    assert holds == [False, False, False, False, False, True, False, False, False, False]


PAIRED = "one-sided paired t-test over seeds, p < 0.05, against each of them"


def test_claims_show_the_numbers():
    results = made_up(0.2, [-1.0, 0.5], 3.5)
    nowhere = dataclasses.replace(results.measured["learned-seed1"], extrema=[])
    results.measured["learned-seed1"] = nowhere
    own, ranked = "the learned activation function", "rank 4 of 7, 3.5 ± 0.0 % against 6.0 ± 0.0 % of sigmoid"
    networks = "in CNNs on MNIST and CIFAR-10"
    assert said(experiment.claims(results)) == paragraphs(
        f"""
        {own} trains the MLP to a lower loss than every fixed one | 0.94 against 1.34 of ReLU (not means
        over the same steps) | 0.20 ± 0.00 against 1.01 ± 0.01 of ReLU, the best of them | {PAIRED}

        {own} gives the MLP a higher test accuracy than every fixed one, in percent | more than 5 points
        ahead | 68.0 ± 0.0 against 60.0 ± 0.0 of sigmoid, the best of them | {PAIRED}

        points of test accuracy by which {own} is ahead of the best fixed one | more than 5 | 8.0 ± 0.0 |
        the published margin, for each seed

        inner losses averaged as the published ones were: {own}'s over the last 200 inner steps and all
        outer steps, those of the others over all inner steps | learned 0.94, ReLU 1.34, Swish 1.37, ELU
        1.47, tanh 1.52, Softplus 1.65 | learned 0.20, ReLU 1.01, Swish 2.01, ELU 3.01, tanh 5.01, Softplus
        4.01 | means over seeds within 10 % of each

        {own} is not monotonic and has two local extrema | 2 | at -1.00 and 0.50; no place; -1.00 and 0.50 |
        two changes of the slope's sign between -5 and 5, for each seed

        transferred, it is best early in training: CNN on MNIST-1D, epoch 1 | best early in training,
        {networks} | {ranked}, the best fixed one | rank 1 by the mean test accuracy over seeds

        transferred, it is in the middle of the pack: CNN on MNIST-1D, 40 epochs | middle of the pack,
        {networks} | {ranked}, the best fixed one | rank 3 to 5 by the mean test accuracy over seeds

        transferred, it is in the middle of the pack: CNN on 8×8 digits, 40 epochs | middle of the pack,
        {networks} | {ranked}, the best fixed one | rank 3 to 5 by the mean test accuracy over seeds

        {own}, its network with two hidden layers, trains the MLP to a lower loss than every fixed one |
        0.94 against 1.34 of ReLU (not means over the same steps) | 0.20 ± 0.00 against 1.01 ± 0.01 of ReLU,
        the best of them | {PAIRED}

        {own}, its network with two hidden layers, gives the MLP a higher test accuracy than every fixed
        one, in percent | more than 5 points ahead | 68.0 ± 0.0 against 60.0 ± 0.0 of sigmoid, the best of
        them | {PAIRED}
        """
    )


def test_losses_near_the_published_ones_hold():
    published = {"ReLU": 1.34, "Swish": 1.37, "ELU": 1.47, "tanh": 1.52, "Softplus": 1.65}
    for factor, holds in ((1.0, True), (1.09, True), (0.91, True), (1.11, False), (0.89, False)):
        results = made_up(0.94, [], 1.0)
        for seed in range(3):
            part = results.measured[f"fixed-seed{seed}"]
            losses = [published.get(name, 9.0) * (factor if name == "ELU" else 1) for name in part.names]
            results.measured[f"fixed-seed{seed}"] = dataclasses.replace(part, all_losses=losses)
        assert experiment.claims(results)[3].holds is holds


def test_the_figure_shows_what_was_measured():
    results = made_up(0.2, [-1.0, 0.5], 3.5)
    for number, (name, part) in enumerate(results.measured.items()):
        if not name.startswith("fixed"):
            curve = [[-1.0 - number, 0.0, 1.0 + step] for step in range(3)]
            course = {"outer_losses": [1.0 + number, 0.5], "outer_accuracies": [50.0 + number, 60.0], "curves": curve}
            results.measured[name] = dataclasses.replace(part, **course)
    for seed in range(3):
        part = results.measured[f"fixed-seed{seed}"]
        transfers = {task: [[place + seed] * 6 for place in range(6)] for task in part.transfers}
        results.measured[f"fixed-seed{seed}"] = dataclasses.replace(part, transfers=transfers)
    for kind in (LEARNED, "learned-two-layers"):
        for seed in range(3):
            part = results.measured[f"{kind}-seed{seed}"]
            results.measured[f"{kind}-seed{seed}"] = dataclasses.replace(
                part, transfers={task: [[3.5] * 5 + [7.5]] for task in part.transfers}
            )
    objective, accuracy, shape, final, *transferred = experiment.plot(results).axes
    lines = [line for _, line in curves(objective)]
    # Two layers first, in the order of the plan; then one; then the published mean.
    assert lines[:6] == [[(0, 1.0 + number), (1, 0.5)] for number in range(6)]
    assert {height for _, height in lines[6]} == {0.94}
    assert [text.get_text() for text in objective.get_legend().get_texts()] == [
        "two hidden layers", "one hidden layer", "one layer, published mean",
    ]  # fmt: skip
    assert objective.get_title() == "mean of the last 200 inner losses"
    lines = [line for _, line in curves(accuracy)]
    assert lines[:3] == [[(0, 53.0 + seed), (1, 60.0)] for seed in range(3)]
    assert [line[0][1] for line in lines[3:]] == [10, 20, 30, 40, 50, 60]
    assert set(written(accuracy)) == {*FIXED, LEARNED}
    assert [line for _, line in curves(shape)] == [[(-5, -4), (0, 0), (5, 1 + step)] for step in range(3)]
    assert [text.get_text() for text in shape.get_legend().get_texts()] == ["first outer step", "last outer step"]
    # Each seed's last curve, and its extrema on it.
    ends = [-4.0, -5.0, -6.0]
    assert [line for _, line in curves(final)][::2] == [[(-5, end), (0, 0), (5, 3)] for end in ends]
    assert [line for _, line in curves(final)][1::2] == [[(-1, end / 5), (0.5, 0.3)] for end in ends]
    assert [text.get_text() for text in final.get_legend().get_texts()] == ["seed 0", "seed 1", "seed 2"]
    epochs = (1, 2, 5, 10, 20, 40)
    for axes, task in zip(transferred, (CNN_TASK, DIGITS), strict=True):
        lines = [line for _, line in curves(axes)]
        assert lines[0] == [*((epoch, 3.5) for epoch in epochs[:5]), (40, 7.5)]
        assert sorted(lines[1:]) == [[(epoch, 1.0 + place) for epoch in epochs] for place in range(6)]
        assert axes.get_title() == f"test accuracy of the {task}"
        assert axes.get_xscale() == "log"
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "5", "10", "20", "40"]
        colours = {text.get_text(): text.get_color() for text in axes.texts}
        heights = {line.get_color(): line.get_ydata()[-1] for line in axes.lines}
        assert {name: heights[colour] for name, colour in colours.items()} == {
            LEARNED: 7.5, **{name: 1.0 + place for place, name in enumerate(FIXED)},
        }  # fmt: skip
        drawn = [float(heights[colours[name]]) for name in written(axes)]
        assert drawn == sorted(drawn)


@quickly
@given(st.floats(0, 7))
def test_ranks_count_the_better_ones(transferred):
    ranks = transfer_ranks(made_up(1.0, [], transferred), CNN_TASK, 0)
    assert ranks[LEARNED] == 1 + sum(rank > transferred for rank in range(1, 7))


def test_the_margin_is_over_the_best_fixed_one_of_each_seed():
    results = made_up(0.2, [], 1.0)
    margin = next(claim for claim in experiment.claims(results) if claim.statement.startswith("points"))
    assert margin.measured == "8.0 ± 0.0"
    worse = dataclasses.replace(results.measured["fixed-seed1"], accuracies=[64.0] * 6)
    results.measured["fixed-seed1"] = worse
    margin = next(claim for claim in experiment.claims(results) if claim.statement.startswith("points"))
    assert not margin.holds
    assert margin.measured == f"{np.mean([8, 4, 8]):.1f} ± {np.std([8, 4, 8], ddof=1):.1f}"
