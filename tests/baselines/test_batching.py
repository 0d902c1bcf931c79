"""Batches in memory: every row once an epoch, in orders that the seed decides, as a DataLoader gives them."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Subset, TensorDataset

import mnist1d_hf
from mnist1d_hf import load_arrays
from mnist1d_hf.baselines import Batches, Mnist1DDataset, load_tensors, to_tensors
from mnist1d_hf.utils.seeds import generator

SIZES = {"rows": st.integers(1, 60), "batch_size": st.integers(1, 70), "seed": st.integers(0, 2**32 - 1)}


def numbered(rows):
    """Rows whose signals and labels say which row they are."""
    y = torch.arange(rows)
    return torch.stack([y, -y], dim=1).float(), y


def assert_equal_batches(found, expected):
    found, expected = list(found), list(expected)
    assert len(found) == len(expected)
    for batch, other in zip(found, expected, strict=True):
        assert len(batch) == len(other) == 2
        for values, others in zip(batch, other, strict=True):
            assert values.dtype == others.dtype
            torch.testing.assert_close(values, others, rtol=0, atol=0)


# --- batches


@settings(deadline=None)
@given(**SIZES, shuffle=st.booleans())
def test_an_epoch_has_every_row_once_with_its_label(rows, batch_size, seed, shuffle):
    batches = Batches(*numbered(rows), batch_size=batch_size, shuffle=shuffle, seed=seed)
    for _ in range(2):
        epoch = list(batches)
        sizes = [len(y) for _, y in epoch]
        assert len(sizes) == len(batches)
        assert all(size == batch_size for size in sizes[:-1])
        assert 1 <= sizes[-1] <= batch_size
        assert sorted(torch.cat([y for _, y in epoch]).tolist()) == list(range(rows))
        assert all(torch.equal(x, torch.stack([y, -y], dim=1).float()) for x, y in epoch)


@settings(deadline=None)
@given(**SIZES)
def test_the_seed_decides_every_epoch(rows, batch_size, seed):
    def batches():
        return Batches(*numbered(rows), batch_size=batch_size, shuffle=True, seed=seed)

    first, second = batches(), batches()
    for _ in range(3):
        assert_equal_batches(first, second)


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = []
    for seed in (0, 1):
        batches = Batches(*numbered(1000), batch_size=1000, shuffle=True, seed=seed)
        orders += [tuple(y.tolist()) for _ in range(3) for _, y in batches]
    assert len(set(orders)) == 6


@settings(deadline=None)
@given(rows=SIZES["rows"], batch_size=SIZES["batch_size"], drop_last=st.booleans())
def test_unshuffled_batches_are_those_of_a_dataloader(rows, batch_size, drop_last):
    x, y = numbered(rows)
    options = {"batch_size": batch_size, "drop_last": drop_last}
    expected = list(DataLoader(TensorDataset(x, y), **options))
    if expected:
        batches = Batches(x, y, **options)
        assert len(batches) == len(expected)
        assert_equal_batches(batches, expected)
    else:
        with pytest.raises(ValueError, match=f"'batch_size'.* from 1 to {rows}, got {batch_size}"):
            Batches(x, y, **options)


@pytest.mark.parametrize("shuffle", [False, True])
def test_changing_a_batch_changes_no_other_epoch(shuffle):
    x, y = numbered(10)
    for batch in (batches := Batches(x, y, batch_size=4, shuffle=shuffle)):
        for values in batch:
            values.fill_(99)
    assert_equal_batches([(x, y)], [numbered(10)])
    assert sorted(torch.cat([y for _, y in batches]).tolist()) == list(range(10))


def test_batches_stay_on_the_device_of_the_tensors():
    x, y = (values.to("meta") for values in numbered(10))  # a device without memory, which every machine has
    ((signals, labels),) = Batches(x, y, shuffle=True)
    assert signals.device == labels.device == x.device
    assert signals.shape == x.shape


def test_two_loops_at_once_are_two_whole_epochs():
    batches = Batches(*numbered(20), batch_size=5, shuffle=True)
    pairs = list(zip(batches, batches, strict=True))
    for side in zip(*pairs, strict=True):
        assert sorted(torch.cat([y for _, y in side]).tolist()) == list(range(20))


def test_the_orders_are_those_that_training_draws_from_the_seed():
    stream = generator(7, "batches")
    batches = Batches(*numbered(50), batch_size=20, shuffle=True, seed=7)
    for _ in range(3):
        assert torch.cat([y for _, y in batches]).tolist() == torch.randperm(50, generator=stream).tolist()


def test_batches_of_a_config_have_its_rows_in_order():
    batches = mnist1d_hf.batches("shuffled", "train[:90%]", batch_size=1000, corr_noise_scale=0.5)
    assert_equal_batches(batches, DataLoader(Mnist1DDataset("shuffled", "train[:90%]", corr_noise_scale=0.5), 1000))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "'batch_size' parameter must be an integer of at least 1, got 0"),
        ({"batch_size": 4001, "drop_last": True}, "'batch_size' parameter must be an integer from 1 to 4000, got 4001"),
        ({"seed": -1}, r"'seed' parameter must be an integer from 0 to 4294967295, got -1"),
        ({"config": "defualt"}, "unknown config 'defualt' of mnist1d; the configs are default"),
        ({"device": "gpu"}, "the device 'gpu' is not available; there is cpu"),
        ({"num_samples": 5}, "num_samples"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        mnist1d_hf.batches(**options)


def test_batch_sizes_that_are_no_integers_are_named():
    with pytest.raises(
        TypeError, match=r"'batch_size' parameter must be an integer of at least 1, got 1\.5 of type float"
    ):
        mnist1d_hf.batches(batch_size=1.5)


@pytest.mark.parametrize(("signals", "labels"), [(3, 2), (0, 0)])
def test_rows_without_labels_or_none_at_all_are_refused(signals, labels):
    with pytest.raises(ValueError, match=f"at least one label, and as many as signals.* {signals}, got {labels}"):
        Batches(torch.zeros(signals, 40), torch.zeros(labels))


# --- Mnist1DDataset in a DataLoader


@pytest.fixture(scope="module")
def dataset():
    return Mnist1DDataset("default", "test")


def pairs_of(dataset, indices):
    """What a DataLoader asks for without `__getitems__`."""
    return [dataset[index] for index in indices]


class Row(torch.utils.data.Dataset):
    """Hides the `__getitems__` of a dataset."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index]


