"""The models: sizes, names, saving, loading and what goes wrong."""

import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from torch import nn
from torch.nn import functional as F

from mnist1d_hf import DATA_VERSION, GenerationParameters, make_dataset
from mnist1d_hf.baselines import CNN, MODELS, Mnist1DDataset, create_model, list_models, load_model, load_tensors
from mnist1d_hf.errors import CheckpointError

SIZES = {
    **{"logistic": 410, "mlp": 15_210, "cnn": 5_210, "gru": 5_134},
    **{"resnet": 25_674, "s4d": 11_338, "tcn": 16_266, "transformer": 26_474},
}


# The four as the paper's facts describe them, written down again.
class PaperLogistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(40, 10)

    def forward(self, x):
        return self.linear(x)


class PaperMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear1, self.linear2, self.linear3 = nn.Linear(40, 100), nn.Linear(100, 100), nn.Linear(100, 10)

    def forward(self, x):
        h = self.linear1(x).relu()
        h = h + self.linear2(h).relu()
        return self.linear3(h)


class PaperCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 25, 5, stride=2, padding=1)
        self.conv2 = nn.Conv1d(25, 25, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(25, 25, 3, stride=2, padding=1)
        self.linear = nn.Linear(125, 10)

    def forward(self, x):
        h = self.conv3(self.conv2(self.conv1(x.view(-1, 1, 40)).relu()).relu()).relu()
        return self.linear(h.view(len(x), -1))


class PaperGRU(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 6, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(480, 10)

    def forward(self, x):
        h0 = torch.zeros(2, len(x), 6)
        return self.linear(self.gru(x[..., None], h0)[0].reshape(len(x), -1))


PAPER = {"logistic": PaperLogistic, "mlp": PaperMLP, "cnn": PaperCNN, "gru": PaperGRU}


def fresh(name, seed=0, **sizes):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return create_model(name, **sizes)


def test_the_models_are_listed_the_papers_first():
    assert list_models() == list(SIZES)


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_parameter_counts(name, size):
    assert create_model(name).num_parameters == size


@pytest.mark.parametrize("name", PAPER)
def test_state_dicts_move_to_the_authors_classes_and_back(name):
    ours, theirs = fresh(name), PAPER[name]()
    theirs.load_state_dict(ours.state_dict())
    x = torch.from_numpy(make_dataset()["x_test"][:50]).float()
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-6)
    ours.load_state_dict(PAPER[name]().state_dict())


@pytest.mark.parametrize("name", SIZES)
@settings(max_examples=8, deadline=None)
@given(length=st.integers(1, 12), classes=st.integers(1, 7), batch=st.integers(1, 4))
def test_any_length_and_number_of_classes(name, length, classes, batch):
    length = {"cnn": length + 2, "transformer": 5 * length}.get(name, length)
    model = create_model(name, final_seq_length=length, num_classes=classes)
    assert model(torch.zeros(batch, length)).shape == (batch, classes)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("shape", [(3, 41), (40,), (2, 1, 40)])
def test_signals_of_another_shape_raise(name, shape):
    with pytest.raises(ValueError, match=rf"takes signals of shape \(batch, 40\), got {re.escape(str(shape))}"):
        create_model(name)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("name", "sizes", "message"),
    [
        ("rnn", {}, "unknown model 'rnn'; the models are logistic, mlp, cnn, gru, resnet, s4d, tcn, transformer"),
        ("cnn", {"final_seq_length": 2}, "'final_seq_length' parameter must be an integer of at least 3, got 2"),
        ("mlp", {"hidden_size": 0}, "'hidden_size' parameter must be an integer of at least 1, got 0"),
        ("transformer", {"final_seq_length": 41}, "final_seq_length=41 must be a multiple of patch_size=5"),
        ("transformer", {"num_heads": 5}, "hidden_size=32 of num_heads=5"),
    ],
)
def test_bad_sizes_raise(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        create_model(name, **sizes)


# --- saving and loading


@pytest.mark.parametrize("name", SIZES)
def test_a_saved_model_comes_back(name, tmp_path):
    sizes = {"final_seq_length": 20, "num_classes": 3}
    model = fresh(name, **sizes).eval()
    model.metadata = {"seed": 7, "dataset_config": "shuffled"}
    model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["architecture"] == name
    assert config["final_seq_length"] == 20
    assert config["data_version"] == DATA_VERSION
    x = torch.randn(4, 20, generator=torch.Generator().manual_seed(0))
    for loaded in (load_model(tmp_path), MODELS[name].from_pretrained(tmp_path)):
        assert not loaded.training
        torch.testing.assert_close(loaded(x), model(x), rtol=0, atol=0)
    assert load_model(tmp_path).metadata["seed"] == 7


def test_the_same_weights_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        fresh("cnn").save_pretrained(tmp_path / folder)
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with safe_open(tmp_path / "a" / "model.safetensors", framework="pt") as file:
        assert file.metadata() == {"format": "pt", "architecture": "cnn", "data_version": DATA_VERSION}


def test_a_default_model_writes_its_sizes(tmp_path):
    create_model("logistic").save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["num_classes"] == 10


def saved(tmp_path, name="cnn", **sizes):
    fresh(name, **sizes).save_pretrained(tmp_path)
    return tmp_path


def test_a_checkpoint_of_other_sizes_names_the_tensors(tmp_path):
    saved(tmp_path, channels=7)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "channels": 25}))
    with pytest.raises(
        CheckpointError, match=r"not a checkpoint of this CNN: .*conv1.bias of shape \(7,\) instead of \(25,\)"
    ):
        load_model(tmp_path)


