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


def cpu_seconds(code):
    """Return the time that a new interpreter spends on a program."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def compare_imports():
    print("\nImports, CPU time of new interpreters; before, each took at least as long as `import datasets`")
    print(f"{'':36} {'this':>11} {'lower bound':>13} {'ratio':>7} {'before':>9} {'ratio':>7}")
    before = "import datasets"
    rows = [
        ("import mnist1d_hf", "import mnist1d_hf", "import numpy", 5),
        ("from mnist1d_hf import make_dataset", "from mnist1d_hf import make_dataset", "import numpy", 5),
        ("mnist1d-hf --help", "from mnist1d_hf.cli import main; main(['--help'])", "import numpy, click", 3),
        ("from mnist1d_hf import Mnist1D", "from mnist1d_hf import Mnist1D", before, 0.85),
    ]
    programs = sorted({before, *(program for row in rows for program in row[1:3])})
    runs = [[cpu_seconds(program) for program in programs] for _ in range(10)]
    best = dict(zip(programs, map(min, zip(*runs, strict=True)), strict=True))
    for what, program, bound, target in rows:
        own, least, old = best[program], best[bound], best[before]
        verdict = "" if old / own >= target else "  BELOW"
        print(
            f"{what:36} {own:9.3f} s {least:11.3f} s {own / least:7.2f} {old:7.3f} s {old / own:5.1f} x"
            f"   (target {target} x){verdict}"
        )


if __name__ == "__main__":
    compare_builders()
    compare_large()
    cost_per_row()
    first_batch()
    compare_imports()
