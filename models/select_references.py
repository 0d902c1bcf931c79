"""How the settings of the reference classifiers were chosen: on validation rows, with the test rows never read.

    python models/select_references.py [NAME ...]

Fits every candidate to the training rows of `default` but the last 600, over some seeds where it is random, and writes the mean
accuracy on those 600 and the CPU seconds of a fit to reference_selection.csv; rows of other classifiers stay. The best settings
are taken, on every task; of those less than a point below, the cheapest to use.
"""

import csv
import json
import sys
import time
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

from mnist1d_hf.baselines.data import load_training_tensors
from mnist1d_hf.baselines.recipes import VALIDATION_ROWS
from mnist1d_hf.baselines.references.classifiers import REFERENCES, get_reference, score
from mnist1d_hf.utils.processes import use_one_thread

SEEDS = range(100, 103)  # none of those that are measured

GRIDS: dict[str, dict[str, list[Any]]] = {
    "extra-trees": {"n_estimators": [100, 300], "max_features": ["sqrt", 0.3, 1.0]},
    "gradient-boosting": {},
    "svm": {"C": [1.0, 10.0, 100.0], "gamma": [0.01, 0.03, 0.1, 0.3, 1.0]},
    "1nn": {},
    "1nn-dtw": {"window": [1, 2, 3, 4, 6, 8, 12, 40]},
    "minirocket": {"alpha": [1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0]},
}


def validate(name, changes):
    """Fit one candidate, and return a line of the table."""
    x, y = (values.numpy() for values in load_training_tensors("default"))
    seeds = SEEDS if get_reference(name).is_random else SEEDS[:1]
    accuracies, seconds = [], []
    for seed in seeds:
        classifier, begun = get_reference(name).create(seed, **changes), time.process_time()
        classifier.fit(x[:-VALIDATION_ROWS], y[:-VALIDATION_ROWS])
        seconds.append(time.process_time() - begun)
        accuracies.append((score(classifier, x[-VALIDATION_ROWS:]).argmax(1) == y[-VALIDATION_ROWS:]).mean())
    return {
        "model": name,
        "settings": json.dumps(changes),
        "seeds": len(seeds),
        "default": f"{100 * mean(accuracies):.2f}",
        "seconds": f"{mean(seconds):.1f}",
    }


def main():
    """Validate the candidates of the named classifiers, or of all, and write the table after each."""
    use_one_thread()
    path = Path(__file__).with_name("reference_selection.csv")
    for name in sys.argv[1:] or GRIDS:
        lines = []
        for values in product(*GRIDS[name].values()):
            lines.append(validate(name, dict(zip(GRIDS[name], values, strict=True))))
            print(lines[-1], file=sys.stderr, flush=True)
        others = csv.DictReader(path.read_text().splitlines()) if path.exists() else []
        lines += [line for line in others if line["model"] != name]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, lines[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(sorted(lines, key=lambda line: list(REFERENCES).index(line["model"])))


if __name__ == "__main__":
    main()
