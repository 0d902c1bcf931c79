"""The ONNX files: what another runtime computes from them is what torch computes."""

import numpy as np
import onnxruntime
import pytest
import torch

from mnist1d_hf.baselines import create_model, list_checkpoints, list_models, load_model
from mnist1d_hf.baselines.data import load_test_tensors
from mnist1d_hf.baselines.onnx_export import export_onnx
from mnist1d_hf.baselines.registry import checkpoint_folder
from mnist1d_hf.baselines.runs import ONNX_NAME


def run(path, x):
    (logits,) = onnxruntime.InferenceSession(path).run(["logits"], {"x": x.numpy()})
    return logits


@pytest.mark.parametrize(("config", "name"), list_checkpoints())
def test_a_shipped_file_computes_what_its_checkpoint_computes(config, name):
    x, _ = load_test_tensors(config)
    with torch.no_grad():
        expected = load_model(name, config)(x).numpy()
    logits = run(checkpoint_folder(name, config) / ONNX_NAME, x)
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    np.testing.assert_array_equal(logits.argmax(axis=1), expected.argmax(axis=1))


@pytest.mark.parametrize("name", list_models())
def test_other_sizes_and_any_batch_can_be_exported_and_the_bytes_repeat(tmp_path, name):
    model = create_model(name, final_seq_length=60, num_classes=7).eval()
    for file in ("a.onnx", "b.onnx"):
        export_onnx(model, tmp_path / file, 60)
    content = (tmp_path / "a.onnx").read_bytes()
    assert content == (tmp_path / "b.onnx").read_bytes()
    assert str(tmp_path).encode() not in content and b".py" not in content
    for batch in (1, 5):
        x = torch.randn(batch, 60)
        np.testing.assert_allclose(run(tmp_path / "a.onnx", x), model(x).detach().numpy(), atol=1e-5)
