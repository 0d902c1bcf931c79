"""What models are trained and evaluated on."""

import numpy as np
import pytest
import torch

from mnist1d_hf import load_dataset
from mnist1d_hf.baselines import load_tensors, tasks
from mnist1d_hf.baselines.data import load_fresh_tensors, load_training_tensors
from mnist1d_hf.baselines.recipes import TrainingSettings
from mnist1d_hf.baselines.training import train
from mnist1d_hf.dataset.generator import generate_shard


def test_they_train_and_test_on_these_configs():
    used = {
        name: (task.config, task.test_config, task.train_rows, task.steps_factor) for name, task in tasks.TASKS.items()
    }
    assert used == {
        "default": ("default", "default", None, 1),
        "shuffled": ("shuffled", "shuffled", None, 1),
        "noisy": ("custom-noise", "custom-noise", None, 1),
        "few": ("default", "default", 500, 1),
        "large": ("large", "default", 50_000, 4),
    }


def test_an_unknown_one_is_named_beside_the_known_ones():
    with pytest.raises(ValueError, match="unknown task 'hard'; the tasks are default, shuffled, noisy, few, large"):
        tasks.get_task("hard")


@pytest.mark.parametrize(("task", "rows"), [("default", 4000), ("noisy", 4000), ("few", 4000)])
def test_training_rows_are_those_of_the_config_and_what_is_held_out(task, rows):
    x, y = load_training_tensors(task)
    expected, labels = load_tensors(tasks.TASKS[task].config, "train")
    assert len(x) == rows and torch.equal(x, expected) and torch.equal(y, labels)


@pytest.mark.parametrize("task", ["default", "shuffled", "noisy", "few", "large"])
def test_fresh_rows_are_shards_of_the_same_signals(task):
    x, y = load_fresh_tensors(task, 10_010)
    parameters = tasks.TASKS[task].fresh_parameters
    expected, labels = generate_shard(parameters, split="test", index=0)
    assert np.array_equal(x[:10_000], expected) and np.array_equal(y[:10_000], labels)
    assert x.shape == (10_010, 40) and x.dtype == torch.float32 and y.dtype == torch.int64
    # No row is one of those that train.
    training = {row.tobytes() for row in load_training_tensors(task, 4000)[0].numpy()}
    assert training.isdisjoint(row.tobytes() for row in x.numpy())


def test_fresh_rows_of_default_are_the_test_rows_of_large():
    x, y = load_fresh_tensors("default", 500)
    stream = load_dataset("large", split="test", streaming=True, num_samples=1000, train_split=0.5)
    rows = list(stream)
    assert x.tolist() == [row["x"] for row in rows] and y.tolist() == [row["y"] for row in rows]


def test_few_trains_on_the_first_rows_and_validates_on_rows_beyond():
    seen = []

    class Model(torch.nn.Linear):
        def forward(self, x):
            if self.training:
                seen.append(x)
            return super().forward(x)

    settings = TrainingSettings(steps=10, batch_size=100, validation_rows=600, log_every=5)
    (trained,) = train(Model, [("few", 0)], settings)
    x, _ = load_tensors("default", "train")
    rows = {row.tobytes() for row in torch.cat(seen).numpy()}
    assert rows == {row.tobytes() for row in x[:500].numpy()}
    assert len(trained.curves.validation_accuracy) == 2 and trained.task == "few"
