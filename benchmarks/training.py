"""Speed of training and evaluation against a plain loop: `python benchmarks/training.py`.

The plain loop trains one model at a time in one thread, with the settings of the paper (Adam, 6000 steps of 100
rows). It is timed over `PLAIN_STEPS` of its steps and extrapolated. The lower bound is the arithmetic of our own recipes, at
the rate of a large matrix product, and an import of torch in every process.
"""

import resource
import subprocess
import sys
import tempfile
import time

import datasets
import torch
from arithmetic import training_seconds
from mnist1d_hf.baselines import create_model, evaluate, list_checkpoints, list_models, load_model, load_tensors
from mnist1d_hf.baselines.architectures import get_architecture
from mnist1d_hf.baselines.members import Separate, Stack
from mnist1d_hf.baselines.runs import read_metrics, train_baselines

MODELS = ("logistic", "mlp", "cnn", "gru")
SEEDS, CONFIGS = 3, 2
PAPER_STEPS, PLAIN_STEPS = 6000, 150
STACK_STEPS, STACK_SEEDS = 20, 5
CORES = 2


def plain_steps(name, steps):
    """Train a fresh model the plain way and return the seconds."""
    x, y = load_tensors("default", "train")
    model = create_model(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    start = time.perf_counter()
    for step in range(steps):
        rows = slice(step * 100 % 4000, step * 100 % 4000 + 100)
        loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - start


def plain_table():
    """Return the extrapolated seconds of the whole table."""
    torch.set_num_threads(1)
    plain_steps("gru", 10)
    seconds = {name: min(plain_steps(name, PLAIN_STEPS) for _ in range(3)) for name in MODELS}
    return sum(seconds.values()) * PAPER_STEPS / PLAIN_STEPS * CONFIGS * SEEDS


def our_table():
    """Return the seconds from call to finished folders, processes and files included, and the mean accuracies."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        train_baselines(folder, models=MODELS, seeds=SEEDS)
        seconds = time.perf_counter() - start
        accuracies = {(one["model"], one["config"]): one["mean_test_accuracy"] for one in read_metrics(folder)}
    return seconds, accuracies


def table_bound():
    """Return the seconds that the table cannot do without, on two cores."""
    arithmetic = 0.0
    for name in MODELS:
        settings = get_architecture(name).recipes["tuned"]
        arithmetic += CONFIGS * SEEDS * training_seconds(create_model(name), settings.batch_size, settings.steps)
    imports = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        imports.append(time.perf_counter() - start)
    return arithmetic / CORES + min(imports)


def step_milliseconds(members, batch_size):
    """Return the processor time of a training step of all members."""
    x, y = torch.randn(STACK_SEEDS, batch_size, 40), torch.randint(10, (STACK_SEEDS, batch_size))
    optimizer = torch.optim.AdamW(members.parameters, fused=True)
    start = time.process_time()
    for _ in range(STACK_STEPS):
        members.set_gradients(x, y, 0.1)
        optimizer.step()
    return 1000 * (time.process_time() - start) / STACK_STEPS


def stacking_table():
    """Print what a training step costs as one stack and as separate models, in one thread."""
    torch.set_num_threads(1)
    print(f"a training step of {STACK_SEEDS} models, as one stack and separately, and its arithmetic alone")
    for name in list_models():
        record = get_architecture(name)
        models, rows = [create_model(name) for _ in range(STACK_SEEDS)], record.recipes["tuned"].batch_size
        layers = record.model.stack(models)
        kinds = [Separate(models), *([Stack(models, layers)] if layers else [])]
        times = [[step_milliseconds(one, rows) for one in kinds] for _ in range(5)]
        separate, *stacked = map(min, zip(*times, strict=True))
        against = f"{stacked[0]:6.1f} ms, {separate / stacked[0]:.1f} times" if stacked else "not stacked"
        bound = 1000 * STACK_SEEDS * training_seconds(models[0], rows)
        print(f"  {name:12}{separate:6.1f} ms, {against}; bound {bound:.2f} ms")


def main():
    """Print times, ratios and memory."""
    datasets.disable_progress_bars()
    load_tensors("default", "train"), load_tensors("shuffled", "train")
    plain = plain_table()
    ours, accuracies = our_table()
    print(f"the paper's table, {len(MODELS)} models x {CONFIGS} datasets x {SEEDS} seeds")
    print(f"  plain loop, {PAPER_STEPS} steps, extrapolated from {PLAIN_STEPS}: {plain:.0f} s")
    print(f"  this, tuned recipe: {ours:.1f} s {plain / ours:.1f} times faster (target 22, aim 26)")
    print(f"  lower bound: {(bound := table_bound()):.1f} s, of which it takes {ours / bound:.1f} times as much")
    print("  " + ", ".join(f"{model} {config} {100 * value:.1f}" for (model, config), value in accuracies.items()))
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"  peak memory of the largest process: {max(usage) / 1024:.0f} MB (target under 1000)")

    start = time.perf_counter()
    for config, name in list_checkpoints():
        evaluate(load_model(name, config), load_tensors("shuffled" if config == "shuffled" else "default", "test"))
    print(f"evaluating all {len(list_checkpoints())} checkpoints: {time.perf_counter() - start:.2f} s (target under 3)")
    start = time.perf_counter()
    load_model("cnn")(torch.zeros(1, 40))
    print(f"load_model and a prediction: {1000 * (time.perf_counter() - start):.0f} ms (target under 50)")
    stacking_table()


if __name__ == "__main__":
    main()
