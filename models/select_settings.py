"""How the settings of the recipe "tuned" were chosen: on validation rows, with the test rows never read.

    python models/select_settings.py

Trains every candidate on the training rows but the last 600, over three seeds of `default` and `shuffled`, and writes the mean
accuracy on those 600 to selection.csv. The settings with the best accuracy on `default` are taken, for `shuffled` too, so
that the data alone makes the difference between the two. It takes about half an hour on two cores.
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
SEEDS = (100, 101, 102)  # none of those that the shipped checkpoints are trained with
LONG = TrainingSettings(steps=6000, label_smoothing=0.1)

CANDIDATES = {
    "gru": [
        TrainingSettings(steps=steps, learning_rate=rate, label_smoothing=smoothing)
        for steps, rate, smoothing in (
            (1500, 3e-2, 0.0),
            (3000, 3e-2, 0.0),
            (3000, 2e-2, 0.0),
            (3000, 3e-2, 0.1),
            (2000, 5e-2, 0.1),
            (2000, 3e-2, 0.1),
            (1500, 5e-2, 0.1),
            (1500, 3e-2, 0.1),
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
        TrainingSettings(steps=steps, batch_size=size, weight_decay=decay)
        for steps, size, decay in ((3000, 100, 0.1), (6000, 100, 0.1), (8000, 50, 0.2), (8000, 50, 0.4))
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
        **dataclasses.asdict(settings),
        **{name: round(value, 2) for name, value in accuracy.items()},
    }


def main():
    """Validate every candidate and write the table."""
    jobs = [(name, settings) for name, candidates in CANDIDATES.items() for settings in candidates]
    path = Path(__file__).with_name("selection.csv")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        futures = [executor.submit(validate, *job) for job in jobs]
        rows = []
        for future in futures:
            rows.append(future.result())
            print(rows[-1], file=sys.stderr, flush=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
