"""The lower bound of training: its floating-point operations, at the rate of a large matrix product in the same run."""

import functools
import time

import torch
from torch.utils.flop_counter import FlopCounterMode


@functools.cache
def gemm_rate(size=500, runs=40):
    """Return the operations per second of a product of two square matrices, in one thread."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        a @ b
        best = min(best, time.process_time() - start)
    return 2 * size**3 / best


def training_seconds(model, rows, steps=1):
    """Return the seconds that the products of training steps take at that rate; going back takes twice as many as forth."""
    torch.set_num_threads(1)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.randn(rows, 40))
    return 3 * counter.get_total_flops() * steps / gemm_rate()
