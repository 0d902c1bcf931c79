"""Checkpoints made to do harm: whatever their files say, loading gives the model or one line, and takes no memory for it."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch.nn.modules.module import register_module_parameter_registration_hook

from mnist1d_hf.baselines import CNN, MODELS, create_model, load_model
from mnist1d_hf.baselines.checkpoints import CONFIG_NAME, MAX_CONFIG_BYTES, MAX_TENSORS, MAX_WEIGHTS_BYTES, WEIGHTS_NAME
from mnist1d_hf.errors import CheckpointError

LOADERS = pytest.mark.parametrize("load", [load_model, CNN.from_pretrained], ids=["load_model", "from_pretrained"])


@pytest.fixture
def checkpoint(tmp_path):
    create_model("cnn").save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def registered():
    """Devices of all parameters that modules get meanwhile."""
    devices = []
    hook = register_module_parameter_registration_hook(lambda module, name, parameter: devices.append(parameter.device))
    yield devices
    hook.remove()


def configure(folder, **changes):
    config = json.loads((folder / CONFIG_NAME).read_text())
    (folder / CONFIG_NAME).write_text(json.dumps({**config, **changes}))


def rewrite(folder, **changes):
    weights = load_file(folder / WEIGHTS_NAME)
    save_file(
        {**weights, **{name.replace("__", "."): tensor for name, tensor in changes.items()}}, folder / WEIGHTS_NAME
    )


HUGE = [
    ({"num_classes": 10**7}, r"such a model would take \d+ bytes; at most 268435456 are loaded"),
    ({"num_classes": 10**5}, r"it has linear.bias of shape \(10,\) instead of \(100000,\)"),
    ({"channels": 10**5}, r"such a model would take \d+ bytes; at most 268435456 are loaded"),
    ({"num_classes": 2**62}, "has sizes that a cnn cannot have"),
    ({"num_classes": 2**70}, "has sizes that a cnn cannot have"),
    ({"num_classes": 10**400}, "has sizes that a cnn cannot have"),
    ({"architecture": "resnet", "num_blocks": 100_000}, f"would have more than {MAX_TENSORS} tensors"),
    ({"architecture": "transformer", "num_layers": 2**62}, f"would have more than {MAX_TENSORS} tensors"),
    ({"architecture": "tcn", "num_blocks": 2**62}, f"would have more than {MAX_TENSORS} tensors"),
    ({"architecture": "s4d", "num_layers": 2**62}, f"would have more than {MAX_TENSORS} tensors"),
    ({"architecture": "s4d", "state_size": 10**7}, r"such a model would take \d+ bytes; at most 268435456 are loaded"),
    ({"architecture": "s4d", "state_size": 2**62}, "has sizes that a s4d cannot have"),
    ({"architecture": "s4d", "state_size": 10**400}, "has sizes that a s4d cannot have"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), HUGE)
def test_sizes_that_the_weights_do_not_have_take_no_memory(checkpoint, registered, changes, message):
    configure(checkpoint, **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_model(checkpoint)
    assert "\n" not in str(caught.value)
    assert {device.type for device in registered} <= {"meta"}
    assert len(registered) <= MAX_TENSORS + 1


def test_sizes_are_not_allocated_either_where_tensors_may_be_missing(checkpoint, registered):
    save_file({}, checkpoint / WEIGHTS_NAME)
    configure(checkpoint, num_classes=10**8)
    with pytest.raises(CheckpointError, match=r"would take \d+ bytes"):
        CNN.from_pretrained(checkpoint, strict=False)
    assert {device.type for device in registered} == {"meta"}


def test_a_model_is_made_as_usual_after_one_was_refused(checkpoint):
    configure(checkpoint, architecture="resnet", num_blocks=100_000)
    with pytest.raises(CheckpointError):
        load_model(checkpoint)
    model = create_model("resnet", num_blocks=2)
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}


@LOADERS
@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(10, dtype=torch.int32), r"it has linear.bias of type torch.int32 instead of torch.float32$"),
        (torch.zeros(10, dtype=torch.bool), r"it has linear.bias of type torch.bool instead of torch.float32$"),
        (
            torch.zeros(10, dtype=torch.complex64),
            r"it has linear.bias of type torch.complex64 instead of torch.float32$",
        ),
        (torch.full((10,), torch.nan), "it has values in linear.bias that are not finite$"),
        (torch.full((10,), -torch.inf), "it has values in linear.bias that are not finite$"),
        (torch.full((10,), 1e300, dtype=torch.float64), "it has values in linear.bias that are not finite$"),
    ],
    ids=str,
)
def test_weights_that_are_no_finite_numbers_are_refused(checkpoint, load, tensor, message):
    rewrite(checkpoint, linear__bias=tensor)
    with pytest.raises(CheckpointError, match=message):
        load(checkpoint)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floating_point_types_are_converted(checkpoint, dtype):
    rewrite(checkpoint, linear__bias=torch.full((10,), 0.5, dtype=dtype))
    bias = load_model(checkpoint).linear.bias
    assert bias.dtype == torch.float32
    assert bias.tolist() == [0.5] * 10


@LOADERS
@pytest.mark.parametrize(("name", "limit"), [(CONFIG_NAME, MAX_CONFIG_BYTES), (WEIGHTS_NAME, MAX_WEIGHTS_BYTES)])
def test_a_file_that_is_too_large_is_not_read(checkpoint, load, name, limit):
    with (checkpoint / name).open("r+b") as file:
        file.truncate(limit + 1)  # takes no room on the disk
    with pytest.raises(CheckpointError, match=rf"{name} has {limit + 1} bytes; at most {limit} are"):
        load(checkpoint)


@LOADERS
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", r"cannot be read as JSON \(it is nested too deeply\)$"),
        ('{"format_version": %s}' % ("1" * 5000), "cannot be read as JSON"),
        ('{"format_version": "%s"}' % ("1" * 5000), "it must be a version, for example 1$"),
        ('{"data_version": [1, 0]}', r"has data_version \[1, 0\]; it must be a version, for example 1.0.0$"),
        ('{"data_version": true}', r"has data_version True; it must be a version"),
        ('{"dataset_config": ["default"]}', r"has dataset_config \['default'\]; it must be the name of a config$"),
        ('{"dataset_config": null}', r"has dataset_config None; it must be the name of a config$"),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_config_of_the_wrong_shape_is_one_short_line(checkpoint, load, content, message):
    (checkpoint / CONFIG_NAME).write_text(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(checkpoint)
    assert len(str(caught.value)) < len(str(checkpoint)) + 400


def test_many_differences_and_names_from_the_file_stay_on_one_short_line(checkpoint):
    rewrite(checkpoint, **{f"\x1b[2J\n{number}{'n' * 10_000}": torch.zeros(1) for number in range(500)})
    with pytest.raises(CheckpointError, match=r"it has an unknown .*; it has 480 more differences$") as caught:
        load_model(checkpoint)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(list(MODELS)),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=5,
)
KEYS = ("architecture", "channels", "num_classes", "final_seq_length", "num_blocks", "format_version", "data_version")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1))
@example({"architecture": "\ud800"})
@example({"channels": 25.0})
def test_any_config_gives_the_model_or_one_line(checkpoint, changes):
    original = (checkpoint / CONFIG_NAME).read_text()
    configure(checkpoint, **changes)
    try:
        load_model(checkpoint)
    except CheckpointError as error:
        assert str(error).isprintable()
    finally:
        (checkpoint / CONFIG_NAME).write_text(original)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_the_weights_gives_a_model_of_finite_numbers_or_one_line(checkpoint, data):
    path = checkpoint / WEIGHTS_NAME
    original = path.read_bytes()
    content = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.integers(0, 1200) | st.integers(0, len(content) - 1))
        content[where : where + 4] = data.draw(st.binary(min_size=4, max_size=4))
    path.write_bytes(content)
    try:
        model = load_model(checkpoint)
        assert all(parameter.isfinite().all() for parameter in model.parameters())
    except CheckpointError as error:
        assert str(error).isprintable()
    finally:
        path.write_bytes(original)


@LOADERS
@pytest.mark.parametrize(
    "source", ["/nonexistent", "./nonexistent", "../no/such", "~/none", "none/", Path("a/b"), "/a/b/c"]
)
def test_a_folder_that_does_not_exist_is_called_that(empty_folder, load, source):
    with pytest.raises(CheckpointError, match=rf"^the folder {source} does not exist; a checkpoint is a folder with"):
        load(source)


@LOADERS
def test_a_file_is_not_taken_for_a_folder(checkpoint, load):
    with pytest.raises(CheckpointError, match=r"^the folder .*model.safetensors is a file; a checkpoint is a folder"):
        load(checkpoint / WEIGHTS_NAME)
