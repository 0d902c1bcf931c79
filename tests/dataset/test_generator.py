import dataclasses
import hashlib
import os
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import svm

from mnist1d_hf import GenerationParameters, construction_steps, generate_shard, get_templates, make_dataset
from mnist1d_hf.dataset import drawing
from mnist1d_hf.dataset.checksums import FROZEN_SHA256
from mnist1d_hf.dataset.generator import generate_part
from mnist1d_hf.dataset.transform import Transform

SCALES = st.just(0.0) | st.floats(1e-3, 3)


@st.composite
def parameters(draw):
    low = draw(st.integers(0, 90))
    return GenerationParameters(
        num_samples=draw(st.integers(10, 60)),
        train_split=draw(st.floats(0.01, 0.99)),
        template_len=draw(st.integers(2, 40)),
        padding=(low, low + draw(st.integers(0, 40))),
        scale_coeff=draw(SCALES),
        max_translation=draw(st.integers(1, 200)),
        corr_noise_scale=draw(SCALES),
        iid_noise_scale=draw(SCALES),
        shear_scale=draw(SCALES),
        shuffle_seq=draw(st.booleans()),
        final_seq_length=draw(st.integers(2, 150)),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def sha256(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


# --- make_dataset


@pytest.mark.parametrize("config", ["default", "shuffled"])
def test_the_frozen_dataset_is_reproduced_bit_for_bit(config):
    dataset = make_dataset(GenerationParameters(shuffle_seq=config == "shuffled"))
    for split, x, y in (("train", "x", "y"), ("test", "x_test", "y_test")):
        assert sha256(dataset[x].astype("<f4")) == FROZEN_SHA256[config, split]["x"]
        assert sha256(dataset[y].astype("<i8")) == FROZEN_SHA256[config, split]["y"]


def assert_equal_to_original(ours, theirs):
    assert list(ours) == list(theirs)
    for name in ("y", "y_test"):
        np.testing.assert_array_equal(ours[name], theirs[name])
    for name in ("x", "x_test", "t"):
        assert ours[name].shape == theirs[name].shape
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-11)
    for name in ("x", "x_test", "y", "y_test", "t"):
        assert ours[name].dtype == theirs[name].dtype


def compare_with_original(original_dataset, parameters):
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = original_dataset(parameters)
    if np.isnan(expected["x_test"]).any() or np.ptp(np.concatenate([expected["x"], expected["x_test"]])) == 0:
        with pytest.raises(ValueError, match=r"all signals are the same constant and cannot be standardised"):
            make_dataset(parameters)
    else:
        assert_equal_to_original(make_dataset(parameters), expected)


NO_NOISE = GenerationParameters(
    num_samples=10,
    template_len=2,
    scale_coeff=0,
    corr_noise_scale=0,
    iid_noise_scale=0,
    shear_scale=0,
    final_seq_length=2,
)


@settings(max_examples=150, deadline=None)
@given(parameters=parameters())
@example(NO_NOISE.replace(padding=(3, 34), max_translation=8, train_split=0.5, seed=0))
@example(NO_NOISE.replace(padding=(0, 1), max_translation=1, train_split=0.5, seed=0))
@example(NO_NOISE.replace(num_samples=60, padding=(0, 0), max_translation=1, train_split=0.5, seed=0))
def test_any_parameters_give_the_original_packages_dataset(original_dataset, parameters):
    compare_with_original(original_dataset, parameters)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(parameters=parameters())
def test_very_many_parameters_give_the_original_packages_dataset(original_dataset, parameters):
    compare_with_original(original_dataset, parameters)


def test_several_blocks_give_the_original_packages_dataset(original_dataset):
    parameters = GenerationParameters(num_samples=2345, seed=7)
    assert_equal_to_original(make_dataset(parameters), original_dataset(parameters))


BOUNDS = st.integers(1, 200) | st.integers(1, 2**63 - 1) | st.sampled_from([1, 2, 64, 65, 2**32 - 1, 2**32, 2**32 + 1])


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), draws=st.lists(st.tuples(BOUNDS, st.integers(0, 3)), min_size=1))
def test_translations_are_what_numpy_draws_between_any_normals(seed, draws):
    expected, words = np.random.RandomState(seed), drawing.legacy_words(seed)
    rng = np.random.RandomState(words)
    for bound, normals in draws:
        assert drawing.draw_below(bound, words) == expected.randint(bound, dtype=np.int64)
        np.testing.assert_array_equal(rng.standard_normal(normals), expected.standard_normal(normals))


