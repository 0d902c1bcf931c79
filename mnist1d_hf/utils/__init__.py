"""Blocks that know nothing of MNIST-1D."""
