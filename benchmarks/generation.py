"""Speed of the generator against the original package, on one core: `python benchmarks/generation.py`."""

from timing import best_seconds, header, report

import mnist1d.data as original
from mnist1d_hf import GenerationParameters, generate_shard, make_dataset


def original_dataset(num_samples):
    args = original.get_dataset_args()
    args.num_samples = num_samples
    return original.make_dataset(args)


def main():
    header("Generation, against the original package")
    for num_samples, target, runs in ((5_000, 15, 5), (50_000, 18, 2)):
        parameters = GenerationParameters(num_samples=num_samples)
        ours, theirs = best_seconds(lambda: make_dataset(parameters), lambda: original_dataset(num_samples), runs=runs)  # noqa: B023
        report(f"make_dataset, {num_samples:,} samples", ours, theirs, target)

    parameters = GenerationParameters()
    generate_shard(parameters, split="train", index=0)  # makes the tables that all shards share
    ours, theirs = best_seconds(
        lambda: [generate_shard(parameters, split="train", index=index) for index in range(5)],
        lambda: original_dataset(5_000),
        runs=5,
    )
    report("generate_shard, 50,000 rows; original scaled from 5,000", ours, 10 * theirs, 80)


if __name__ == "__main__":
    main()