def test_other_templates_give_the_original_packages_dataset(original):
    parameters = GenerationParameters(num_samples=100, template_len=7)
    rng = np.random.RandomState(0)
    templates = {"x": rng.standard_normal((3, 7)), "t": np.linspace(0, 1, 7), "y": np.array([5, 2, 9])}
    args = original.get_dataset_args()
    args.num_samples, args.template_len = 100, 7
    state = np.random.get_state()
    theirs = original.make_dataset(args, template=templates)
    np.random.set_state(state)
    assert_equal_to_original(make_dataset(parameters, templates=templates), theirs)


def test_more_templates_than_samples_raises():
    templates = {"x": np.ones((11, 12)), "t": np.arange(12.0), "y": np.arange(11)}
    with pytest.raises(
        ValueError, match=r"'num_samples' parameter must be at least the number of templates, 11, got 10"
    ):
        make_dataset(GenerationParameters(num_samples=10), templates=templates)


def test_no_global_random_state_is_read_or_changed():
    states = []
    for seed in (1, 2):
        np.random.seed(seed)
        random.seed(seed)
        before = np.random.get_state()[1].copy(), random.getstate()
        states.append(sha256(make_dataset(GenerationParameters(num_samples=20))["x"]))
        generate_shard(GenerationParameters(), split="train", index=0, rows=20)
        construction_steps(3, seed=1)
        np.testing.assert_array_equal(np.random.get_state()[1], before[0])
        assert random.getstate() == before[1]
    assert states[0] == states[1]


def test_another_seed_gives_another_dataset():
    first, second = (make_dataset(GenerationParameters(num_samples=20, seed=seed))["x"] for seed in (1, 2))
    assert not np.allclose(first, second)


# --- generate_shard

# Change them only together with DATA_VERSION.
SHARD_SHA256 = {
    ("train", 0): "86cd7d7772c353fe968f893b819c364d4b08b443f8467ff4b6e1afb18662193a",
    ("test", 3): "e66902db0d8c0dc365b8f409390ea32b5e4312c1212ef0096a2232f08ea2756d",
}


@pytest.mark.parametrize(("split", "index"), SHARD_SHA256)
def test_the_bytes_of_shards_do_not_change(split, index):
    x, y = generate_shard(GenerationParameters(), split=split, index=index)
    assert sha256(x.astype("<f4"), y.astype("<i8")) == SHARD_SHA256[split, index]


@pytest.mark.long
@pytest.mark.parametrize(
    "environment",
    [
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512F AVX512_SKX AVX512_ICL AVX2 FMA3 ASIMDHP SVE"},
        {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "7"},
    ],
    ids=["old processor", "other BLAS", "other hash seed"],
)
def test_shards_have_the_same_bytes_on_other_machines(environment):
    code = (
        "import hashlib, mnist1d_hf as m; x, y = m.generate_shard(m.GenerationParameters(), split='train', index=0);"
        "print(hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest())"
    )
    # numpy warns about features this processor does not have.
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == SHARD_SHA256["train", 0]


def test_a_shard_does_not_depend_on_what_was_made_before():
    parameters = GenerationParameters(seed=5)
    first = generate_shard(parameters, split="test", index=2, rows=50)
    generate_shard(parameters, split="test", index=1, rows=50)
    np.testing.assert_array_equal(first[0], generate_shard(parameters, split="test", index=2, rows=50)[0])


def test_shards_of_other_keys_differ():
    keys = [(seed, split, index) for seed in (1, 2) for split in ("train", "test") for index in (0, 1)]
    shards = {
        sha256(generate_shard(GenerationParameters(seed=seed), split=split, index=index, rows=20)[0])
        for seed, split, index in keys
    }
    assert len(shards) == len(keys)


