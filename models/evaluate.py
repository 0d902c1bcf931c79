# /// script
# requires-python = ">=3.10"
# dependencies = ["mnist1d-hf[torch]"]
# ///
"""Evaluates a checkpoint of MNIST-1D on its test rows and compares the accuracy with the one it claims.

    python evaluate.py                 # the checkpoint beside this file, or the one it was published with
    python evaluate.py cnn             # one inside the package, in a folder, or on the Hub

The test rows are those of the dataset repository that the checkpoint names, or of --dataset; a checkpoint that names none is
tested on rows made by the package, which are the same.

Exit status: 0 if the accuracy is the claimed one, or none is claimed; 1 if it is another; 2 if it cannot be evaluated.
"""

import argparse
import json
from pathlib import Path

import datasets

from mnist1d_hf.baselines import MODELS, load_model
from mnist1d_hf.baselines.checkpoints import CONFIG_NAME, WEIGHTS_NAME, find_commit, resolve_file
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.registry import checkpoint_folder
from mnist1d_hf.baselines.table import evaluation_config, load_test_tensors
from mnist1d_hf.errors import CheckpointError

REPOSITORY = None
"""Id of the repository this file was published in."""


def find_checkpoint(name):
    """Return the folder or the Hub id of a checkpoint; without a name that beside this file or of its repository."""
    folder = Path(__file__).parent
    if name in MODELS:
        return checkpoint_folder(name)
    if name or not REPOSITORY or (folder / WEIGHTS_NAME).is_file():
        return name or folder
    return REPOSITORY


def find_claim(source, revision):
    """Return the accuracy that metrics.json names, or None."""
    try:
        path = resolve_file(source, "metrics.json", revision=revision)
    except CheckpointError:
        return None
    claim = json.loads(path.read_text(encoding="utf-8")).get("test_accuracy")
    return None if claim is None else float(claim)


def load_test(metadata, dataset):
    """Return the test rows for a checkpoint with this metadata."""
    trained_on = metadata.get("dataset_config", "default")
    if dataset is None and "dataset" not in metadata:
        return load_test_tensors(trained_on)
    options = {"revision": metadata.get("dataset_revision")} if dataset is None else {}
    dataset = dataset or metadata["dataset"]
    if Path(dataset).is_dir():
        # `datasets` would generate "mnist1d", and take a folder that has changed from its cache.
        dataset, options = str(Path(dataset).resolve()), {"download_mode": "reuse_cache_if_exists"}
    return datasets.load_dataset(dataset, evaluation_config(trained_on), split="test", **options)


def check_checkpoint(source, dataset=None, revision=None):
    """Return the evaluation of a checkpoint and the accuracy it claims."""
    # All files of one commit, even if another is made meanwhile.
    revision = find_commit(resolve_file(source, CONFIG_NAME, revision=revision)) or revision
    model = load_model(source, revision=revision)
    return evaluate(model, load_test(model.metadata, dataset)), find_claim(source, revision)


def main():
    """Print the evaluation and return the exit status."""
    parser = argparse.ArgumentParser(description="Evaluate a checkpoint of MNIST-1D on its test rows.")
    parser.add_argument("model", nargs="?", help="checkpoint inside the package, folder or Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a checkpoint on the Hub")
    parser.add_argument("--dataset", help="folder or Hub id of the dataset; that of the checkpoint if not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the evaluation to this file too")
    arguments = parser.parse_args()
    try:
        source = find_checkpoint(arguments.model)
        evaluation, claim = check_checkpoint(source, arguments.dataset, arguments.revision)
        print(f"{source}\n{evaluation}")
        if arguments.json:
            arguments.json.write_text(json.dumps(evaluation.to_dict(), indent=1) + "\n", encoding="utf-8")
    except Exception as error:  # whatever goes wrong, it says nothing about the accuracy
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
