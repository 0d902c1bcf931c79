"""Learning and comparison of activation functions: the same networks for each, what is kept, and the authors' log."""

import dataclasses

import pytest
import torch
from torch import nn

from mnist1d_hf.experiments.metalearn_activation.activation_transfer import Data
from mnist1d_hf.experiments.metalearn_activation.activations import FIXED
from mnist1d_hf.experiments.metalearn_activation.comparison import IMAGES, SIGNALS, Task, compare
from mnist1d_hf.experiments.metalearn_activation.learning import Problem, Trial, learn
from mnist1d_hf.experiments.metalearn_activation.settings import Settings
from mnist1d_hf.experiments.metalearn_activation.unrolled import Batches, Weights
from mnist1d_hf.utils.seeds import generator, seeded

SMALL = Settings(
    num_samples=250, hidden_units=5, outer_steps=12, inner_steps=4, counted_steps=2, batch_size=10, mlp_units=4,
    evaluations=2,
)  # fmt: skip


def no_count(*_):
    """Count nothing."""


def tasks():
    stream = torch.Generator().manual_seed(0)
    labels = torch.arange(100) % 10
    signals, images = torch.randn(100, 1, 40, generator=stream), torch.randn(100, 1, 12, 12, generator=stream)
    return {
        SIGNALS: Task("signals drawn", Data(signals[:80], labels[:80], signals[80:], labels[80:]), (1,)),
        IMAGES: Task("images drawn", Data(images[:80], labels[:80], images[80:], labels[80:]), (1, 2)),
    }


def test_functions_are_compared_on_the_same_networks():
    told = []
    functions = {"first": FIXED["ReLU"], "again": FIXED["ReLU"], "other": FIXED["tanh"]}
    found = compare(Problem(SMALL), functions, tasks(), 0, lambda steps, what: told.append((steps, what)))
    assert found.names == ["first", "again", "other"]
    lists = (found.losses, found.all_losses, found.accuracies, found.unseen_losses, found.unseen_accuracies)
    for values in (*lists, *found.transfers.values()):
        assert values[0] == values[1]
    assert found.losses[0] != found.losses[2]
    assert found.losses != found.unseen_losses
    assert list(found.transfers) == [SIGNALS, IMAGES]
    for task, epochs in ((SIGNALS, 1), (IMAGES, 2)):
        for curves in found.transfers[task]:
            assert list(curves) == ["training_losses", "test_losses", "accuracies"]
            assert {len(values) for values in curves.values()} == {epochs}
    assert all(0 <= accuracy <= 100 for accuracy in (*found.accuracies, *found.unseen_accuracies))
    assert found.images == "images drawn"
    assert told == [
        (1, f"CNN on {name}, {function}: {curves['accuracies'][-1]:.1f} %")
        for name, key in (("signals drawn", SIGNALS), ("images drawn", IMAGES))
        for function, curves in zip(functions, found.transfers[key], strict=True)
    ]


def test_without_tasks_there_are_only_mlps():
    found = compare(Problem(SMALL), {"it": FIXED["ReLU"]}, {}, 0, no_count)
    assert (found.images, found.transfers) == ("", {})
    assert found.losses[0] > 0


def test_losses_are_those_of_the_last_steps_or_of_all():
    of_last, of_all = (
        compare(Problem(dataclasses.replace(SMALL, counted_steps=steps)), {"it": FIXED["ReLU"]}, {}, 0, no_count)
        for steps in (2, 4)
    )
    assert of_last.all_losses == of_all.all_losses == of_all.losses != of_last.losses


def test_the_mlp_of_the_comparison_is_that_of_the_learning():
    problem = Problem(SMALL)
    trial = problem.draw_trial([5], seed=3)
    weights, batches = problem.draw_own_mlp(generator(3))
    for drawn, expected in zip((*weights, *batches), (*trial.weights, *trial.batches), strict=True):
        assert torch.equal(drawn, expected)
    # 250 rows, of which 200 are for training: four steps of ten are the first forty.
    assert torch.equal(batches.x, problem.data.x[:40].view(4, 10, 40))
    assert torch.equal(batches.y, problem.data.y[:40].view(4, 10))


def test_rows_begin_again_after_the_last():
    problem = Problem(dataclasses.replace(SMALL, inner_steps=21))
    _, batches = problem.draw_own_mlp(generator(0))
    assert torch.equal(batches.x[20], batches.x[0])
    assert not torch.equal(batches.noise[20], batches.noise[0])


