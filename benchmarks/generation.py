"""Speed of the generator against the original package, on one core: `python benchmarks/generation.py`.

The lower bounds are the normal numbers of the noise alone, drawn by the same generator.
"""

import functools

import numpy as np
from timing import best_seconds, header, report

import mnist1d.data as original
from mnist1d_hf import GenerationParameters, generate_shard, make_dataset

PARAMETERS = GenerationParameters()
NORMALS = 2 * PARAMETERS.dilated_length  # of each row
SHARDS, SHARD_ROWS = 5, 10_000


def original_dataset(num_samples):
    args = original.get_dataset_args()
    args.num_samples = num_samples
    return original.make_dataset(args)


def draw_normals(draw, rows):
    """Draw the noise of so many rows, in blocks that fit into the processor's cache."""
    for _ in range(rows // 1000):
        draw((NORMALS, 1000))


def compare_make_dataset(num_samples, target, runs):
    ours, theirs, normals = best_seconds(
        lambda: make_dataset(PARAMETERS.replace(num_samples=num_samples)),
        lambda: original_dataset(num_samples),
        lambda: draw_normals(np.random.RandomState(0).standard_normal, num_samples),
        runs=runs,
    )
    report(f"make_dataset, {num_samples:,} samples", ours, theirs, target, normals)


def compare_generate_shard():
    draw = functools.partial(np.random.Generator(np.random.SFC64(0)).standard_normal, dtype=np.float32)
    generate_shard(PARAMETERS, split="train", index=0)  # makes the tables that all shards share
    ours, theirs, normals = best_seconds(
        lambda: [generate_shard(PARAMETERS, split="train", index=index) for index in range(SHARDS)],
        lambda: original_dataset(5_000),
        lambda: draw_normals(draw, SHARDS * SHARD_ROWS),
        runs=5,
    )
    report("generate_shard, 50,000 rows; original x 10", ours, 10 * theirs, 80, normals)


if __name__ == "__main__":
    header("Generation, against the original package")
    compare_make_dataset(5_000, 15, runs=5)
    compare_make_dataset(50_000, 18, runs=2)
    compare_generate_shard()