def test_a_checkpoint_of_another_model_names_the_tensors(tmp_path):
    saved(tmp_path, "mlp")
    for load in (CNN.from_pretrained, lambda path: CNN.from_pretrained(path, strict=True)):
        with pytest.raises(CheckpointError, match=r"it lacks conv1.weight; .*it has an unknown linear1.bias"):
            load(tmp_path)


@pytest.mark.parametrize("size", [0, 4, 100, 5000, -1])
def test_a_truncated_checkpoint_names_the_file(tmp_path, size):
    path = saved(tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=r"model.safetensors is not a valid safetensors file"):
        load_model(tmp_path)


def test_pickle_is_never_read(tmp_path):
    path = saved(tmp_path) / "model.safetensors"
    torch.save(fresh("cnn").state_dict(), tmp_path / "pytorch_model.bin")
    path.unlink()
    for load in (load_model, CNN.from_pretrained):
        with pytest.raises(CheckpointError, match=r"has no model.safetensors; a checkpoint is a folder"):
            load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "does not hold a JSON object"),
        ('{"architecture": "vit"}', "names the architecture 'vit'"),
    ],
)
def test_a_bad_config_is_named(tmp_path, content, message):
    (saved(tmp_path) / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=message):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["rnn", "a/b/c", ""])
def test_an_unknown_name_lists_what_there_is(name):
    with pytest.raises(
        ValueError,
        match=r"is not a model: give one of logistic, mlp, cnn, gru, resnet, s4d, tcn, transformer, a folder",
    ):
        load_model(name if name else "nothing")


# --- data


def test_the_torch_dataset_has_the_rows_of_make_dataset():
    dataset = Mnist1DDataset("shuffled", "test", seed=3)
    expected = make_dataset(GenerationParameters(seed=3, shuffle_seq=True))
    assert len(dataset) == 1000
    x, y = dataset[17]
    np.testing.assert_array_equal(x.numpy(), expected["x_test"][17].astype(np.float32))
    assert (y, y.dtype) == (expected["y_test"][17], torch.int64)
    batch = next(iter(torch.utils.data.DataLoader(dataset, batch_size=8)))
    assert F.cross_entropy(create_model("mlp")(batch[0]), batch[1]) > 0


def test_tensors_can_be_written_to():
    x, _ = load_tensors("default", "test[:5]")
    x += 1
    assert x.shape == (5, 40)
