"""The loading script of MNIST-1D for `datasets` 3, which still runs scripts; requires `pip install mnist1d-hf`.

load_dataset("mnist1d.py", "shuffled", trust_remote_code=True)
"""

from mnist1d_hf.dataset.mnist1d import Mnist1D  # noqa: F401