@settings(deadline=None)
@given(indices=st.lists(st.integers(-1000, 999), max_size=30))
def test_several_pairs_are_those_that_single_indices_give(dataset, indices):
    assert_equal_batches(dataset.__getitems__(indices), pairs_of(dataset, indices))


@pytest.mark.parametrize("index", [1000, -1001])
def test_rows_that_do_not_exist_are_index_errors(dataset, index):
    with pytest.raises(IndexError):
        dataset.__getitems__([0, index])


@settings(deadline=None, max_examples=20)
@given(batch_size=st.integers(1, 1100), drop_last=st.booleans())
def test_the_default_collate_gives_the_batches_of_single_rows(dataset, batch_size, drop_last):
    options = {"batch_size": batch_size, "drop_last": drop_last}
    assert_equal_batches(DataLoader(dataset, **options), DataLoader(Row(dataset), **options))


def test_shuffled_subsets_and_samplers_give_the_batches_of_single_rows(dataset):
    def loaders(rows):
        def shuffled(seed):
            return torch.Generator().manual_seed(seed)

        yield DataLoader(rows, batch_size=64, shuffle=True, generator=shuffled(0))
        yield DataLoader(Subset(rows, range(5, 700, 3)), batch_size=64, shuffle=True, generator=shuffled(1))
        yield DataLoader(rows, batch_sampler=torch.randperm(1000, generator=shuffled(2)).split(64))
        yield DataLoader(rows, batch_size=None)

    for found, expected in zip(loaders(dataset), loaders(Row(dataset)), strict=True):
        assert_equal_batches(found, expected)


