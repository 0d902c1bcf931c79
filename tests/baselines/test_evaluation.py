"""Evaluation: the same numbers as scikit-learn's and scipy's, and errors that name the row."""

import json
import math
import re

import datasets
import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from mnist1d_hf.baselines import Evaluation, Evaluator, create_model, evaluate
from mnist1d_hf.baselines.table import CheckpointResult, CheckpointTable, format_table
from mnist1d_hf.utils.statistics import wilson_interval


@st.composite
def scores_and_labels(draw, spread=50):
    rows = draw(st.integers(1, 30))
    scores = draw(st_numpy.arrays(np.float64, (rows, 10), elements=st.floats(-spread, spread)))
    labels = draw(st_numpy.arrays(np.int64, rows, elements=st.integers(0, 9)))
    return scores, labels


def random_pairs(rows=57, length=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, generator=generator), torch.randint(0, 10, (rows,), generator=generator)


def write(path, scores, header=""):
    np.savetxt(path, scores, delimiter=",", header=header, comments="", fmt="%r")
    return path


class Fixed(nn.Module):
    """Returns whatever it is told to."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer(x)


class PlainDataset(Dataset):
    """A map-style dataset of numpy signals and Python labels."""

    def __init__(self, x, y):
        self.x, self.y = x.numpy(), y.tolist()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, row):
        return self.x[row], self.y[row]


@given(scores_and_labels())
def test_numbers_equal_scikit_learns(case):
    scores, labels = case
    evaluation = Evaluator(labels).evaluate(scores)
    predicted = scores.argmax(axis=1)
    assert evaluation.rows == len(labels)
    assert evaluation.accuracy == accuracy_score(labels, predicted)
    np.testing.assert_array_equal(evaluation.confusion, confusion_matrix(labels, predicted, labels=range(10)))
    # scikit-learn clips probabilities at its type's epsilon, so the losses are compared where nothing is clipped.
    if np.ptp(scores, axis=1).max() < 30:
        expected = log_loss(labels, softmax(scores, axis=1), labels=range(10))
        assert evaluation.loss == pytest.approx(expected, abs=1e-9)
    assert evaluation.loss == pytest.approx(-log_softmax(scores, axis=1)[np.arange(len(labels)), labels].mean())
    for digit, error in enumerate(evaluation.class_errors):
        wrong = predicted[labels == digit] != digit
        assert error == pytest.approx(wrong.mean() if len(wrong) else 0.0)


@given(scores_and_labels(spread=20))
def test_logits_log_probabilities_and_probabilities_agree(case):
    scores, labels = case
    evaluator = Evaluator(labels)
    expected = evaluator.evaluate(scores)
    logarithms = evaluator.evaluate(log_softmax(scores, axis=1))
    probabilities = evaluator.evaluate(softmax(scores, axis=1), probabilities=True)
    assert logarithms.loss == pytest.approx(expected.loss, abs=1e-9)
    assert probabilities.loss == pytest.approx(expected.loss, abs=1e-9)


@given(st_numpy.arrays(np.float64, (3, 10), elements=st.floats(allow_nan=False, allow_infinity=False)))
@example(np.concatenate([np.eye(1, 10, 1) * 1.79e308, np.eye(1, 10) * 1e308, np.zeros((1, 10))]))
def test_any_finite_scores_give_a_loss_of_at_least_0(scores):
    evaluation = Evaluator([0, 5, 9]).evaluate(scores)
    assert evaluation.loss >= 0


@given(st.integers(1, 10**6).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_the_interval_is_wilsons(counts):
    correct, rows = counts
    low, high = wilson_interval(correct, rows)
    expected = binomtest(correct, rows).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= correct / rows <= high <= 1


@pytest.mark.parametrize(("correct", "rows"), [(0, 0), (-1, 5), (6, 5)])
def test_an_interval_of_impossible_counts_raises(correct, rows):
    with pytest.raises(ValueError, match="must be an integer"):
        wilson_interval(correct, rows)


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 9))
def test_a_model_is_evaluated_as_its_logits_are(rows, batch_size, seed):
    x, y = random_pairs(rows, seed=seed)
    model = create_model("logistic")
    expected = Evaluator(y).evaluate(model(x).detach())
    evaluation = evaluate(model, (x, y), batch_size=batch_size)
    assert evaluation.confusion == expected.confusion
    assert evaluation.loss == pytest.approx(expected.loss, rel=1e-5)


def test_more_rows_than_one_batch_are_all_counted():
    sizes = []

    class Model(torch.nn.Module):
        def forward(self, x):
            sizes.append(len(x))
            return x[:, :10]

    x, y = torch.eye(10).repeat(205, 1), torch.arange(2050) % 10
    y[-1] = 0
    evaluation = evaluate(Model(), (x, y))
    assert sizes == [1000, 1000, 50]
    assert (evaluation.rows, evaluation.correct) == (2050, 2049)
    assert evaluation.confusion[0][9] == 1


def test_all_kinds_of_datasets_give_the_same():
    x, y = random_pairs()
    columns = {"x": x.numpy(), "y": y.numpy()}
    features = datasets.Features(
        {"x": datasets.Sequence(datasets.Value("float32"), length=40), "y": datasets.ClassLabel(num_classes=10)}
    )
    arrow = datasets.Dataset.from_dict(columns, features=features)
    forms = [
        (x, y),
        [x, y],
        TensorDataset(x, y),
        PlainDataset(x, y),
        arrow,
        arrow.with_format("torch"),
        (x.double(), y),
    ]
    model = create_model("cnn")
    assert len({evaluate(model, form, batch_size=10) for form in forms}) == 1
    assert Evaluator(arrow).labels.tolist() == y.tolist()


def test_a_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(40, 10), nn.Dropout(0.5), nn.BatchNorm1d(10))
    model[2].eval()  # frozen by somebody who trains the rest
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    first = evaluate(model, TensorDataset(*random_pairs()))
    assert first == evaluate(model, TensorDataset(*random_pairs()))  # no dropout
    assert [module.training for module in model] == [True, True, False]
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)


def test_a_model_that_fails_is_left_as_it_was():
    model = create_model("logistic", final_seq_length=20).train()
    with pytest.raises(ValueError, match=r"takes signals of shape \(batch, 20\), got \(57, 40\)"):
        evaluate(model, random_pairs())
    assert model.training


def test_a_model_of_other_classes_and_no_parameters():
    x = torch.eye(3)
    evaluation = evaluate(Fixed(lambda x: x), (x, torch.tensor([0, 1, 1])))
    assert evaluation.confusion == ((1, 0, 0), (0, 1, 1), (0, 0, 0))
    assert evaluation.class_errors == (0.0, 0.5, 0.0)


X, Y = random_pairs(4)
NOT_A_NUMBER = X.clone()
NOT_A_NUMBER[2, 7] = math.nan
INFINITE = X.clone()
INFINITE[3, 0] = -math.inf
BAD_DATA = [
    ((NOT_A_NUMBER, Y), r"row 2 \(counted from 0\) of the signals holds NaN or inf"),
    ((INFINITE, Y), r"row 3 .* of the signals holds NaN or inf"),
    ((X[0], Y), r"signals must be float and of shape \(rows, length\), got torch.float32 of shape \(40,\)"),
    ((X.long(), Y), r"signals must be float .*, got torch.int64 of shape \(4, 40\)"),
    ((X, Y[:3]), "there are 4 signals and 3 labels; there must be one label per signal"),
    ((X, Y.float()), r"labels must be integers of shape \(rows,\), got float32 of shape \(4,\)"),
    ((X, Y[:, None]), r"labels must be integers of shape \(rows,\), got int64 of shape \(4, 1\)"),
    ((X, torch.tensor([1, 10, 2, 11])), "row 1 .* has the label 10; with 10 classes labels are 0 to 9"),
    ((X, torch.tensor([1, 2, 3, -1])), "row 3 .* has the label -1; with 10 classes"),
    ((X[:0], Y[:0]), "there are no rows"),
    (TensorDataset(X[:0], Y[:0]), "there are no rows"),
    (datasets.Dataset.from_dict({"x": [[1.0]]}), "the dataset has no column 'y'; its columns are x"),
    (datasets.Dataset.from_dict({"x": [[1.0], [1.0, 2.0]], "y": [0, 1]}), "the column 'x' must hold numbers"),
]


@pytest.mark.parametrize(("dataset", "message"), BAD_DATA)
def test_bad_data_raises(dataset, message):
    with pytest.raises(ValueError, match=message):
        evaluate(create_model("logistic"), dataset)


@pytest.mark.parametrize("dataset", [(X,), (X.numpy(), Y.numpy()), TensorDataset(X), "default", None])
def test_what_is_no_dataset_raises(dataset):
    with pytest.raises(
        TypeError, match=r"must be a pair of tensors \(x, y\), a datasets.Dataset .* or a torch Dataset"
    ):
        evaluate(create_model("logistic"), dataset)


BAD_MODELS = [
    (lambda x: x[:, 0], r"must return logits of shape \(batch, classes\), got \(4,\) for a batch of 4"),
    (lambda x: x[:2], r"got \(2, 40\) for a batch of 4"),
    (lambda x: x[:, :0], r"got \(4, 0\) for a batch of 4"),
    (lambda x: (x, x), "must return a tensor of logits, got tuple"),
    (
        lambda x: x * torch.tensor([[1], [math.nan], [1], [1]]),
        r"row 1 \(counted from 0\) of the scores holds NaN or inf",
    ),
    (lambda x: x[:, :2], r"row \d .* has the label \d; with 2 classes labels are 0 to 1"),
]


@pytest.mark.parametrize(("answer", "message"), BAD_MODELS)
def test_a_model_with_bad_logits_raises(answer, message):
    with pytest.raises(ValueError, match=message):
        evaluate(Fixed(answer), (X, Y.clamp(min=3)))


def test_a_missing_device_raises():
    with pytest.raises(ValueError, match="the device 'cuda:99' is not available; there is cpu"):
        evaluate(create_model("logistic"), (X, Y), device="cuda:99")


def test_a_batch_size_of_0_raises():
    with pytest.raises(ValueError, match="'batch_size' parameter must be an integer of at least 1, got 0"):
        evaluate(create_model("logistic"), (X, Y), batch_size=0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "there are no rows"),
        ([0, 1, 10], "row 2 .* has the label 10; with 10 classes labels are 0 to 9"),
        ([0.0, 1.0], "labels must be integers"),
        ([[0, 1]], r"labels must be integers of shape \(rows,\), got int64 of shape \(1, 2\)"),
    ],
)
def test_an_evaluator_of_bad_labels_raises(labels, message):
    with pytest.raises(ValueError, match=message):
        Evaluator(labels)


def with_value(value, row=1):
    scores = np.full((3, 10), 0.1)
    scores[row] = value
    return scores


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        (np.zeros((2, 10)), {}, r"scores must have the shape \(3, 10\), one row per label and .*, got \(2, 10\)"),
        (np.zeros((3, 9)), {}, r"scores must have the shape \(3, 10\).* got \(3, 9\)"),
        (np.zeros(3), {}, r"got \(3,\)"),
        ([["a"] * 10] * 3, {}, r"scores must be numbers of shape \(3, 10\)"),
        ([[10**400] * 10] * 3, {}, r"scores must be numbers of shape \(3, 10\)"),
        ([[1], [1, 2], [1]], {}, r"scores must be numbers of shape \(3, 10\)"),
        (with_value([0.0] * 9 + [math.nan]), {}, "row 1 .* of the scores holds NaN or inf"),
        (with_value([0.0] * 9 + [math.inf]), {}, "row 1 .* of the scores holds NaN or inf"),
        (with_value(-math.inf), {}, "row 1 .* nothing but -inf"),
        (with_value(math.nan), {"probabilities": True}, "row 1 .* does not hold probabilities"),
        (with_value(0.2), {"probabilities": True}, "row 1 .* does not hold probabilities, which are .* sum to 1"),
        (with_value([-1, 2] + [0] * 8), {"probabilities": True}, "row 1 .* does not hold probabilities"),
    ],
)
def test_bad_scores_raise(scores, options, message):
    with pytest.raises(ValueError, match=message):
        Evaluator([0, 1, 2]).evaluate(scores, **options)


def test_a_probability_of_0_for_the_true_class_is_an_infinite_loss():
    evaluation = Evaluator([0, 1]).evaluate(np.eye(10)[[0, 2]], probabilities=True)
    assert evaluation.loss == math.inf
    assert evaluation.to_dict()["loss"] is None
    assert "loss      inf nats" in str(evaluation)


def test_predictions_of_jax_are_taken(jax):
    scores = np.random.default_rng(0).normal(size=(20, 10)).astype(np.float32)
    labels = np.arange(20) % 10
    evaluator = Evaluator(jax.numpy.asarray(labels))
    assert evaluator.evaluate(jax.numpy.asarray(scores)) == Evaluator(labels).evaluate(scores)


@pytest.mark.parametrize("header", ["", "a,b,c,d,e,f,g,h,i,j", "0,1,2,3,4,5,6,7,8,9"])
def test_a_csv_file_gives_what_its_scores_give(header, tmp_path):
    scores = np.random.default_rng(0).normal(size=(5, 10))
    evaluator = Evaluator(range(5))
    path = write(tmp_path / "scores.csv", scores.astype(object), header)
    assert evaluator.evaluate_csv(path) == evaluator.evaluate(scores)
    write(path, softmax(scores, axis=1).astype(object), header)
    assert evaluator.evaluate_csv(path, probabilities=True).loss == pytest.approx(evaluator.evaluate(scores).loss)


LINE = ",".join(["0.5"] * 10) + "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "scores.csv holds no scores; it must have one line per row"),
        ("a,b\n", "scores.csv holds no scores"),
        (LINE, r"scores.csv: the scores must have the shape \(2, 10\), .* got \(1, 10\)"),
        (3 * LINE, r"scores.csv: the scores must have the shape \(2, 10\), .* got \(3, 10\)"),
        (LINE + "1,2,3\n", "scores.csv, line 2, has 3 columns; it must have 10, one per class"),
        (LINE + "\n" + LINE.replace("0.5", "x", 1), "scores.csv, line 3, holds 'x', which is not a number"),
        (LINE.replace("0.5", "", 1) + LINE, "scores.csv, line 1, holds '', which is not a number"),
        (LINE + LINE.replace("0.5", "nan", 1), "scores.csv: row 1 .* of the scores holds NaN"),
        (b"\xff\xfe\x00", "scores.csv is not a CSV file in UTF-8"),
    ],
)
def test_a_bad_csv_file_raises(content, message, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        Evaluator([0, 1]).evaluate_csv(path)


def test_a_missing_csv_file_raises(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.csv"):
        Evaluator([0, 1]).evaluate_csv(tmp_path / "nowhere.csv")


def test_json_and_text_of_an_evaluation():
    evaluation = Evaluation(rows=4, correct=3, loss=0.25, confusion=((2, 0), (1, 1)))
    low, high = wilson_interval(3, 4)
    assert json.loads(json.dumps(evaluation.to_dict())) == {
        "rows": 4,
        "correct": 3,
        "accuracy": 0.75,
        "interval": [low, high],
        "loss": 0.25,
        "class_errors": [0.0, 0.5],
        "confusion": [[2, 0], [1, 1]],
    }
    assert str(evaluation).splitlines() == [
        "accuracy  75.00 %, 3 of 4 rows",
        "          95 % interval 30.06 to 95.44 %",
        "loss      0.2500 nats",
        "",
        "true \\ predicted  0  1   error %",
        "               0  2  0       0.0",
        "               1  1  1      50.0",
    ]


def test_an_evaluation_has_a_short_repr_and_a_table_for_notebooks():
    evaluation = Evaluation(rows=4, correct=3, loss=0.25, confusion=((2, 0), (1, 1)))
    assert repr(evaluation) == "Evaluation(rows=4, correct=3, loss=0.25)"
    html = evaluation._repr_html_()
    assert "accuracy 75.00 %, 3 of 4 rows; 95 % interval 30.06 to 95.44 %; loss 0.2500 nats</caption>" in html
    lines = [re.findall(r"<t[hd]>(.*?)</t[hd]>", line) for line in re.findall(r"<tr>(.*?)</tr>", html)]
    assert lines == [["true \\ predicted", "0", "1", "error %"], ["0", "2", "0", "0.0"], ["1", "1", "1", "50.0"]]


def test_the_table_of_checkpoints_is_one_in_notebooks_too():
    evaluation = Evaluation(rows=4, correct=3, loss=0.25, confusion=((2, 0), (1, 1)))
    table = CheckpointTable([CheckpointResult("c<n>n", "default", 5210, evaluation, "94 ± 2", 0.123)])
    lines = [re.findall(r"<t[hd]>(.*?)</t[hd]>", line) for line in re.findall(r"<tr>(.*?)</tr>", table._repr_html_())]
    assert lines[0] == ["model", "trained on", "parameters", "accuracy %", "95 % interval", "paper", "seconds"]
    assert lines[1] == ["c&lt;n&gt;n", "default", "5,210", "75.0", "30.1 - 95.4", "94 ± 2", "0.12"]
    assert lines[2] == ["human", "default", "", "", "", "96 ± 1", ""]
    assert str(table) == format_table(table)
    assert repr(table) == "<CheckpointTable: c<n>n on default>"
