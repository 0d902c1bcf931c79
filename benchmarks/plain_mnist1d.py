"""What the benchmarks of the builder compare with: the same shards one row at a time, and as plain bytes."""

import datasets

from mnist1d_hf import GenerationParameters, generate_shard

ROWS = 10_000


class PlainMnist1D(datasets.GeneratorBasedBuilder):
    """A `GeneratorBasedBuilder` as the documentation of `datasets` shows it."""

    BUILDER_CONFIGS = [datasets.BuilderConfig(name="plain", version="1.0.0")]  # noqa: RUF012
    shards = 10

    def _info(self):
        features = {
            "x": datasets.Sequence(datasets.Value("float32"), length=40),
            "y": datasets.ClassLabel(num_classes=10),
        }
        return datasets.DatasetInfo(features=datasets.Features(features))

    def _split_generators(self, dl_manager):
        return [datasets.SplitGenerator(name="train", gen_kwargs={"shards": list(range(self.shards))})]

    def _generate_examples(self, shards):
        for shard in shards:
            x, y = generate_shard(GenerationParameters(), split="train", index=shard, rows=ROWS)
            for row in range(len(y)):
                yield shard * ROWS + row, {"x": x[row], "y": int(y[row])}


def write_plainly(shards, path):
    """Generate the rows of so many shards and write their bytes to a file."""
    with path.open("wb") as file:
        for index in range(shards):
            x, y = generate_shard(GenerationParameters(), split="train", index=index, rows=ROWS)
            file.write(x)
            file.write(y)
