"""Sweeps: each point is an evaluation of its own, ranges are exact, and the figure shows the points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist1d_hf.baselines import Evaluation, create_model, evaluate, load_tensors
from mnist1d_hf.baselines.figures import plot_sweep
from mnist1d_hf.baselines.sweeps import SWEEPABLE, parse_sweep, sweep

SMALL = {"num_samples": 100}


def test_each_point_is_the_evaluation_of_its_data():
    model = create_model("logistic")
    points = sweep(model, "corr_noise_scale", (0.0, 0.5), config="shuffled", split="train", parameters=SMALL)
    assert [value for value, _ in points] == [0.0, 0.5]
    for value, evaluation in points:
        rows = load_tensors("shuffled", "train", corr_noise_scale=value, **SMALL)
        assert evaluation == evaluate(model, rows)
        assert evaluation.rows == 80


def test_a_value_of_padding_is_both_its_ends():
    model = create_model("logistic")
    ((value, evaluation),) = sweep(model, "padding", [40], parameters=SMALL)
    assert value == 40
    assert evaluation == evaluate(model, load_tensors("default", "test", padding=(40, 40), **SMALL))


def test_the_length_can_only_be_the_models():
    model = create_model("logistic", final_seq_length=20)
    ((_, evaluation),) = sweep(model, "final_seq_length", [20], parameters=SMALL)
    assert evaluation.rows == 20
    with pytest.raises(ValueError, match=r"'final_seq_length' cannot be swept: .* signals of one length, 20"):
        sweep(model, "final_seq_length", [20, 40])


def test_every_parameter_but_the_flag_can_be_swept():
    assert set(SWEEPABLE) == {
        "num_samples", "train_split", "template_len", "padding", "scale_coeff", "max_translation", "corr_noise_scale",
        "iid_noise_scale", "shear_scale", "final_seq_length", "seed",
    }  # fmt: skip


def test_bad_sweeps_raise_before_anything_is_evaluated(monkeypatch):
    monkeypatch.setattr("mnist1d_hf.baselines.sweeps.evaluate", None)
    model = create_model("logistic")
    with pytest.raises(ValueError, match="'shuffle_seq' cannot be swept; the parameters that can are num_samples, "):
        sweep(model, "shuffle_seq", [0, 1])
    with pytest.raises(ValueError, match="'seed' is both swept and set to 3; leave out one of the two"):
        sweep(model, "seed", [1, 2], parameters={"seed": 3})
    with pytest.raises(ValueError, match=r"'train_split' parameter must be .* got 1.5"):
        sweep(model, "train_split", [0.5, 1.5])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("corr_noise_scale=0:1:0.25", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("corr_noise_scale=0:0.3:0.1", (0.0, 0.1, 0.2, 0.3)),
        ("iid_noise_scale=0:1:0.4", (0.0, 0.4, 0.8)),
        ("shear_scale=1e-1:2e-1:1e-1", (0.1, 0.2)),
        ("seed=7:7:1", (7,)),
        ("max_translation=1:48:20", (1, 21, 41)),
        ("padding=30:60:15", (30, 45, 60)),
    ],
)
def test_ranges_are_exact_and_include_their_end(text, values):
    parameter, parsed = parse_sweep(text)
    assert parameter == text.partition("=")[0]
    assert parsed == values
    assert {type(value) for value in parsed} == {SWEEPABLE[parameter]}


@given(start=st.integers(0, 100), count=st.integers(1, 100), step=st.integers(1, 50))
def test_a_range_has_the_values_one_would_write(start, count, step):
    text = f"corr_noise_scale={start / 100}:{(start + (count - 1) * step) / 100}:{step / 100}"
    assert parse_sweep(text)[1] == tuple((start + index * step) / 100 for index in range(count))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corr_noise_scale", "'corr_noise_scale' is not of the form PARAMETER=START:STOP:STEP"),
        ("corr_noise_scale=0:1", "is not of the form PARAMETER=START:STOP:STEP"),
        ("corr_noise_scale=0:1:2:3", "is not of the form PARAMETER=START:STOP:STEP"),
        ("noise=0:1:1", "'noise' cannot be swept; the parameters that can are num_samples, .*, seed"),
        ("shuffle_seq=0:1:1", "'shuffle_seq' cannot be swept"),
        ("seed=0:1:0.5", "START, STOP and STEP of 'seed' must be integers"),
        ("padding=0:x:1", "START, STOP and STEP of 'padding' must be integers"),
        ("corr_noise_scale=0:one:1", "of 'corr_noise_scale' must be finite numbers"),
        ("corr_noise_scale=0:inf:1", "must be finite numbers"),
        ("corr_noise_scale=0:1e999999:1", "must be finite numbers"),
        ("corr_noise_scale=0:1:0", "STEP must be above 0, and STOP not below START"),
        ("corr_noise_scale=1:0:0.5", "STEP must be above 0, and STOP not below START"),
        ("corr_noise_scale=0:1:1e-999999999", "STEP must be above 0, and STOP not below START"),
        ("corr_noise_scale=0:1e300:1e-300", "asks for 1000.* values; at most 1000 are allowed"),
        (f"padding=0:{'9' * 400}:1", "asks for 1000.* values; at most 1000 are allowed"),
        ("corr_noise_scale=0:1:1e-6", "asks for 1000001 values; at most 1000 are allowed, so give a greater STEP"),
    ],
)
def test_bad_ranges_raise(text, message):
    with pytest.raises(ValueError, match=message):
        parse_sweep(text)


def test_the_figure_shows_points_and_intervals():
    points = [
        (value, Evaluation(10, correct, 0.1, ((correct, 10 - correct), (0, 0)))) for value, correct in ((0, 9), (2, 5))
    ]
    (axis,) = plot_sweep({"cnn": points, "gru": points}, "seed", data="on the split train of shuffled").axes
    assert [line.get_label() for line in axis.lines] == ["cnn", "gru", "chance"]
    assert axis.lines[2].get_ydata() == [50, 50]  # of two classes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["cnn", "gru", "95 % interval", "chance"]
    assert axis.get_title() == "on the split train of shuffled"
    np.testing.assert_allclose(axis.lines[0].get_xydata(), [(0, 90), (2, 50)])
    band = axis.collections[0].get_paths()[0].vertices
    low, high = points[0][1].interval
    assert {(0, round(100 * low, 6)), (0, round(100 * high, 6))} <= {(x, round(y, 6)) for x, y in band}
    assert axis.get_xlabel() == "seed"