@settings(max_examples=30, deadline=None)
@given(
    parameters=parameters(),
    rows=st.integers(1, 1500),
    split=st.sampled_from(["train", "test"]),
    index=st.integers(0, 2**40),
)
def test_shards_of_any_parameters_are_finite_and_balanced(parameters, rows, split, index):
    assume(parameters.corr_noise_scale or parameters.iid_noise_scale or parameters.shear_scale)
    x, y = generate_shard(parameters, split=split, index=index, rows=rows)
    assert x.shape == (rows, parameters.final_seq_length)
    assert x.dtype == np.float32 and y.dtype == np.int64
    assert np.isfinite(x).all()
    counts = np.bincount(y, minlength=10)
    assert counts.max() - counts.min() <= 1


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 2500), data=st.data(), shuffle_seq=st.booleans())
@example(rows=2500, data=None, shuffle_seq=False)
def test_any_part_of_a_shard_has_its_bytes(rows, data, shuffle_seq):
    start, stop = 1000, 2000
    if data:
        stop = data.draw(st.integers(1, rows))
        start = data.draw(st.integers(0, stop - 1))
    shard = {"parameters": GenerationParameters(shuffle_seq=shuffle_seq), "split": "test", "index": 3, "rows": rows}
    for part, whole in zip(generate_part(**shard, start=start, stop=stop), generate_shard(**shard), strict=True):
        assert part.dtype == whole.dtype
        np.testing.assert_array_equal(part, whole[start:stop])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((-1, 5), "'start' parameter must be an integer from 0 to 4, got -1"),
        ((5, 5), "'start' parameter must be an integer from 0 to 4, got 5"),
        ((0, 10_001), "'stop' parameter must be an integer from 1 to 10000, got 10001"),
    ],
)
def test_rows_that_a_shard_does_not_have_raise(rows, message):
    with pytest.raises(ValueError, match=message):
        generate_part(GenerationParameters(), split="train", index=0, start=rows[0], stop=rows[1])


@pytest.mark.parametrize("changes", [{"num_samples": 10}, {"train_split": 0.1}])
def test_shards_do_not_depend_on_the_number_of_samples(changes):
    x, _ = generate_shard(GenerationParameters(), split="train", index=0, rows=20)
    changed, _ = generate_shard(GenerationParameters(**changes), split="train", index=0, rows=20)
    np.testing.assert_array_equal(x, changed)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"split": "validation"}, ValueError, r"'split' parameter must be one of 'train', 'test', got 'validation'"),
        ({"index": -1}, ValueError, r"'index' parameter must be an integer of at least 0, got -1"),
        ({"index": 1.0}, TypeError, r"'index' parameter must be an integer of at least 0, got 1.0"),
        ({"rows": 0}, ValueError, r"'rows' parameter must be an integer of at least 1, got 0"),
    ],
)
def test_bad_shard_arguments_raise(arguments, error, message):
    with pytest.raises(error, match=message):
        generate_shard(GenerationParameters(), **{"split": "train", "index": 0, **arguments})


# --- scales that numbers cannot hold

SCALE_NAMES = ("scale_coeff", "corr_noise_scale", "iid_noise_scale", "shear_scale")


@pytest.mark.parametrize("name", SCALE_NAMES)
@pytest.mark.parametrize("value", [1e160, 1e308])
def test_a_scale_that_float64_cannot_hold_is_named(name, value):
    parameters = GenerationParameters(num_samples=20, **{name: value})
    message = (
        rf"^the '{name}' parameter must be smaller, got {re.escape(str(value))}: the signals are too large .* float64$"
    )
    with pytest.raises(ValueError, match=message):
        make_dataset(parameters)
    with pytest.raises(ValueError, match=message):
        generate_shard(parameters, split="train", index=0, rows=20)


@pytest.mark.parametrize("name", SCALE_NAMES)
@pytest.mark.parametrize("value", [1e39, 1e150])
def test_a_scale_that_float32_cannot_hold_is_named(name, value):
    parameters = GenerationParameters(num_samples=20, **{name: value})
    with pytest.raises(ValueError, match=rf"^the '{name}' parameter must be smaller, .* computed in float32$"):
        generate_shard(parameters, split="train", index=0, rows=20)
    assert make_dataset(parameters)["x"].std() == pytest.approx(1, abs=0.1)


def test_a_step_of_the_construction_that_float64_cannot_hold_is_named():
    parameters = GenerationParameters(scale_coeff=1.7e308, shear_scale=1.75e308, iid_noise_scale=1.7e308)
    with pytest.raises(ValueError, match=r"^the 'shear_scale' parameter must be smaller, got 1.75e\+308"):
        construction_steps(3, parameters, seed=0)


