# /// script
# requires-python = ">=3.10"
# dependencies = ["mnist1d-hf[torch]"]
# ///
"""Evaluates a checkpoint of MNIST-1D on its test rows and compares the accuracy with the one it claims.

    python evaluate.py                 # the checkpoint beside this file
    python evaluate.py cnn             # one inside the package, in a folder, or on the Hub

Exit status: 0 if the accuracy is the claimed one, or none is claimed; 1 if it is another; 2 if it cannot be evaluated.
"""

import argparse
import json
from pathlib import Path

from huggingface_hub.errors import EntryNotFoundError

from mnist1d_hf.baselines import MODELS, load_model
from mnist1d_hf.baselines.checkpoints import CheckpointError, resolve_file
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.registry import checkpoint_folder
from mnist1d_hf.baselines.table import load_test_tensors


def find_claim(source, metadata):
    """Return the accuracy that config.json or metrics.json names, or None."""
    if "test_accuracy" in metadata:
        return metadata["test_accuracy"]
    try:
        path = resolve_file(source, "metrics.json")
    except (CheckpointError, EntryNotFoundError):
        return None
    return json.loads(path.read_text(encoding="utf-8")).get("test_accuracy")


def check_checkpoint(source):
    """Return the evaluation of a checkpoint and the accuracy it claims."""
    if source in MODELS:
        source = checkpoint_folder(source)
    model = load_model(source)
    evaluation = evaluate(model, load_test_tensors(model.metadata.get("dataset_config", "default")))
    return evaluation, find_claim(source, model.metadata)


def main():
    """Print the evaluation and return the exit status."""
    parser = argparse.ArgumentParser(description="Evaluate a checkpoint of MNIST-1D on its test rows.")
    parser.add_argument(
        "model",
        nargs="?",
        default=Path(__file__).parent,
        help="checkpoint inside the package, folder or Hub id; the folder of this file if not given",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the evaluation to this file too")
    arguments = parser.parse_args()
    try:
        evaluation, claim = check_checkpoint(arguments.model)
        print(evaluation)
        if arguments.json:
            arguments.json.write_text(json.dumps(evaluation.to_dict(), indent=1) + "\n", encoding="utf-8")
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if claim is None:
        print("\nThe checkpoint claims no test accuracy.")
        return 0
    # Half a row allows for a claim that was rounded.
    same = abs(claim - evaluation.accuracy) * evaluation.rows < 0.5
    print(f"\nIt claims a test accuracy of {100 * claim:.2f} %: {'confirmed' if same else 'NOT confirmed'}.")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
