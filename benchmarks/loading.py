"""Speed and memory of the builder, on one core: `python benchmarks/loading.py`."""

import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import best_seconds, header, peak_memory_mb, report

import datasets
import mnist1d.data as original
import mnist1d_hf
from plain_mnist1d import ROWS, PlainMnist1D, write_plainly


def ours(rows, cache):
    return mnist1d_hf.Mnist1D(config_name="large", num_samples=rows, train_split=0.999999, cache_dir=cache)


def plain(shards, cache):
    builder = PlainMnist1D(cache_dir=cache)
    builder.shards = shards
    return builder


def prepare(make_builder):
    with tempfile.TemporaryDirectory() as cache:
        make_builder(cache).download_and_prepare()


def stream(builder, framework, batch_size=1000):
    batches = builder.as_streaming_dataset("train").with_format(framework).iter(batch_size)
    return sum(len(batch["y"]) for batch in batches)


def compare_builders():
    """Compare per row: the plain builder gets a tenth of the rows."""
    header("Builder, against one that yields rows (generation included; per 100,000 rows)")
    rows, plain_shards = 100_000, 1
    factor = rows / (plain_shards * ROWS)
    with tempfile.TemporaryDirectory() as cache:
        list(itertools.islice(ours(rows, cache).as_streaming_dataset("train"), 1))  # makes the shards' tables
        fast, slow, bound = best_seconds(
            lambda: prepare(lambda folder: ours(rows, folder)),
            lambda: prepare(lambda folder: plain(plain_shards, folder)),
            lambda: write_plainly(rows // ROWS, Path(cache) / "rows"),
        )
        report("prepare", fast, slow * factor, 5, bound)
        for framework, target in (("torch", 60), ("numpy", 35)):
            fast, slow = best_seconds(
                lambda: stream(ours(rows, cache), framework),  # noqa: B023
                lambda: stream(plain(plain_shards, cache), framework),  # noqa: B023
            )
            report(f"stream {framework} batches of 1000", fast, slow * factor, target)


def compare_large():
    header("load_dataset('mnist1d', 'large'), 1,100,000 rows, against the original in memory (scaled from 5,000)")

    def load():
        with tempfile.TemporaryDirectory() as cache:
            datasets.load_dataset("mnist1d", "large", cache_dir=cache)

    fast, slow = best_seconds(load, lambda: original.make_dataset(original.get_dataset_args()), runs=2)
    report("1,100,000 rows on disk", fast, slow * 1_100_000 / 5_000, 60)
    print(f"peak memory of this process: {peak_memory_mb():.0f} MB (target under 1000 MB)")


def cost_per_row():
    print("\nCost of a row while preparing 'large', in microseconds (target: flat)")
    for rows in (10**5, 10**6, 10**7):
        (seconds,) = best_seconds(lambda: prepare(lambda cache: ours(rows, cache)), runs=1)  # noqa: B023
        print(f"{rows:12,} rows {seconds / rows * 1e6:6.2f}   peak memory so far {peak_memory_mb():.0f} MB", flush=True)


def first_batch():
    print("\nFirst batch of a billion rows")

    def first():
        dataset = datasets.load_dataset("mnist1d", "large", num_samples=10**9, streaming=True, split="train")
        return next(iter(dataset.with_format("numpy").iter(100)))

    (seconds,) = best_seconds(first, runs=3)
    print(f"{seconds:.2f} s after import (target: a second or two)")


def compare_imports():
    header("Import, in fresh interpreters (a ratio of 1 is the cost of `import datasets` alone)")

    def run(module):
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    own, theirs = best_seconds(lambda: run("mnist1d_hf"), lambda: run("datasets"), runs=10)
    print(f"import mnist1d_hf {own:.3f} s, import datasets {theirs:.3f} s: {own / theirs:.3f} (target at most 1.15)")


if __name__ == "__main__":
    compare_builders()
    compare_large()
    cost_per_row()
    first_batch()
    compare_imports()
