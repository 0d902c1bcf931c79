# /// script
# requires-python = ">=3.10"
# dependencies = ["mnist1d-hf[torch]"]
# ///
"""Evaluates a checkpoint of MNIST-1D on its test rows and compares the accuracy with the one it claims.

    python evaluate.py                 # the checkpoint beside this file, or the one it was published with
    python evaluate.py cnn             # one in the package, in a folder, or on the Hub

The test rows are those of the dataset repository that the checkpoint names, or of --dataset; a checkpoint that names none is
tested on rows made by the package, which are the same.

Exit status: 0 if the accuracy is the claimed one, or none is claimed; 1 if it is another; 2 if it cannot be evaluated.
"""

import argparse
import json
from pathlib import Path

from datasets import load_dataset

from mnist1d_hf.baselines import CheckpointError, evaluate, evaluation_config, find_checkpoint, load_model, load_tensors

REPOSITORY = None
"""Id of the repository this file was published in."""


def default_source():
    """Return the folder of this file if a checkpoint is in it, otherwise the repository it was published in."""
    folder = Path(__file__).parent
    return REPOSITORY if REPOSITORY and not (folder / "model.safetensors").is_file() else folder


def load_test(metadata, dataset):
    """Return the test rows for a checkpoint with this metadata."""
    config = evaluation_config(metadata.get("dataset_config", "default"))
    if dataset is None and "dataset" not in metadata:
        return load_tensors(config, "test")
    options = {"revision": metadata.get("dataset_revision")} if dataset is None else {}
    dataset = dataset or metadata["dataset"]
    if Path(dataset).is_dir():
        # `datasets` would generate "mnist1d", and take a folder that has changed from its cache.
        dataset, options = str(Path(dataset).resolve()), {"download_mode": "reuse_cache_if_exists"}
    return load_dataset(dataset, config, split="test", **options)


def read_claim(checkpoint):
    """Return the accuracy that metrics.json claims, or None."""
    try:
        path = checkpoint.file("metrics.json")
    except CheckpointError:
        return None
    claim = json.loads(path.read_text(encoding="utf-8")).get("test_accuracy")
    return None if claim is None else float(claim)


def main():
    """Print the evaluation and return the exit status."""
    parser = argparse.ArgumentParser(description="Evaluate a checkpoint of MNIST-1D on its test rows.")
    parser.add_argument("model", nargs="?", help="checkpoint inside the package, folder or Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a checkpoint on the Hub")
    parser.add_argument("--dataset", help="folder or Hub id of the dataset; that of the checkpoint if not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the evaluation to this file")
    arguments = parser.parse_args()
    try:
        # Weights and claim are of the same commit, even if another is made meanwhile.
        checkpoint = find_checkpoint(arguments.model or default_source(), revision=arguments.revision)
        model = load_model(checkpoint)
        evaluation = evaluate(model, load_test(model.metadata, arguments.dataset))
        claim = read_claim(checkpoint)
        print(f"{checkpoint.source}\n{evaluation}")
        if arguments.json:
            arguments.json.write_text(json.dumps(evaluation.to_dict(), indent=1) + "\n", encoding="utf-8")
    except Exception as error:  # no failure says anything about the accuracy
        parser.exit(2, f"error: {' '.join(str(error).split()) or type(error).__name__}\n")
    if claim is None:
        print("\nThe checkpoint claims no test accuracy.")
        return 0
    # Half a row allows for a claim that was rounded.
    same = abs(claim - evaluation.accuracy) * evaluation.rows < 0.5
    print(f"\nIt claims a test accuracy of {100 * claim:.2f} %: {'confirmed' if same else 'NOT confirmed'}.")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
