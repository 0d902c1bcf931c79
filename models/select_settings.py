"""How the settings of the recipe "tuned" were chosen: on validation rows, with the test rows never read.

    python models/select_settings.py [--default] [MODEL ...]

Trains every candidate on the training rows but the last 600, over some seeds of `default` and `shuffled`, and writes the mean
accuracy on those 600 to selection.csv, with the number of seeds; rows of other models stay. Some candidates of TCN and S4D were
stopped after `default`, where the choice is made, so their accuracy on `shuffled` is empty. The settings with the best
accuracy on `default` are taken, for `shuffled` too, so that the data alone makes the difference between the two; of those
less than a point below, which so few seeds cannot tell apart, the fastest.

With --default, the settings for models that are not of this package, `DEFAULT_SETTINGS`, are chosen: several models are trained
with the same candidates, and the table is selection_default.csv. Of the candidates that all were trained with, the one is taken
whose accuracy falls short of the best of each model on each config by the least, on average.
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

FOLDER = Path(__file__).parent
CONFIGS = ("default", "shuffled")
SEEDS = range(100, 102)  # none of those that the shipped checkpoints are trained with; older rows have up to five
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
    "s4d": [
        TrainingSettings(steps=steps, learning_rate=rate, label_smoothing=0.1)
        for steps, rate in ((1000, 1e-2), (750, 2e-2), (1000, 2e-2), (1500, 2e-2))
    ],
    "tcn": [
        TrainingSettings(steps=steps, learning_rate=rate, label_smoothing=0.1)
        for steps, rate in ((1500, 1e-2), (750, 2e-2), (1000, 2e-2), (1500, 2e-2))
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

# A first round on two cheap models; what does well there is tried on the others.
FIRST = [
    TrainingSettings(learning_rate=rate, weight_decay=decay, label_smoothing=smoothing)
    for rate, decay, smoothing in ((3e-3, 0.1, 0.1), (1e-2, 0.1, 0.0), (1e-2, 0.1, 0.1), (1e-2, 0.3, 0.1))
]
SECOND = [TrainingSettings(learning_rate=rate, label_smoothing=0.1) for rate in (2e-2, 3e-2)]
DEFAULT_CANDIDATES = {
    **dict.fromkeys(("mlp", "cnn"), FIRST + SECOND),
    **dict.fromkeys(("gru", "tcn", "s4d"), SECOND),
}


def validate(architecture, settings):
    """Train one candidate and return its mean validation accuracy in percent, by config."""
    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    settings = dataclasses.replace(settings, validation_rows=VALIDATION_ROWS, log_every=settings.steps)
    members = train(architecture, [(config, seed) for config in CONFIGS for seed in SEEDS], settings)
    accuracy = {
        config: 100 * mean(member.curves.validation_accuracy[-1] for member in members if member.task == config)
        for config in CONFIGS
    }
    return {
        "model": architecture,
        "seeds": len(SEEDS),
        **dataclasses.asdict(settings),
        **{name: round(value, 2) for name, value in accuracy.items()},
    }


def select(candidates, path):
    """Validate the candidates, {model: settings}, and write the table; rows of other models stay."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] not in candidates]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        for future in [executor.submit(validate, name, one) for name in candidates for one in candidates[name]]:
            rows.append(future.result())
            print(rows[-1], file=sys.stderr, flush=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[-1], lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: list(CANDIDATES).index(row["model"])))


def main():
    """Validate the candidates of the named models, or of all, and write the table."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--default"]:
        arguments, candidates, table = arguments[1:], DEFAULT_CANDIDATES, "selection_default.csv"
    else:
        candidates, table = CANDIDATES, "selection.csv"
    select({name: candidates[name] for name in arguments or candidates}, FOLDER / table)


if __name__ == "__main__":
    main()
