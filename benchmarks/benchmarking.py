"""Speed of benchmarking a model of one's own against a plain loop: `python benchmarks/benchmarking.py`.

The paper's CNN as an ordinary module that the package does not know, so nothing of it is stacked. The plain loop trains one
model at a time in one thread, with a DataLoader over a TensorDataset and torch's AdamW; it is timed over `PLAIN_STEPS` steps
and extrapolated. Ours is the work of two processes: one seed of one task is timed from its rows to its numbers, those on the
1000 test rows and on the 100,000 fresh ones, which the plain loop does not have. Shared evenly, all seeds and tasks take half
of their sum on two cores, and starting a process once is added. All times are those of one core.
"""

import timing  # noqa: F401

import resource
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from mnist1d_hf import benchmark
from mnist1d_hf.baselines.data import load_tensors
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.recipes import DEFAULT_SETTINGS
from mnist1d_hf.benchmarking.jobs import Job, do_job, final_rows
from mnist1d_hf.benchmarking.subject import find_subject

CORES, SEEDS, TASKS, PAPER_STEPS = 2, 5, 2, 6000
PLAIN_STEPS, RUNS = 150, 3
SEARCH_SEEDS = 3


class PlainCNN(nn.Module):
    """The paper's CNN as its authors wrote it."""

    def __init__(self, channels=25):
        super().__init__()
        self.conv1 = nn.Conv1d(1, channels, 5, stride=2, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        self.linear = nn.Linear(5 * channels, 10)

    def forward(self, x):
        """Return logits."""
        h = self.conv1(x.unsqueeze(1)).relu()
        h = self.conv3(self.conv2(h).relu()).relu()
        return self.linear(h.flatten(1))


def plain_step():
    """Return the seconds of a step of the plain loop."""
    loader = DataLoader(TensorDataset(*load_tensors("default", "train")), batch_size=100, shuffle=True)
    model = PlainCNN()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    start, steps = time.process_time(), 0
    while steps < PLAIN_STEPS:
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            steps += 1
            if steps == PLAIN_STEPS:
                break
    return (time.process_time() - start) / steps


def plain_evaluation():
    """Return the seconds of classifying the test rows once."""
    test, model = load_tensors("default", "test"), PlainCNN()
    start = time.process_time()
    evaluate(model, test)
    return time.process_time() - start


def our_run():
    """Return the seconds of one seed of one task, and its accuracy."""
    job = Job("default", find_subject(PlainCNN), "default", (0,), DEFAULT_SETTINGS, final=True)
    start = time.process_time()
    (outcome,) = do_job(job)
    return time.process_time() - start, outcome.run.test.accuracy


def our_process():
    """Return the seconds of starting a process and of the rows that it makes once for each task."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import mnist1d_hf.benchmarking.jobs"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.process_time()
    final_rows.cache_clear()
    final_rows("default")
    rows = time.process_time() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + TASKS * rows


def our_candidate():
    """Return the seconds of a candidate of a search."""
    start = time.process_time()
    benchmark(PlainCNN, final=False, seeds=SEARCH_SEEDS)
    return time.process_time() - start


def main():
    """Print times and ratios."""
    torch.set_num_threads(1)
    load_tensors("shuffled", "train")
    plain_step(), our_process()
    timed = [(plain_step(), our_run(), our_process(), our_candidate(), plain_evaluation()) for _ in range(RUNS)]
    step, (run, accuracy), process, candidate, evaluation = map(min, zip(*timed, strict=True))
    steps = DEFAULT_SETTINGS.steps
    ours = SEEDS * TASKS * run / CORES + process
    print(f"the paper's CNN as an ordinary module, {SEEDS} seeds, {TASKS} tasks, on {CORES} cores: {ours:.0f} s")
    for what, number, target in (("equal steps", steps, 1.6), (f"the paper's {PAPER_STEPS} steps", PAPER_STEPS, 5.0)):
        plain = SEEDS * TASKS * (number * step + evaluation)
        verdict = "" if plain / ours >= target else "  BELOW"
        print(f"  a plain loop of {what}: {plain:.0f} s, {plain / ours:.1f} times (target {target}){verdict}")
    print(f"  accuracy of seed 0 on default: {100 * accuracy:.1f} %")
    plain = SEARCH_SEEDS * steps * step
    print(
        f"a candidate of a search, {SEARCH_SEEDS} seeds on one core: {candidate:.1f} s, plain loop {plain:.1f} s,",
        end=" ",
    )
    print(f"{plain / candidate:.2f} times (target under 10 s on a quiet core)")


if __name__ == "__main__":
    main()
