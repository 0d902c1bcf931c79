"""Progress: of every kind of part of every experiment, it rises, and ends at the length of the part's bar."""

import pytest

from mnist1d_hf.experiments import TITLES, find

SMALL = {
    "spatial-priors": {"models": ("logistic",), "steps": 13},
    "classwise-errors": {"models": ("logistic",), "train_rows": (500,), "steps": 3},
    "dimensionality-reduction": {"rows": 60, "perplexity": 5.0, "folds": 2},
    "double-descent": {
        "num_samples": 200, "mlp_widths": (2, 3, 4), "cnn_widths": (2,), "epochs": 2, "batch_size": 30,
    },
    "lottery-tickets": {
        "hidden_size": 20, "rounds": 4, "steps": 3, "transfer_steps": 5, "transfer_batch_size": 50, "transfer_evaluations": 2,
    },
    "metalearn-learning-rate": {"outer_steps": 2, "inner_steps": 3, "batch_size": 4, "hidden_size": 5},
    "metalearn-activation": {
        "num_samples": 250, "hidden_units": 5, "outer_steps": 2, "inner_steps": 4, "counted_steps": 2, "batch_size": 10,
        "mlp_units": 4, "evaluations": 1, "transfer_epochs": (1,),
    },
    "pooling": {"kinds": ("stride",), "train_rows": (200,), "test_rows": 50, "channels": 3, "steps": 7, "evaluate_every": 3},
    "self-supervised": {"train_rows": 200, "channels": 3, "epochs": 2, "embedded_rows": 50},
}  # fmt: skip
"""Settings that take less than a second."""


def parts():
    """The first part of each kind, where kinds differ in more than seed, width or number of rows."""
    for name in TITLES:
        experiment = find(name).EXPERIMENT
        settings = type(experiment.settings)(**SMALL[name])
        kinds = set()
        for part in experiment.plan(settings, 1):
            kind = tuple(
                str(part.values.get(key)) for key in ("kind", "weights", "projector", "architecture", "model", "data")
            )
            if kind not in kinds:
                kinds.add(kind)
                yield pytest.param(experiment, settings, part, id=f"{name}-{part.name}")


@pytest.mark.parametrize(("experiment", "settings", "part"), list(parts()))
def test_progress_ends_at_its_total(experiment, settings, part):
    told = []
    measured = experiment.measure(settings, part, lambda done, what: told.append((done, what)))
    steps = [done for done, _ in told]
    assert steps == sorted(steps)
    assert steps[0] > 0
    assert steps[-1] == part.steps
    assert all(what for _, what in told)
    assert type(measured) is experiment.measurement


def test_every_experiment_is_among_them():
    assert set(SMALL) == set(TITLES)
