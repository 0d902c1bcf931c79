"""How the settings of the recipe "tuned" were chosen: on validation rows, with the test rows never read.

    python models/select_settings.py [MODEL ...]

Trains every candidate on the training rows but the last 600, over some seeds of `default` and `shuffled`, and writes the mean
accuracy on those 600 to selection.csv, with the number of seeds; rows of other models stay. The settings with the best
accuracy on `default` are taken, for `shuffled` too, so that the data alone makes the difference between the two; of those
less than a point below, which so few seeds cannot tell apart, the fastest.
"""

import csv
import dataclasses
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

import datasets
import torch

from mnist1d_hf.baselines.recipes import VALIDATION_ROWS, TrainingSettings
from mnist1d_hf.baselines.training import train

CONFIGS = ("default", "shuffled")
SEEDS = range(100, 105)  # none of those that the shipped checkpoints are trained with
LONG = TrainingSettings(steps=6000, label_smoothing=0.1)

CANDIDATES = {
    "gru": [
        TrainingSettings(
            steps=steps, batch_size=size, learning_rate=rate, weight_decay=decay, label_smoothing=smoothing
        )
        for steps, size, rate, decay, smoothing in (
            (2000, 100, 5e-2, 0.1, 0.1),
            (1000, 100, 5e-2, 0.1, 0.1),
            (1000, 100, 1e-1, 0.1, 0.1),
            (750, 200, 1e-1, 0.1, 0.1),
            (1000, 200, 5e-2, 0.1, 0.1),
            (1000, 200, 7e-2, 0.1, 0.1),
            (1000, 200, 7e-2, 0.1, 0.0),
            (1000, 200, 7e-2, 0.02, 0.1),
            (1000, 200, 7e-2, 0.2, 0.1),
            (1000, 200, 1e-1, 0.1, 0.1),
            (1250, 200, 7e-2, 0.1, 0.1),
            (1500, 200, 7e-2, 0.1, 0.1),
        )
    ],
    "transformer": [
        dataclasses.replace(LONG, learning_rate=rate, weight_decay=decay)
        for rate, decay in ((3e-3, 0.1), (3e-3, 0.5), (1e-2, 0.1), (1e-2, 0.5))
    ],
    "resnet": [
        TrainingSettings(steps=2000, learning_rate=rate, label_smoothing=smoothing)
        for rate, smoothing in ((3e-3, 0.1), (1e-2, 0.0), (1e-2, 0.1))
    ],
    "cnn": [
        TrainingSettings(learning_rate=rate, label_smoothing=smoothing)
        for rate in (1e-2, 3e-2)
        for smoothing in (0.0, 0.1)
    ],
    "mlp": [
        TrainingSettings(steps=steps, batch_size=size, learning_rate=rate, weight_decay=decay)
        for steps, size, rate, decay in (
            (8000, 50, 1e-2, 0.4),
            (4000, 100, 1e-2, 0.4),
            (4000, 100, 2e-2, 0.2),
            (4000, 100, 2e-2, 0.4),
            (4000, 100, 3e-2, 0.4),
            (3000, 100, 2e-2, 0.4),
            (3000, 100, 3e-2, 0.2),
            (3000, 100, 3e-2, 0.3),
            (3000, 100, 5e-2, 0.2),
            (2000, 100, 3e-2, 0.3),
            (2000, 100, 5e-2, 0.2),
            (2000, 100, 5e-2, 0.3),
            (2000, 200, 2e-2, 0.4),
        )
    ],
    "logistic": [TrainingSettings(learning_rate=rate) for rate in (3e-3, 1e-2, 3e-2)],
}


def validate(architecture, settings):
    """Train one candidate and return its mean validation accuracy in percent, by config."""
    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    settings = dataclasses.replace(settings, validation_rows=VALIDATION_ROWS, log_every=settings.steps)
    members = train(architecture, [(config, seed) for config in CONFIGS for seed in SEEDS], settings)
    accuracy = {
        config: 100 * mean(member.curves.validation_accuracy[-1] for member in members if member.config == config)
        for config in CONFIGS
    }
    return {
        "model": architecture,
        "seeds": len(SEEDS),
        **dataclasses.asdict(settings),
        **{name: round(value, 2) for name, value in accuracy.items()},
    }


def main():
    """Validate the candidates of the named models, or of all, and write the table."""
    names = sys.argv[1:] or list(CANDIDATES)
    path = Path(__file__).with_name("selection.csv")
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] not in names]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        for future in [executor.submit(validate, name, one) for name in names for one in CANDIDATES[name]]:
            rows.append(future.result())
            print(rows[-1], file=sys.stderr, flush=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[-1], lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: list(CANDIDATES).index(row["model"])))


if __name__ == "__main__":
    main()
