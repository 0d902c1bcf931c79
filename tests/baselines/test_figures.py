"""What the figures of training and its results show, read back from them."""

import numpy as np
import pytest

from mnist1d_hf.baselines.figures import plot_curves, plot_results


def metrics(model="cnn", config="shuffled", seeds=2, validation=True, accuracy=0.5, interval=(0.4, 0.6)):
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
    return {"model": model, "config": config, "mean_test_accuracy": accuracy, "interval": interval, "runs": runs}


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
    figure = plot_curves(metrics(seeds=1, validation=False, config="default"))
    assert points(figure.axes[1].lines) == [[[100, 25], [200, 75]], [[200, 50]]]
    assert [text.get_text() for text in figure.axes[1].texts] == ["training", "test, at the end"]
    assert figure.get_suptitle() == "cnn on default, 1 seed"


def test_the_results_stand_beside_the_papers():
    results = [
        metrics("cnn", "default", accuracy=0.95, interval=(0.94, 0.96)),
        metrics("resnet", "default", accuracy=0.97, interval=None),
        metrics("cnn", "shuffled", accuracy=0.6, interval=(0.55, 0.65)),
        metrics("cnn", "large", accuracy=0.98, interval=(0.97, 0.99)),
    ]
    (axes,) = plot_results(results).axes
    drawn = [one for one in points(axes.lines) if one]
    assert drawn == [
        [[94, -0.15], [96, -0.15]], [[95, -0.15]],  # the interval and the mean
        [[97, 0.85]],  # of one seed
        [[55, 0], [65, 0]], [[60, 0]],
        [[97, 0.15], [99, 0.15]], [[98, 0.15]],
        [[94, -0.15]], [[96, 1.85]],  # the paper's CNN and human on default
        [[56, 0]], [[30, 2]],  # and on shuffled
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cnn", "resnet", "human"]
    # The first model is at the top.
    assert axes.get_ylim()[0] > 1 > 0 > axes.get_ylim()[1]
    low, high = axes.get_xlim()
    assert low <= 20 and high >= 100
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert list(colours) == ["trained on default", "trained on shuffled", "trained on large"]
    assert len(set(colours.values())) == 3
    means = {line.get_ydata()[0]: line.get_color() for line in axes.lines if len(line.get_xdata()) == 1}
    assert [means[place] for place in (-0.15, 0.85, 0, 0.15)] == [
        colours[f"trained on {config}"] for config in ("default", "default", "shuffled", "large")
    ]
