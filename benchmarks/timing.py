"""What the benchmarks share: one core, the best of several runs, and a table of ratios.

A lower bound is what cannot be left out, timed alone in the same run: a reader sees what is left to gain.
"""

import os
import sys
import time

# One core for everything, set before numpy and pyarrow read it.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"


def best_seconds(*functions, runs=3):
    """Return the shortest time of each function; they run in turn, so that slow moments hit them alike."""
    best = [float("inf")] * len(functions)
    for _ in range(runs):
        for number, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[number] = min(best[number], time.perf_counter() - start)
    return best


def report(what, ours, theirs, target, bound=None):
    """Print how many times faster we are, whether that reaches the target, and how far we are from a lower bound."""
    ratio = theirs / ours
    verdict = "" if ratio >= target else "  BELOW"
    limit = f"{bound:11.3f} s {ours / bound:7.1f} x" if bound else f"{'-':>13} {'-':>9}"
    print(f"{what:46} {ours:9.3f} s {theirs:9.3f} s {ratio:8.1f} x {limit}   (target {target} x){verdict}", flush=True)


def header(title):
    print(f"\n{title}\n{'':46} {'this':>11} {'other':>11} {'faster':>10} {'lower bound':>13} {'slower':>9}", flush=True)


def peak_memory_mb():
    """Return the largest resident memory of this process so far."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
