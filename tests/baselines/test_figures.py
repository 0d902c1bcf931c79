"""What the figures of training and its results show, read back from them."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mnist1d_hf.baselines.figures import plot_curves, plot_results
from mnist1d_hf.baselines.results import Result
from mnist1d_hf.baselines.tasks import BENCHMARK_TASKS
from mnist1d_hf.utils.statistics import mean_interval


def metrics(model="cnn", task="shuffled", seeds=2, validation=True, accuracy=0.5):
    runs = [
        {
            "seed": seed,
            "test": {"accuracy": accuracy + 0.01 * seed},
            "curves": {
                "step": [100, 200],
                "train_loss": [2.0 + seed, 1.0],
                "train_accuracy": [0.25, 0.75 + 0.1 * seed],
                "validation_accuracy": [0.2, 0.6 + 0.1 * seed] if validation else [],
            },
        }
        for seed in range(seeds)
    ]
    return {"model": model, "task": task, "runs": runs}


def points(lines):
    return [line.get_xydata().round(6).tolist() for line in lines]


def test_the_curves_of_every_seed_are_drawn():
    figure = plot_curves(metrics())
    losses, accuracies = figure.axes
    assert points(losses.lines) == [[[100, 2], [200, 1]], [[100, 3], [200, 1]]]
    assert points(accuracies.lines) == [
        [[100, 25], [200, 75]], [[100, 20], [200, 60]], [[200, 50]],
        [[100, 25], [200, 85]], [[100, 20], [200, 70]], [[200, 51]],
    ]  # fmt: skip
    assert (losses.get_xlabel(), losses.get_ylabel()) == ("step", "training loss (nats)")
    assert (accuracies.get_xlabel(), accuracies.get_ylabel()) == ("step", "accuracy (%)")
    assert losses.get_ylim()[0] == 0
    assert accuracies.get_ylim() == (0, 101)
    assert figure.get_suptitle() == "cnn on shuffled, 2 seeds"
    colours = {text.get_text(): text.get_color() for text in accuracies.texts}
    training, validation, end = (line.get_color() for line in accuracies.lines[:3])
    assert colours == {"training": training, "validation": validation, "test, at the end": end}
    assert len({training, validation, end}) == 3
    assert {line.get_color() for line in losses.lines} == {training}
    heights = [text.get_position()[1] for text in accuracies.texts]
    assert np.diff(heights) == pytest.approx([0.1, 0.1])


def test_without_validation_rows_there_is_no_curve_of_them():
    figure = plot_curves(metrics(seeds=1, validation=False, task="default"))
    assert points(figure.axes[1].lines) == [[[100, 25], [200, 75]], [[200, 50]]]
    assert [text.get_text() for text in figure.axes[1].texts] == ["training", "test, at the end"]
    assert figure.get_suptitle() == "cnn on default, 1 seed"


def result(model, task, *fresh, test=0.5, kind="network"):
    return Result(task, model, "tuned", kind, 100, 100, tuple(range(len(fresh))), (test,) * len(fresh), fresh, 1.0)


def marks(axes):
    """What is drawn beside the legend, by row: marker and accuracy."""
    drawn = [line for line in axes.lines if len(line.get_xdata())]
    return [
        (line.get_marker(), line.get_fillstyle(), line.get_color(), line.get_xydata().round(6).tolist())
        for line in drawn
    ]


def test_each_task_is_a_panel_in_which_models_stand_beside_the_papers():
    results = {
        "default": [
            result("resnet", "default", 0.97, test=0.98),
            result("trees", "default", 0.8, test=0.81, kind="reference"),
            result("cnn", "default", 0.78, 0.8, test=0.79),
        ],
        "few": [result("cnn", "few", 0.6), result("tcn", "few", 0.5)],
        "large": [result("cnn", "large", 0.98)],
    }
    figure = plot_results(results)
    default, few = figure.axes
    assert (default.get_title(), few.get_title()) == ("default", "few")
    assert [label.get_text() for label in default.get_yticklabels()] == ["resnet", "trees", "cnn", "tcn", "human"]
    network, reference = marks(default)[0][2], marks(default)[2][2]
    low, high = (100 * end for end in mean_interval([0.78, 0.8]))
    grey = marks(default)[1][2]
    assert len({network, reference, grey}) == 3
    assert marks(default) == [
        ("o", "full", network, [[97, 0]]), ("|", "full", grey, [[98, 0]]),  # one seed has no interval
        ("o", "full", reference, [[80, 1]]), ("|", "full", grey, [[81, 1]]),
        ("None", "full", network, [[round(low, 6), 2], [round(high, 6), 2]]),
        ("o", "full", network, [[79, 2]]), ("|", "full", grey, [[79, 2]]),
        ("o", "none", grey, [[94, 2]]), ("o", "none", grey, [[96, 4]]),  # the paper's CNN and human
    ]  # fmt: skip
    assert marks(few) == [
        ("o", "full", network, [[60, 2]]), ("|", "full", grey, [[50, 2]]),
        ("o", "full", network, [[50, 3]]), ("|", "full", grey, [[50, 3]]),
    ]  # fmt: skip
    # The first model is at the top, in both panels.
    for axes in figure.axes:
        assert axes.get_ylim()[0] > 1 > 0 > axes.get_ylim()[1]
    (legend,) = figure.legends
    handles = {text.get_text(): line for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)}
    assert [(text, line.get_marker(), line.get_color()) for text, line in handles.items()] == [
        ("networks, fresh rows", "o", network), ("no networks, fresh rows", "o", reference),
        ("test rows", "|", grey), ("the paper", "o", grey),
    ]  # fmt: skip


def test_a_task_alone_that_is_not_compared_on_is_drawn():
    (axes,) = plot_results({"large": [result("cnn", "large", 0.98)]}).axes
    assert axes.get_title() == "large"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cnn"]


def test_names_of_many_models_do_not_overlap():
    names = [f"a-model-with-a-long-name-{number}" for number in range(16)]
    figure = plot_results({task: [result(name, task, 0.5, 0.6) for name in names] for task in BENCHMARK_TASKS})
    FigureCanvasAgg(figure).draw()
    labels = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 17
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(labels))
    titles = [axes.title.get_window_extent() for axes in figure.axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(titles))
    assert figure.legends[0].get_window_extent().y0 > titles[0].y1
    assert min(label.x0 for label in labels) >= 0