@pytest.mark.parametrize(
    "make", [make_dataset, lambda parameters: generate_shard(parameters, split="test", index=0, rows=20)]
)
@pytest.mark.parametrize("num_samples", [20, 5000])
def test_signals_that_do_not_vary_are_refused(make, num_samples):
    constant = NO_NOISE.replace(padding=(0, 0), max_translation=1, num_samples=num_samples)
    with pytest.raises(
        ValueError, match=r"all signals are the same constant and cannot be standardised; increase the noise"
    ):
        make(constant)


@settings(max_examples=25, deadline=None)
@given(scales=st.fixed_dictionaries({name: st.floats(0, 1.79e308) | st.floats(0, 1e45) for name in SCALE_NAMES}))
def test_any_scales_give_standardised_numbers_or_an_error_of_one_line(scales):
    parameters = GenerationParameters(num_samples=20, final_seq_length=10, **scales)
    for make in (
        make_dataset,
        lambda parameters: {"x": generate_shard(parameters, split="test", index=1, rows=20)[0]},
    ):
        try:
            x = make(parameters)["x"]
        except ValueError as error:
            assert str(error).startswith("the '")
        else:
            assert np.isfinite(x.astype(np.float32)).all()
            assert 0 < x.std() < 10


# --- the distribution of shards is the paper's


def paper_and_shards(parameters, shard_parameters=None):
    """Equally many rows of the paper's stream and of shards, each standardised as a whole."""
    paper = make_dataset(parameters.replace(num_samples=50_000, seed=99))
    shards = [generate_shard(shard_parameters or parameters, split="train", index=index) for index in range(5)]
    sets = (
        (np.concatenate([paper["x"], paper["x_test"]]), np.concatenate([paper["y"], paper["y_test"]])),
        (np.concatenate([x for x, _ in shards]).astype(np.float64), np.concatenate([y for _, y in shards])),
    )
    return [((x - x.mean()) / x.std(), y) for x, y in sets]


def largest_deviation(parameters, shard_parameters=None):
    """Largest difference of class means, variances and covariances, in standard errors."""
    (paper_x, paper_y), (shard_x, shard_y) = paper_and_shards(parameters, shard_parameters)
    deviations = []
    for digit in range(10):
        moments = []
        for x in (paper_x[paper_y == digit], shard_x[shard_y == digit]):
            centred = x - x.mean(axis=0)
            # Products of neighbours one, four and twelve points apart: the covariance's diagonals.
            products = [centred * np.roll(centred, lag, axis=1) for lag in (0, 1, 4, 12)]
            moments.append([(value.mean(axis=0), value.var(axis=0) / len(value)) for value in (x, *products)])
        for (mean, error), (other_mean, other_error) in zip(*moments, strict=True):
            deviations.append(np.abs(mean - other_mean) / np.sqrt(error + other_error))
    return np.max(deviations)


# 10 classes, 5 moments, 40 positions: the largest of 2000 standard normals exceeds 4.75 in one of 250 cases.
LIMIT = 4.75


@pytest.mark.parametrize(
    "parameters",
    [
        GenerationParameters(),
        GenerationParameters(padding=(0, 30), max_translation=60, final_seq_length=42, iid_noise_scale=0.3),
    ],
    ids=["default", "other"],
)
def test_class_means_and_covariances_are_the_papers(parameters):
    assert largest_deviation(parameters) < LIMIT


