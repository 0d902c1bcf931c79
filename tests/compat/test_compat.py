"""The original's names: the same arrays and types for the same arguments, without its silent faults."""

import dataclasses
import importlib
import inspect
import random
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf import compat
from mnist1d_hf.compat import data, utils
from mnist1d_hf.dataset.parameters import GenerationParameters

transform = importlib.import_module("mnist1d_hf.compat.transform")

ARRAYS = ("x", "x_test", "y", "y_test", "t")
scales = st.floats(0, 2)
arguments = st.fixed_dictionaries(
    {
        "num_samples": st.integers(10, 40),
        "train_split": st.floats(0, 1),
        "template_len": st.integers(2, 20),
        "padding": st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted),
        "scale_coeff": scales,
        "max_translation": st.integers(1, 60),
        "corr_noise_scale": scales,
        "iid_noise_scale": st.floats(0.01, 2),
        "shear_scale": scales,
        "shuffle_seq": st.booleans(),
        "final_seq_length": st.integers(2, 50),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@pytest.fixture
def args():
    return compat.ObjectView({**compat.get_dataset_args(as_dict=True), "num_samples": 100})


@pytest.fixture(autouse=True)
def untold(monkeypatch):
    monkeypatch.setattr(data, "_told", {"download"})


def same_state(one, other):
    return one[0] == other[0] and (one[1] == other[1]).all() and one[2:] == other[2:]


def of(original, name):
    """A module of the original package."""
    return importlib.import_module(f"mnist1d.{name}") if original else None


def test_every_public_name_of_the_original_is_here_with_its_arguments(original):
    package = sys.modules["mnist1d"]
    names = {name for name in vars(package) if not name.startswith("_")}
    assert names <= set(compat.__all__)
    for module in ("data", "utils", "transform"):
        theirs, ours = of(original, module), importlib.import_module(f"mnist1d_hf.compat.{module}")
        for name, value in vars(theirs).items():
            if not inspect.isfunction(value) or value.__module__ != theirs.__name__:
                continue
            wanted = [(one.name, one.default, one.kind) for one in inspect.signature(value).parameters.values()]
            found = [
                (one.name, one.default, one.kind) for one in inspect.signature(getattr(ours, name)).parameters.values()
            ]
            assert [one for one in found if one[2] is not inspect.Parameter.KEYWORD_ONLY] == wanted, name
    assert compat.transform is transform.transform


def test_arguments_and_templates_are_those_of_the_original(original):
    assert compat.get_dataset_args(as_dict=True) == original.get_dataset_args(as_dict=True)
    assert vars(compat.get_dataset_args()) == vars(original.get_dataset_args())
    theirs = original.get_templates()
    for name, array in compat.get_templates().items():
        assert np.abs(array - theirs[name]).max() < 1e-15


@settings(max_examples=40)
@given(values=arguments)
def test_arrays_are_those_of_the_original_for_any_arguments(original, values):
    args = compat.ObjectView(values)
    state, python_state = np.random.get_state(), random.getstate()
    try:
        wanted = original.make_dataset(args)
        left, python_left = np.random.get_state(), random.getstate()
        found = data.make_dataset(args)
        assert same_state(np.random.get_state(), left)
        np.random.seed(0)
        assert data.make_dataset(args, reseed=True)["x"].shape == found["x"].shape
        assert same_state(np.random.get_state(), left)
        assert random.getstate() == python_left
    finally:
        np.random.set_state(state)
        random.setstate(python_state)
    assert list(found) == list(wanted)
    for name in ARRAYS:
        assert (found[name].dtype, found[name].shape) == (wanted[name].dtype, wanted[name].shape)
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-11, atol=1e-11)


def test_templates_of_ones_own_may_have_any_labels(original, args):
    rng = np.random.default_rng(0)
    template = {"x": rng.normal(size=(3, 9)), "t": np.linspace(-1, 1, 9), "y": np.array([5, 7, 9])}
    wanted, found = original.make_dataset(args, template=template), data.make_dataset(args, template=template)
    assert found["templates"] is template
    for name in ARRAYS:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-11, atol=1e-11)