class Louder(Mnist1DDataset):
    """A subclass with a transform."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return 2 * x, y


def test_the_transform_of_a_subclass_is_applied(dataset):
    ((x, _),) = DataLoader(Louder("default", "test"), batch_size=1000)
    torch.testing.assert_close(x, 2 * dataset.tensors[0])


def test_a_collate_of_the_user_gets_a_list_of_pairs(dataset):
    (batch,) = DataLoader(Subset(dataset, range(3)), batch_size=3, collate_fn=lambda pairs: pairs)
    assert isinstance(batch, list)
    assert all(isinstance(pair, tuple) for pair in batch)
    assert_equal_batches(batch, pairs_of(dataset, range(3)))


@pytest.mark.long
@pytest.mark.forks
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_workers_give_the_batches_of_this_process(dataset):
    assert_equal_batches(DataLoader(dataset, batch_size=96, num_workers=2), DataLoader(dataset, batch_size=96))
    spawned = DataLoader(Subset(dataset, range(100)), batch_size=30, num_workers=1, multiprocessing_context="spawn")
    assert_equal_batches(spawned, DataLoader(Subset(dataset, range(100)), batch_size=30))


def test_the_dataset_is_the_same_after_pickling(dataset):
    assert_equal_batches([pickle.loads(pickle.dumps(dataset)).tensors], [dataset.tensors])


# --- Arrow tables as tensors


@pytest.mark.parametrize("config", ["default", "large"])
@settings(deadline=None, max_examples=20)
@given(batch_size=st.integers(300, 1300))
def test_arrow_batches_of_a_stream_are_its_torch_batches(config, batch_size):
    stream = mnist1d_hf.load_dataset(config, split="test", streaming=True, num_samples=12_000).take(1000)
    expected = [(batch["x"], batch["y"]) for batch in stream.with_format("torch").iter(batch_size)]
    assert_equal_batches(map(to_tensors, stream.with_format("arrow").iter(batch_size)), expected)


def test_tensors_of_a_table_with_rows_of_two_splits_are_copies():
    table = mnist1d_hf.load_dataset(split="train+test").with_format("arrow")[3990:4010]
    for _ in range(2):
        x, y = to_tensors(table)
        np.testing.assert_array_equal(x, np.stack(table["x"].to_numpy()))
        np.testing.assert_array_equal(y, table["y"].to_numpy())
        x += 1
        y += 1


def test_changed_batches_of_a_stream_leave_its_next_pass_alone():
    stream = mnist1d_hf.load_dataset("default", split="test", streaming=True).with_format("arrow")
    for x, _ in map(to_tensors, stream.iter(400)):
        x.zero_()
    assert_equal_batches([next(map(to_tensors, stream.iter(1000)))], [load_tensors("default", "test")])


@pytest.mark.parametrize(("options", "split"), [({}, "train"), ({"train": True}, "train"), ({"train": False}, "test")])
def test_train_stands_for_a_split(options, split):
    found, expected = Mnist1DDataset("shuffled", **options), Mnist1DDataset("shuffled", split)
    assert_equal_batches([found.tensors], [expected.tensors])
    assert found.y_true is None


def test_a_split_is_named_once():
    with pytest.raises(ValueError, match="give either split='test' or train=True, not both"):
        Mnist1DDataset("default", "test", train=True)


def test_transforms_are_applied_alone_and_in_batches(dataset):
    changed = Mnist1DDataset(train=False, transform=lambda x: x[None] + 1, target_transform=lambda y: y % 2)
    x, y = changed[7]
    torch.testing.assert_close(x, dataset.tensors[0][7][None] + 1)
    assert y == dataset.tensors[1][7] % 2
    ((signals, labels),) = DataLoader(changed, batch_size=1000)
    torch.testing.assert_close(signals, dataset.tensors[0].unsqueeze(1) + 1)
    torch.testing.assert_close(labels, dataset.tensors[1] % 2)


def test_clean_signals_and_true_labels_can_be_had():
    rows = load_arrays(split="train", x_clean=True, label_noise=0.2)
    noisy = Mnist1DDataset(x_clean=True, label_noise=0.2)
    ((x, y, x_clean),) = DataLoader(noisy, batch_size=4000)
    for tensor, name in ((x, "x"), (y, "y"), (x_clean, "x_clean"), (noisy.y_true, "y_true")):
        assert (tensor.numpy() == rows[name]).all()