@pytest.mark.long
@pytest.mark.parametrize(
    "changes",
    [
        {"corr_noise_scale": 0.3},
        {"iid_noise_scale": 0.06},
        {"scale_coeff": 2.0},
        {"shear_scale": 0.85},
        {"max_translation": 47},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_comparison_of_moments_would_see_a_difference(changes):
    parameters = GenerationParameters()
    assert largest_deviation(parameters, parameters.replace(**changes)) > LIMIT


def test_the_transform_of_shards_is_make_datasets():
    parameters = GenerationParameters()
    draws = drawing.draw_sequentially(drawing.legacy_words(0), 500, parameters)
    classes = np.arange(500) % 10
    exact, single = (Transform(parameters, get_templates(), dtype) for dtype in (np.float64, np.float32))
    narrow = dataclasses.replace(
        draws,
        **{name: getattr(draws, name).astype(np.float32) for name in ("scale", "corr_noise", "iid_noise", "shear")},
    )
    signals = single(classes, narrow)
    assert signals.dtype == np.float32
    np.testing.assert_allclose(signals, exact(classes, draws), rtol=0, atol=2e-6)


def test_the_draws_of_shards_are_uniform_or_normal_over_the_whole_range():
    draws = drawing.draw_independently(np.random.default_rng(0), 100_000, GenerationParameters())
    for values, low, high in ((draws.padding, 36, 60), (draws.translation, 0, 47)):
        assert stats.chisquare(np.bincount(values, minlength=high + 1)[low:]).pvalue > 0.001
        assert (values.min(), values.max()) == (low, high)
    for values in (draws.scale, draws.shear):
        assert stats.kstest(values, "uniform").pvalue > 0.001
    for noise in (draws.corr_noise, draws.iid_noise):
        assert stats.kstest(noise[::10].ravel(), "norm").pvalue > 0.001


def test_two_sample_tests_find_no_difference():
    (paper, _), (shards, _) = paper_and_shards(GenerationParameters())
    directions = np.random.RandomState(0).standard_normal((40, 40))
    p_values = [stats.ks_2samp(paper[:, point], shards[:, point]).pvalue for point in range(40)]
    p_values += [stats.ks_2samp(paper @ direction, shards @ direction).pvalue for direction in directions]
    assert min(p_values) > 0.05 / len(p_values)


@pytest.mark.long
def test_a_classifier_scores_the_same_on_both():
    (paper_x, paper_y), (shard_x, shard_y) = paper_and_shards(GenerationParameters())
    accuracy = {}
    for name, x, y in (("paper", paper_x, paper_y), ("shards", shard_x, shard_y)):
        model = svm.SVC(C=10).fit(x[:4000], y[:4000])
        for other, test_x, test_y in (("paper", paper_x, paper_y), ("shards", shard_x, shard_y)):
            accuracy[name, other] = model.score(test_x[-5000:], test_y[-5000:])
    assert min(accuracy.values()) > 0.6
    # Three standard errors of a difference of two accuracies on 5000 rows each, where one of two was trained elsewhere.
    assert max(accuracy.values()) - min(accuracy.values()) < 0.03


def test_shards_share_the_standardisation_and_permutation_of_the_papers_set():
    plain, _ = generate_shard(GenerationParameters(), split="train", index=0, rows=100)
    shuffled, _ = generate_shard(GenerationParameters(shuffle_seq=True), split="train", index=0, rows=100)
    paper, paper_shuffled = (make_dataset(GenerationParameters(shuffle_seq=value))["x"] for value in (False, True))
    positions = [int(np.flatnonzero(np.isclose(paper, column[:, None]).all(axis=0))[0]) for column in paper_shuffled.T]
    np.testing.assert_array_equal(shuffled, plain[:, positions])
    x, _ = generate_shard(GenerationParameters(), split="train", index=0)
    assert abs(x.mean()) < 0.02
    assert abs(x.std() - 1) < 0.02


# --- construction_steps


@settings(max_examples=50, deadline=None)
@given(parameters=parameters(), digit=st.integers(0, 9))
def test_construction_ends_with_the_original_packages_example(original, parameters, digit):
    templates = get_templates()
    np.random.seed(parameters.seed)
    theirs, _ = sys.modules["mnist1d.transform"].transform(templates["x"][digit], templates["t"], parameters)
    steps = construction_steps(digit, parameters, seed=parameters.seed)
    np.testing.assert_allclose(steps["down-sampled"], theirs, rtol=0, atol=1e-11)


def test_construction_names_every_step_with_its_length():
    steps = construction_steps(4, seed=0)
    assert {name: len(signal) for name, signal in steps.items() if name != "padded"} == {
        "template": 12, "dilated": 72, "scaled": 72, "translated": 72, "with noise": 72, "sheared": 72, "down-sampled": 40,
    }  # fmt: skip
    assert 12 + 36 <= len(steps["padded"]) <= 12 + 60
    np.testing.assert_array_equal(steps["template"], get_templates()["x"][4])
    np.testing.assert_array_equal(np.sort(steps["translated"]), np.sort(steps["scaled"]))
    signal = steps["translated"] != 0
    assert np.abs(steps["with noise"] - steps["translated"])[signal].max() < 0.1
    assert not np.array_equal(steps["with noise"], steps["sheared"])


@pytest.mark.parametrize("digit", [-1, 10])
def test_construction_of_no_digit_raises(digit):
    with pytest.raises(ValueError, match=rf"'digit' parameter must be an integer from 0 to 9, got {digit}"):
        construction_steps(digit, seed=0)