def test_integers_of_numpy_are_seeds(args):
    args.seed = np.int64(7)
    expected = data.make_dataset(compat.ObjectView({**vars(args), "seed": 7}))
    np.testing.assert_array_equal(data.make_dataset(args)["x"], expected["x"])
    state = random.getstate()
    utils.set_seed(np.uint32(7))
    assert (random.random(), np.random.rand()) == (random.Random(7).random(), np.random.RandomState(7).rand())
    random.setstate(state)


def test_global_random_state_is_left_alone(args):
    before, python_before = np.random.get_state(), random.getstate()
    data.make_dataset(args)
    compat.get_dataset(args)
    assert same_state(np.random.get_state(), before)
    assert random.getstate() == python_before


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"seed": -1}, ValueError, "'seed'"),
        ({"iid_noise_scale": -1}, ValueError, "'iid_noise_scale'"),
        ({"num_samples": "many"}, TypeError, "'num_samples'"),
    ],
)
def test_what_cannot_be_generated_is_named(args, changes, error, message):
    with pytest.raises(error, match=message):
        data.make_dataset(compat.ObjectView({**vars(args), **changes}))


def test_missing_parameters_and_dicts_are_named(args):
    with pytest.raises(AttributeError, match="seed"):
        data.make_dataset(compat.ObjectView({name: value for name, value in vars(args).items() if name != "seed"}))
    with pytest.raises(TypeError, match=r"got a dict; wrap it as ObjectView\(args\)"):
        data.make_dataset(vars(args))


def test_get_dataset_returns_what_its_arguments_say_whatever_lies_in_the_folder(args, empty_folder, original):
    # The original's faults: a file in the folder, or the one it downloads, hides every argument.
    compat.to_pickle({"x": "of somebody else"}, "mnist1d_data.pkl")
    args.shuffle_seq = True
    wanted = original.make_dataset(args)
    for options in ({}, {"download": True}, {"regenerate": True, "download": False}):
        np.testing.assert_allclose(compat.get_dataset(args, **options)["x"], wanted["x"], atol=1e-11)
    args.num_samples = 80
    assert len(compat.get_dataset(args)["x"]) == 64
    assert [path.name for path in empty_folder.iterdir()] == ["mnist1d_data.pkl"]


