"""CPU time of torch batches, streamed and in memory, with one thread and with all: `python benchmarks/batches.py`.

Unlike the other benchmarks it keeps all cores: what torch's threads cost while they wait shows only there.
"""

import os
import time

os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

import mnist1d_hf
from mnist1d_hf.baselines import Mnist1DDataset, load_tensors, to_tensors

ROWS, SHARDS, RUNS = 4_000, 5, 5
OPTIONS = {"batch_size": 100, "shuffle": True}


def cpu_seconds(functions):
    """Return the shortest CPU time of each function, all threads together; they run in turn."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(RUNS):
        for name, function in functions.items():
            time.sleep(0.01)  # lets threads that wait fall asleep
            start = time.process_time()
            function()
            best[name] = min(best[name], time.process_time() - start)
    return best


def use(batches):
    for _, _ in batches:
        pass


def stream_functions():
    rows = SHARDS * 10_000
    stream = mnist1d_hf.load_dataset("large", split="train", streaming=True, num_samples=rows + rows // 10)
    torch_stream, arrow_stream = stream.with_format("torch"), stream.with_format("arrow")
    parameters = mnist1d_hf.GenerationParameters()
    return {
        "torch format, batches of 800": lambda: sum(len(batch["y"]) for batch in torch_stream.iter(800)),
        "torch format, batches of 1000": lambda: sum(len(batch["y"]) for batch in torch_stream.iter(1000)),
        "arrow format and to_tensors, batches of 1000": lambda: use(map(to_tensors, arrow_stream.iter(1000))),
        "lower bound: generate_shard": lambda: [
            mnist1d_hf.generate_shard(parameters, split="train", index=index) for index in range(SHARDS)
        ],
    }


def epoch_functions():
    formatted = mnist1d_hf.load_dataset("default", split="train").with_format("torch")
    x, y = load_tensors("default", "train")
    rows, plain = Mnist1DDataset("default", "train"), TensorDataset(x, y)
    sampler = BatchSampler(RandomSampler(plain), 100, drop_last=False)
    batches = mnist1d_hf.batches("default", "train", **OPTIONS)
    return {
        'DataLoader over with_format("torch")': lambda: use(
            (batch["x"], batch["y"]) for batch in DataLoader(formatted, **OPTIONS)
        ),
        "DataLoader over a TensorDataset": lambda: use(DataLoader(plain, **OPTIONS)),
        "DataLoader over Mnist1DDataset": lambda: use(DataLoader(rows, **OPTIONS)),
        "DataLoader with a BatchSampler": lambda: use(DataLoader(plain, sampler=sampler, batch_size=None)),
        "mnist1d_hf.batches": lambda: use(batches),
        "lower bound: slices": lambda: use(zip(x.split(100), y.split(100), strict=True)),
    }


def report(title, functions, count, unit):
    """Print the CPU time of each function, and how many times that of the last one it is."""
    threads = torch.get_num_threads()
    measured = {}
    for number in {1, threads}:
        torch.set_num_threads(number)
        measured[number] = cpu_seconds(functions)
    torch.set_num_threads(threads)
    *_, lower = functions
    columns = "".join(f"{f'{number} thread(s)':>24}" for number in measured)
    print(f"\n{title}, {unit} of CPU time and times the lower bound\n{'':46}{columns}")
    for name in functions:
        times = (seconds[name] / count for seconds in measured.values())
        print(f"{name:46}" + "".join(f"{one:16.2f}{one * count / measured[1][lower]:6.1f} x" for one in times))
    return measured


if __name__ == "__main__":
    report("A streamed row of 'large'", stream_functions(), SHARDS * 10_000 * 1e-6, "microseconds")
    epochs = report(
        f"An epoch of {ROWS:,} rows in memory, shuffled, batches of 100", epoch_functions(), 1e-3, "milliseconds"
    )
    formatted, *_, ours, _ = epochs[1].values()
    print(f'mnist1d_hf.batches against a DataLoader over with_format("torch"): {formatted / ours:.0f} x (target 20 x)')
