"""The page's own JavaScript, run by node, against the package: random numbers, generator, networks, worker."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf import GenerationParameters, construction_steps, get_templates, load_model
from mnist1d_hf.baselines.data import load_tensors
from mnist1d_hf.dataset.generator import raw_dataset
from mnist1d_hf.demo.build import PAGE_FOLDER
from mnist1d_hf.demo.bundle import bundle
from mnist1d_hf.demo.contents import contents, model_names

from .browsing import NO_NODE

# `make test` must pass where there is nothing but Python and make; CI has node, and fails without it.
pytestmark = pytest.mark.skipif(NO_NODE, reason="there is no node to run the page's scripts")


@pytest.mark.parametrize(("entry", "suffix"), [("main.js", "mjs"), ("worker.js", "cjs")])
def test_the_scripts_can_be_read(tmp_path, entry, suffix):
    path = tmp_path / f"script.{suffix}"
    path.write_text(bundle(PAGE_FOLDER, entry), encoding="utf-8")
    subprocess.run(["node", "--check", path], check=True)


@pytest.fixture(scope="module")
def data():
    return contents()


@pytest.fixture(scope="module")
def ask(data):
    """Asks node.mjs, which has the page's data."""
    command = ["node", str(Path(__file__).with_name("node.mjs")), str(PAGE_FOLDER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as node:

        def ask(task, **request):
            node.stdin.write(json.dumps({"task": task, **request}) + "\n")
            node.stdin.flush()
            answer = node.stdout.readline()
            assert answer, f"node ended during the task {task!r}"
            return json.loads(answer)

        ask("data", data=data)
        yield ask
        node.stdin.close()


def plain(parameters):
    """Parameters as the page has them."""
    return {name: getattr(parameters, name) for name in parameters.__dataclass_fields__}


# --- random numbers


@given(
    seed=st.integers(0, 2**32 - 1),
    samples=st.integers(0, 700),
    normals=st.integers(0, 20),
    bounds=st.lists(st.integers(1, 2**32), max_size=10),
)
def test_random_numbers_are_those_of_numpy(ask, seed, samples, normals, bounds):
    answer = ask("random", seed=seed, samples=samples, normals=normals, bounds=bounds)
    expected = np.random.RandomState(seed)
    assert answer["samples"] == expected.random_sample(samples).tolist()
    np.testing.assert_allclose(answer["normals"], expected.standard_normal(normals), rtol=1e-14, atol=0)
    assert answer["below"] == [int(expected.randint(bound, dtype=np.int64)) for bound in bounds]


# --- generator

SCALES = st.just(0.0) | st.floats(1e-3, 3)


@st.composite
def examples(draw):
    """Parameters, and draws of all kinds, some of them given."""
    low = draw(st.integers(0, 60))
    parameters = GenerationParameters(
        template_len=draw(st.integers(2, 30)),
        padding=(low, low + draw(st.integers(0, 40))),
        scale_coeff=draw(SCALES),
        max_translation=draw(st.integers(1, 150)),
        corr_noise_scale=draw(SCALES),
        iid_noise_scale=draw(SCALES),
        shear_scale=draw(SCALES),
        final_seq_length=draw(st.integers(2, 100)),
    )
    noise = st.lists(st.floats(-5, 5), min_size=parameters.dilated_length, max_size=parameters.dilated_length)
    high = parameters.padding[1]
    draws = {
        "padding": st.integers(0, high) | st.floats(0, high),
        "scale": st.floats(0, 1),
        "translation": st.integers(0, 150) | st.floats(0, 150),
        "corr_noise": noise,
        "iid_noise": noise,
        "shear": st.floats(0, 1),
    }
    return parameters, draw(st.fixed_dictionaries({}, optional=draws))


@settings(max_examples=150)
@given(example=examples(), digit=st.integers(0, 9), seed=st.integers(0, 2**32 - 1))
def test_every_step_of_the_construction_is_that_of_python(ask, example, digit, seed):
    parameters, draws = example
    ours = ask("construct", digit=digit, parameters=plain(parameters), seed=seed, draws=draws)
    expected = construction_steps(digit, parameters, seed=seed, draws=draws)
    assert [name for name, _ in ours] == list(expected)
    for name, signal in ours:
        np.testing.assert_allclose(signal, expected[name], rtol=0, atol=1e-12, err_msg=name)


def test_exact_zeros_stay_exact_so_that_noise_comes_to_the_same_points(ask):
    for seed in range(100):
        # Where template and signal have as many points, every point falls on an old one.
        parameters = GenerationParameters(iid_noise_scale=0, corr_noise_scale=3, padding=(seed, seed))
        ours = dict(ask("construct", digit=seed % 10, parameters=plain(parameters), seed=seed, draws={}))
        expected = construction_steps(seed % 10, parameters, seed=seed)
        for name in ("dilated", "translated"):
            assert [value == 0 for value in ours[name]] == (expected[name] == 0).tolist()
        np.testing.assert_allclose(ours["with noise"], expected["with noise"], rtol=0, atol=1e-12)


def test_signals_are_standardised_and_shuffled_like_the_papers_set(ask):
    plain_set, shuffled = (
        raw_dataset(GenerationParameters(shuffle_seq=value), get_templates()) for value in (False, True)
    )
    for row in range(20):
        ours = ask("finish", signal=plain_set.x[row].tolist())
        np.testing.assert_allclose(
            ours["standardised"], (plain_set.x[row] - plain_set.mean) / plain_set.std, rtol=0, atol=1e-12
        )
        np.testing.assert_allclose(
            ours["shuffled"], (shuffled.x[row] - shuffled.mean) / shuffled.std, rtol=0, atol=1e-12
        )


def made_in_python(parameters):
    """Raw signals and labels of a dataset, ordered by their first points."""
    raw = raw_dataset(parameters, get_templates())
    order = np.argsort(raw.x[:, 0])
    return raw.x[order], raw.classes[order]


@pytest.mark.parametrize("padding", [(20, 50), (5, 15)], ids=["longer than the translations", "shorter"])
def test_many_digits_are_those_of_a_dataset(ask, padding):
    seed = 7
    parameters = GenerationParameters(num_samples=200, seed=seed, corr_noise_scale=0.5, padding=padding)
    ours = ask("digits", parameters=plain(parameters), seed=seed, count=200)
    x, y = np.array(ours["x"]), np.array(ours["y"])
    order = np.argsort(x[:, 0])
    expected_x, expected_y = made_in_python(parameters)
    np.testing.assert_allclose(x[order], expected_x, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(y[order], expected_y)


# --- networks


@pytest.mark.parametrize("config", ["default", "shuffled"])
@pytest.mark.parametrize("rows", [50, pytest.param(1000, marks=pytest.mark.long)])
def test_logits_are_those_of_torch(ask, config, rows):
    x = load_tensors(config, "test")[0][:rows]
    answer = ask("logits", config=config, x=x.tolist())
    assert list(answer) == model_names()
    assert len(answer) == 8
    for name, logits in answer.items():
        with torch.inference_mode():
            expected = load_model(name, config)(x)
        torch.testing.assert_close(torch.tensor(logits), expected, rtol=0, atol=1e-4)
        assert torch.equal(torch.tensor(logits).argmax(1), expected.argmax(1))


# --- worker


def sweep(**changes):
    request = {
        "parameter": "iid_noise_scale",
        "values": [0.02, 0.2],
        "parameters": plain(GenerationParameters()),
        "config": "default",
        "seed": 3,
        "digits": 60,
    }
    return request | changes


@pytest.mark.parametrize("config", ["default", "shuffled"])
def test_a_sweep_measures_what_python_measures(ask, data, config):
    answers = ask("worker", script=bundle(PAGE_FOLDER, "worker.js"), messages=[{"data": data}, sweep(config=config)])
    assert answers[-1] == {"done": True}
    assert [(answer["index"], answer["value"]) for answer in answers[:-1]] == [(0, 0.02), (1, 0.2)]
    for answer in answers[:-1]:
        parameters = GenerationParameters(num_samples=60, seed=3, iid_noise_scale=answer["value"])
        x, y = made_in_python(parameters)
        x = (x - data["mean"]) / data["std"]
        signals = torch.tensor(x[:, data["permutation"]] if config == "shuffled" else x, dtype=torch.float32)
        for name in model_names():
            with torch.inference_mode():
                right = (load_model(name, config)(signals).argmax(1).numpy() == y).mean()
            assert answer["accuracy"][name] == pytest.approx(right, abs=1e-12)


def test_a_new_sweep_ends_the_one_before(ask, data):
    messages = [{"data": data}, sweep(values=[0.01] * 50, digits=10), sweep(values=[0.5] * 5, digits=10)]
    answers = ask("worker", script=bundle(PAGE_FOLDER, "worker.js"), messages=messages)
    values = [answer["value"] for answer in answers if "value" in answer]
    assert values[values.index(0.5) :] == [0.5] * 5
    assert answers[-1] == {"done": True}