def test_get_dataset_needs_no_network_and_says_so_once(args, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    monkeypatch.setattr(data, "_told", set())
    with pytest.warns(UserWarning, match="nothing is downloaded and no pickle is read"):
        compat.get_dataset(args)
    compat.get_dataset(args)
    monkeypatch.setattr(data, "_told", set())
    compat.get_dataset(args, verbose=False)
    compat.get_dataset(args, download=False)


def test_a_file_is_kept_where_a_path_is_given_and_read_for_the_same_arguments(args, empty_folder, monkeypatch):
    first = compat.get_dataset(args, path="mine.pkl")
    assert [path.name for path in empty_folder.iterdir()] == ["mine.npz"]
    with monkeypatch.context() as patch:
        patch.setattr(data, "make_dataset", lambda *_, **__: pytest.fail("it was made again"))
        again = compat.get_dataset(args, path="mine.pkl")
    assert list(again) == list(first)
    for name in ARRAYS:
        np.testing.assert_array_equal(again[name], first[name])
    for name, value in {
        **dataclasses.asdict(GenerationParameters(num_samples=50)),
        "train_split": 0.5,
        "seed": 1,
    }.items():
        other = compat.ObjectView({**vars(args), name: value})
        assert compat.get_dataset(other, path="mine.npz")["x"].shape == data.make_dataset(other)["x"].shape
        np.testing.assert_array_equal(compat.get_dataset(other, path="mine.npz")["x"], data.make_dataset(other)["x"])
    assert [path.name for path in empty_folder.iterdir()] == ["mine.npz"]


def test_templates_are_part_of_what_is_kept(args, empty_folder):
    template = {**compat.get_templates()}
    compat.get_dataset(args, path="mine")
    template["x"] = template["x"] * 2
    found = compat.get_dataset(args, path="mine", template=template)
    np.testing.assert_array_equal(found["x"], data.make_dataset(args, template)["x"])
    assert compat.get_dataset(args, path="mine", template=template)["templates"] is template


@pytest.mark.parametrize("content", [b"", b"not mine", b"PK\x03\x04"])
def test_a_file_of_somebody_else_is_kept(args, empty_folder, content):
    (empty_folder / "mine.npz").write_bytes(content)
    with pytest.raises(
        FileExistsError, match=r"mine.npz was not written by get_dataset, so it is kept; name another path"
    ):
        compat.get_dataset(args, path="mine.npz")
    assert (empty_folder / "mine.npz").read_bytes() == content


SIGNAL, SIGNALS = np.linspace(-1, 2, 30) ** 3, np.linspace(-1, 2, 84).reshape(12, 7) ** 3


@pytest.mark.parametrize(
    ("name", "values", "signals"),
    [
        ("pad", ((3, 9),), (SIGNAL, SIGNALS)),
        ("shear", (2.0,), (SIGNAL,)),
        ("translate", (60,), (SIGNAL, SIGNALS)),
        ("translate", (1,), (SIGNAL,)),
        ("corr_noise_like", (0.3,), (SIGNAL, SIGNALS)),
        ("iid_noise_like", (0.3,), (SIGNAL, SIGNALS)),
        ("interpolate", (77,), (SIGNAL, SIGNALS)),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_steps_draw_what_the_original_draws(original, name, values, signals, seed):
    state = np.random.get_state()
    for signal in signals:
        found = []
        for module in (of(original, "transform"), transform):
            np.random.seed(seed)
            found.append((getattr(module, name)(signal.copy(), *values), np.random.get_state()))
        (wanted, wanted_state), (ours, our_state) = found
        np.testing.assert_allclose(ours, wanted, rtol=1e-12, atol=1e-12)
        assert same_state(our_state, wanted_state)
    np.random.set_state(state)


def test_transform_is_that_of_the_original(original, args):
    templates, state = compat.get_templates(), np.random.get_state()
    for digit in range(10):
        found = []
        for function in (of(original, "transform").transform, compat.transform):
            np.random.seed(digit)
            found.append(function(templates["x"][digit], templates["t"], args))
        np.testing.assert_allclose(found[1], found[0], rtol=1e-11, atol=1e-11)
    np.random.set_state(state)


def test_pickles_of_ones_own_come_back(tmp_path):
    utils.to_pickle({"a": np.arange(3)}, tmp_path / "one.pkl")
    np.testing.assert_array_equal(utils.from_pickle(tmp_path / "one.pkl")["a"], [0, 1, 2])


@pytest.mark.parametrize("options", [{}, {"labels": range(10), "dark_mode": True}, {"do_transform": True, "zoom": 3}])
def test_signals_are_drawn_side_by_side(options, args, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    templates = compat.get_templates()
    figure = compat.plot_signals(templates["x"], templates["t"], args=args, **options)
    assert len(figure.axes) == 10
    assert figure.axes[3].get_xlim() == (-options.get("zoom", 1), options.get("zoom", 1))
    assert figure.axes[3].get_ylim()[0] > figure.axes[3].get_ylim()[1]
    assert figure.axes[3].get_title() == ("label=3" if "labels" in options else "")
    pyplot.close(figure)


def test_drawing_transformed_signals_needs_arguments():
    templates = compat.get_templates()
    with pytest.raises(ValueError, match=r"do_transform=True needs args, for example args=get_dataset_args\(\)"):
        compat.plot_signals(templates["x"], templates["t"], do_transform=True)
