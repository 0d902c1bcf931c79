"""ONNX files of strangers: evaluated without their code, and refused in one line where they are not what they must be."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

from mnist1d_hf import cli
from mnist1d_hf.baselines import evaluate, load_model, load_onnx
from mnist1d_hf.baselines import onnx_models as module
from mnist1d_hf.baselines.data import load_test_tensors
from mnist1d_hf.baselines.layout import ONNX_NAME
from mnist1d_hf.baselines.registry import checkpoint_folder
from mnist1d_hf.errors import CheckpointError, MissingExtraError

ROWS = (torch.linspace(-1, 1, 1500 * 40).reshape(1500, 40), torch.arange(1500) % 10)


def tensor(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def weights(*shape, name="w"):
    return numpy_helper.from_array(np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape), name)


PRODUCT = helper.make_node("MatMul", ["x", "w"], ["y"])


def write(path, nodes=(PRODUCT,), constants=None, inputs=None, outputs=None):
    constants = [weights(40, 10)] if constants is None else constants
    graph = helper.make_graph(
        list(nodes), "g", inputs or [tensor("x", ["n", 40])], outputs or [tensor("y", ["n", 10])], constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def call(*arguments):
    return CliRunner().invoke(cli.main, ["evaluate", *map(str, arguments)])


@pytest.mark.parametrize(("config", "name"), [("default", "cnn"), ("shuffled", "gru")])
def test_a_file_is_evaluated_as_its_model_is(config, name):
    rows = load_test_tensors(config)
    expected = evaluate(load_model(name, config), rows)
    folder = checkpoint_folder(name, config)
    for model in (load_onnx(folder), str(folder / ONNX_NAME), folder / ONNX_NAME):
        found = evaluate(model, rows)
        assert (found.confusion, found.rows) == (expected.confusion, 1000)
        assert found.loss == pytest.approx(expected.loss, abs=1e-5)


def test_every_row_is_classified_in_order(tmp_path):
    logits = load_onnx(write(tmp_path / "a.onnx"))(ROWS[0])
    np.testing.assert_allclose(logits, ROWS[0].numpy() @ numpy_helper.to_array(weights(40, 10)), rtol=1e-5, atol=1e-6)
    cast = helper.make_node("Cast", ["x"], ["z"], to=TensorProto.FLOAT)
    product = helper.make_node("MatMul", ["z", "w"], ["y"])
    double = write(tmp_path / "double.onnx", [cast, product], inputs=[tensor("x", ["n", 40], TensorProto.DOUBLE)])
    np.testing.assert_allclose(load_onnx(double)(ROWS[0]), logits, atol=1e-6)


def huge(path):
    """A file that takes 6 GiB, which a machine may have."""
    shape = numpy_helper.from_array(np.array([40_000, 40_000], np.int64), "s")
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["z"]),
        helper.make_node("ReduceSum", ["z"], ["r"], keepdims=0),
        helper.make_node("Add", ["x", "r"], ["y"]),
    ]
    return write(path, nodes, [shape])


def not_finite(path):
    zero = numpy_helper.from_array(np.zeros((40, 10), np.float32), "w")
    return write(
        path, [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Div", ["z", "z"], ["y"])], [zero]
    )


HOSTILE = {
    "text": (lambda path: path.write_text("no model"), "is not an ONNX file; download or export it again"),
    "empty": (lambda path: path.write_bytes(b""), "is not an ONNX file of a model: its graph is empty"),
    "other sizes": (lambda path: write(path, inputs=[tensor("x", ["n", 60])], constants=[weights(60, 10)]),
                    "takes signals of 60 points, and these have 40"),
    "fixed batch": (lambda path: write(path, inputs=[tensor("x", [1, 40])]), "takes batches of 1 only; export it with a free"),
    "three dimensions": (lambda path: write(path, inputs=[tensor("x", ["n", 1, 40])]),
                         r"takes a tensor of shape \(n, 1, 40\); signals are of shape \(batch, length\)"),
    "two inputs": (lambda path: write(path, inputs=[tensor("x", ["n", 40]), tensor("t", ["n", 40])]),
                   "has 2 inputs and 1 outputs"),
    "two outputs": (lambda path: write(path, outputs=[tensor("y", ["n", 10])] * 2), "onnxruntime|has 1 inputs and 2 outputs"),
    "integers": (lambda path: write(path, [helper.make_node("ArgMax", ["x"], ["y"])], [], None,
                                    [tensor("y", None, TensorProto.INT64)]),
                 r"takes tensor\(float\) and returns tensor\(int64\); both must be tensors of floats"),
    "one number": (lambda path: write(path, [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)], [], None,
                                      [tensor("y", [])]),
                   r"returns a tensor of shape \(\) for 1000 signals"),
    "many classes": (lambda path: write(path, constants=[weights(40, 101)], outputs=[tensor("y", ["n", 101])]),
                     r"shape \(1000, 101\) for 1000 signals; logits are of shape \(batch, classes\), at most 100 classes"),
    "memory": (huge, "cannot be run by onnxruntime: .*allocate memory|takes more than 4 GiB of memory"),
    "unknown operator": (lambda path: write(path, [helper.make_node("Evil", ["x"], ["y"], domain="evil.so")], []),
                         "cannot be run by onnxruntime: .*evil.so"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_wrong_is_said_in_one_line(tmp_path, case, capfd):
    make, message = HOSTILE[case]
    path = tmp_path / "their.onnx"
    make(path)
    with pytest.raises(CheckpointError, match=message) as refused:
        evaluate(path, ROWS)
    assert str(refused.value).startswith(f"{path} ")
    assert str(refused.value).isprintable()
    assert capfd.readouterr() == ("", "")


def test_a_score_that_is_no_number_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"row 0 .* of the scores holds NaN or inf"):
        evaluate(not_finite(tmp_path / "a.onnx"), ROWS)


@pytest.mark.parametrize("where", ["initializer", "constant", "branch"])
@pytest.mark.parametrize("location", ["secret.bin", "../secret.bin", "{folder}/secret.bin"])
def test_files_that_a_model_names_are_not_read(tmp_path, monkeypatch, where, location):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(np.ones((40, 10), np.float32).tobytes())
    outside = weights(40, 10)
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value=location.format(folder=tmp_path))
    constant = helper.make_node("Constant", [], ["w"], value=outside)
    if where == "initializer":
        path = write(tmp_path / "a.onnx", constants=[outside])
    elif where == "constant":
        path = write(tmp_path / "a.onnx", [constant, PRODUCT], [])
    else:
        branch = helper.make_graph([constant, PRODUCT], "b", [], [tensor("y", ["n", 10])])
        node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
        path = write(tmp_path / "a.onnx", [node], [numpy_helper.from_array(np.array(True), "c")])
    with pytest.raises(CheckpointError, match="keeps weights in other files, which are not read"):
        evaluate(path, ROWS)


def test_a_model_without_an_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_SECONDS", 2)
    body = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}2"]) for name in ("go", "v")],
        "body",
        [tensor("i", [], TensorProto.INT64), tensor("go", [], TensorProto.BOOL), tensor("v", ["n", 10])],
        [tensor("go2", [], TensorProto.BOOL), tensor("v2", ["n", 10])],
    )
    true = numpy_helper.from_array(np.array(True), "true")
    loop = helper.make_node("Loop", ["", "true", "z"], ["y"], body=body)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), loop]
    with pytest.raises(CheckpointError, match="takes more than 2 s for 1500 signals"):
        evaluate(write(tmp_path / "a.onnx", nodes, [weights(40, 10), true]), ROWS)


def test_a_process_that_dies_takes_nothing_along(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PROGRAM", "import os; os.abort()")
    with pytest.raises(CheckpointError, match="cannot be run: its process ended with status"):
        evaluate(write(tmp_path / "a.onnx"), ROWS)


def test_files_that_are_too_large_or_missing(tmp_path, monkeypatch):
    path = write(tmp_path / "a.onnx")
    with pytest.raises(ValueError, match="on the CPU, not on the device 'meta'"):
        evaluate(path, ROWS, device="meta")
    monkeypatch.setattr(module, "MAX_WEIGHTS_BYTES", 100)
    with pytest.raises(CheckpointError, match=r"has \d+ bytes; at most 100 are loaded"):
        load_onnx(path)
    with pytest.raises(CheckpointError, match=r"there is no file .*missing\.onnx"):
        load_onnx(tmp_path / "missing.onnx")
    with pytest.raises(CheckpointError, match=f"has no {ONNX_NAME}$"):
        load_onnx(tmp_path)
    with pytest.raises(CheckpointError, match=r"is neither an \.onnx file nor a folder with"):
        load_onnx(tmp_path / "missing")
    monkeypatch.setattr(module, "check_extras", lambda extra: (_ for _ in ()).throw(MissingExtraError("onnx", extra)))
    with pytest.raises(MissingExtraError, match=r"pip install 'mnist1d-hf\[onnx\]'"):
        load_onnx(path)


@pytest.fixture
def stranger(tmp_path):
    """A folder with an ONNX file of an architecture that this package does not know."""
    folder = tmp_path / "mynet"
    shutil.copytree(checkpoint_folder("cnn", "shuffled"), folder)
    (folder / "config.json").write_text(json.dumps({"architecture": "MyNet", "task": "shuffled"}))
    return folder


def accuracy(result):
    assert result.exit_code == 0, result.output
    return float(re.search(r"accuracy +([\d.]+) %", result.output)[1]) / 100


@pytest.mark.long
def test_the_command_falls_back_to_the_file_and_to_its_own_task(stranger):
    expected = evaluate(load_model("cnn", "shuffled"), load_test_tensors("shuffled")).accuracy
    result = call(stranger)
    assert "on the split test of shuffled" in result.output
    assert accuracy(result) == expected
    (stranger / "config.json").unlink()  # the task is that of metrics.json
    (stranger / "metrics.json").write_text(json.dumps({"task": "noisy"}))
    assert "on the split test of custom-noise" in call(stranger).output
    (stranger / "metrics.json").unlink()
    shutil.copyfile(checkpoint_folder("cnn", "shuffled") / "config.json", stranger / "config.json")
    (stranger / "model.safetensors").unlink()
    assert accuracy(call(stranger, "--config", "shuffled")) == expected
    assert accuracy(call(stranger / ONNX_NAME, "--config", "shuffled")) == expected


def test_the_command_says_what_a_folder_without_a_file_lacks(stranger):
    (stranger / ONNX_NAME).unlink()
    result = call(stranger)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "names the architecture 'MyNet'" in result.stderr


def test_a_repository_with_a_file_is_evaluated(hub, stranger):
    hub.add_folder("model", "eve/mynet", stranger)
    assert "on the split test of shuffled" in call("eve/mynet").output
    model = load_onnx("eve/mynet")
    assert (model.task, model.source) == ("shuffled", "eve/mynet")
    hub.add_commit("model", "eve/mynet", {ONNX_NAME: None})
    result = call("eve/mynet")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
