"""Rows per CPU second of each way to build, imports of workers included: `python benchmarks/building.py [ROWS]`.

On a busy machine CPU seconds tell more than seconds. The manifests of all ways must be equal. The lower bound is generating
the rows and writing their plain bytes to a file, without imports.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plain_mnist1d import ROWS, write_plainly

BOUND_SHARDS = 30

BUILD = """
import os, resource, sys, time
from mnist1d_hf.cluster import open_executor
from mnist1d_hf.hub.dataset_repo import build_dataset_repo

if __name__ == "__main__":
    way, folder, rows = sys.argv[1:]
    options = {"configs": ["large"], "num_samples": int(rows)}
    if way == "one process":
        os.cpu_count = lambda: 1
    begun = time.perf_counter()
    if ":" in way or way == "dask":
        with open_executor(way) as executor:
            build_dataset_repo(folder, **options, executor=executor)
    else:
        build_dataset_repo(folder, **options)
    print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure(way, rows, folder):
    """Build in a process of its own; return seconds, CPU seconds of all its processes, and its peak memory in MB."""
    script = folder / "build.py"
    script.write_text(BUILD)
    environment = {**os.environ, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(script), way, str(folder / way.replace(":", " ")), str(rows)]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(output[-2]), cpu, int(output[-1]) / (2**20 if sys.platform == "darwin" else 2**10)


def lower_bound(rows, folder):
    """Return the CPU seconds of as many rows, scaled from `BOUND_SHARDS` shards."""
    write_plainly(1, folder / "rows")  # makes what all shards share
    begun = time.process_time()
    write_plainly(BOUND_SHARDS, folder / "rows")
    return (time.process_time() - begun) * rows / (BOUND_SHARDS * ROWS)


def main():
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 4_400_000
    ways = ("one process", "one process per core", "processes:2", "dask")
    with tempfile.TemporaryDirectory() as folder:
        bound = lower_bound(rows, Path(folder))
    print(f"{rows:,} rows, lower bound {bound:.1f} CPU s ({rows / bound:,.0f} rows/CPU s)")
    print(f"{'':20} {'s':>8} {'CPU s':>8} {'lower bound x':>14} {'rows/s':>10} {'rows/CPU s':>11} {'MB of driver':>13}")
    manifests = set()
    for way in ways:
        with tempfile.TemporaryDirectory() as folder:
            seconds, cpu, memory = measure(way, rows, Path(folder))
            manifests |= {path.read_bytes() for path in Path(folder).glob("*/.mnist1d-hf.json")}
        print(
            f"{way:20} {seconds:8.1f} {cpu:8.1f} {cpu / bound:14.2f} {rows / seconds:10,.0f} {rows / cpu:11,.0f} "
            f"{memory:13,.0f}",
            flush=True,
        )
    assert len(manifests) == 1, "the ways differ"


if __name__ == "__main__":
    main()
