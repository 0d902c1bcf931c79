"""Training, evaluation and batches on a GPU equal those on the processor."""

import numpy as np
import pytest
import torch

from mnist1d_hf.baselines import batches, evaluate, list_models, load_model, load_tensors
from mnist1d_hf.baselines.recipes import TrainingSettings
from mnist1d_hf.baselines.training import train

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")]

RUNS = [("default", 0), ("shuffled", 1)]


@pytest.mark.parametrize("name", list_models())
def test_training_equals_that_on_the_processor(name):
    settings = TrainingSettings(steps=12, batch_size=20, log_every=4, label_smoothing=0.1, validation_rows=600)
    there, here = (train(name, RUNS, settings, device=device) for device in ("cuda", "cpu"))
    x, _ = load_tensors("default", "test[:100]")
    for one, other in zip(there, here, strict=True):
        torch.testing.assert_close(one.model(x), other.model(x), rtol=0, atol=2e-3)
        np.testing.assert_allclose(one.curves.train_loss, other.curves.train_loss, rtol=1e-3)
        np.testing.assert_allclose(one.curves.validation_accuracy, other.curves.validation_accuracy, atol=0.005)


@pytest.mark.parametrize("name", list_models())
def test_evaluation_equals_that_on_the_processor(name):
    model, test = load_model(name), load_tensors("default", "test")
    there, here = (evaluate(model, test, device=device) for device in ("cuda", "cpu"))
    assert abs(there.accuracy - here.accuracy) <= 0.001


def test_batches_stay_on_the_device():
    for (x, y), (there_x, there_y) in zip(
        batches("default", shuffle=True), batches("default", shuffle=True, device="cuda"), strict=True
    ):
        assert there_x.is_cuda and there_y.is_cuda
        assert torch.equal(x, there_x.cpu()) and torch.equal(y, there_y.cpu())
