"""Building blocks that know nothing about MNIST-1D."""