def test_noise_is_within_its_bounds_and_differs_between_steps():
    problem = Problem(dataclasses.replace(SMALL, inner_steps=50))
    trial = problem.draw_trial([3, 5], seed=0)
    for noise, units in ((trial.noise, 5), (trial.batches.noise, 4)):
        assert noise.shape == (50, units)
        assert noise.abs().max() <= 0.1
        assert noise.max() > 0.09
        assert noise.min() < -0.09


def test_the_course_has_a_value_for_each_outer_step_and_eleven_curves_at_most():
    told, problem = [], Problem(SMALL)
    _, course = learn(problem, problem.draw_trial([5], 0), 0.3, lambda steps, what: told.append((steps, what)))
    for values in (course.outer_losses, course.outer_accuracies, course.gradient_norms, course.largest_inputs):
        assert len(values) == 12
    assert [steps for steps, _ in told] == [1] * 12
    assert all(what.startswith("mean inner loss ") for _, what in told)
    # Every second of twelve, and the last one.
    assert len(course.curves) == 7
    assert {len(curve) for curve in course.curves} == {101}
    assert all(0 <= accuracy <= 100 for accuracy in course.outer_accuracies)
    assert min(course.gradient_norms) > 0
    assert min(course.largest_inputs) > 0


def test_outer_steps_end_where_nothing_changes_any_more():
    problem = Problem(SMALL)
    trial = problem.draw_trial([5], 0)
    endless = trial._replace(parameters=[torch.full_like(parameter, 1e30) for parameter in trial.parameters])
    _, course = learn(problem, endless, 0.3, no_count)
    assert course.gradient_norms == [-1.0]
    assert len(course.outer_losses) == 1


def first_step(learning_rate=0.3, **changes):
    problem = Problem(dataclasses.replace(SMALL, outer_steps=2))
    trial = problem.draw_trial([5], 0)
    return learn(problem, trial._replace(**changes), learning_rate, no_count)[1]


def test_the_outer_rate_and_the_networks_noise_matter():
    course = first_step()
    assert course == first_step()
    slower = first_step(learning_rate=0.1)
    assert slower.outer_losses[0] == course.outer_losses[0]
    assert slower.curves[-1] != course.curves[-1]
    assert first_step(noise=torch.zeros(4, 5)).curves[-1] != course.curves[-1]


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_decides_the_course(seed, same):
    problem = Problem(dataclasses.replace(SMALL, outer_steps=1))
    first, second = (learn(problem, problem.draw_trial([5], one), 0.3, no_count)[1] for one in (0, seed))
    assert (first.outer_losses == second.outer_losses) is same


def authors_mlp():
    layers = nn.Linear(40, 128), nn.Linear(128, 10)
    return Weights(*(torch.cat([layer.weight.detach().T, layer.bias.detach().unsqueeze(0)]) for layer in layers))


def authors_trials(problem):
    """What the authors' code draws with seed 0 for the first outer step, and for all others.

    Each step of a training draws noise on the network and on the MLP, all but the first once more when it is tested; the curve
    that is drawn after it takes noise on the network, too. Then comes the MLP of the next training.
    """
    with seeded(0):
        layers = nn.Linear(1, 100), nn.Linear(100, 1)
        first = authors_mlp()
    with seeded(0):
        noise = []
        for step in range(301):
            noise.append([0.1 * (2 * torch.rand(1, units) - 1).squeeze(0) for units in (100, 128)])
            if step > 0:
                torch.rand(1, 100), torch.rand(1, 128)
        torch.rand(1, 100)
        others = authors_mlp()
    parameters = [tensor.detach().double() for layer in layers for tensor in (layer.weight.T, layer.bias)]
    of_network, of_mlp = (torch.stack(each) for each in zip(*noise, strict=True))
    _, batches = problem.draw_own_mlp(generator(0))
    trial = Trial(parameters, of_network, first, Batches(batches.x, batches.y, of_mlp))
    return trial, trial._replace(weights=others)


@pytest.mark.long
def test_from_the_authors_draws_the_first_objectives_are_those_of_their_log():
    problem = Problem(Settings(outer_steps=1))
    first, others = authors_trials(problem)
    activation, course = learn(problem, first, 0.3, no_count)
    problem.settings = Settings(outer_steps=6)
    _, later = learn(problem, others._replace(parameters=activation.parameters), 0.3, no_count)
    logged = [1.352, 1.314, 1.284, 1.252, 1.212, 1.170, 1.132]
    # Their own two logs, of different machines, agree until outer step 10.
    assert [*course.outer_losses, *later.outer_losses] == pytest.approx(logged, abs=0.006)
