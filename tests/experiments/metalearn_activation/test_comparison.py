"""The comparison of activation functions: the same networks for each, and what is kept of them."""

import dataclasses

import pytest

from mnist1d_hf.experiments.metalearn_activation.activations import FIXED
from mnist1d_hf.experiments.metalearn_activation.comparison import CNN, DIGITS, compare
from mnist1d_hf.experiments.metalearn_activation.learning import Problem, learn
from mnist1d_hf.experiments.metalearn_activation.settings import Settings

SMALL = Settings(
    num_samples=250, hidden_units=5, outer_steps=12, inner_steps=4, counted_steps=2, batch_size=10, mlp_units=4,
    evaluations=2, transfer_epochs=(1,),
)  # fmt: skip


def test_functions_are_compared_on_the_same_networks():
    told = []
    functions = {"first": FIXED["ReLU"], "again": FIXED["ReLU"], "other": FIXED["tanh"]}
    found = compare(Problem(SMALL), functions, 0, lambda steps, what: told.append((steps, what)))
    assert found.names == ["first", "again", "other"]
    for values in (found.losses, found.all_losses, found.accuracies, *found.transfers.values()):
        assert values[0] == values[1]
    assert found.losses[0] != found.losses[2]
    assert list(found.transfers) == [CNN, DIGITS]
    assert [len(accuracies) for task in found.transfers.values() for accuracies in task] == [1] * 6
    assert all(0 <= accuracy <= 100 for accuracy in found.accuracies)
    assert told == [
        (1, f"{task}, {name}: {accuracies[-1]:.1f} %")
        for task, transfers in found.transfers.items()
        for name, accuracies in zip(functions, transfers, strict=True)
    ]


def test_losses_are_those_of_the_last_steps_or_of_all():
    of_last, of_all = (
        compare(Problem(dataclasses.replace(SMALL, counted_steps=steps)), {"it": FIXED["ReLU"]}, 0, lambda *_: None)
        for steps in (2, 4)
    )
    assert of_last.all_losses == of_all.all_losses == of_all.losses != of_last.losses


def test_the_course_has_a_value_for_each_outer_step_and_eleven_curves_at_most():
    told = []
    _, course = learn(Problem(SMALL), [5], 0, lambda steps, what: told.append((steps, what)))
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


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_decides_the_course(seed, same):
    settings = dataclasses.replace(SMALL, outer_steps=1)
    first, second = (learn(Problem(settings), [5], one, lambda *_: None)[1] for one in (0, seed))
    assert (first.outer_losses == second.outer_losses) is same
