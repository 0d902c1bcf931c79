"""The names of the original package `mnist1d` 0.0.2.post1, for code that was written for it.

Switching takes two lines: install ``mnist1d-hf``, and import this instead::

    from mnist1d_hf import compat as mnist1d

Arguments, return types and arrays (float64, to 1e-11, for any arguments) are those of the original. What differs:

==============================  ==================================  ======================================================
what                            the original                        here, and why
==============================  ==================================  ======================================================
``get_dataset(args)``           downloads a pickle, or reads one    returns what ``args`` say, always: in the original
                                from the current folder             ``shuffle_seq=True`` or another seed has no effect as
                                                                    soon as a file is found
``get_dataset(args, path)``     keeps a pickle at the path, and     keeps an ``.npz`` there, and reads it only if all of
                                reads it with any ``args``          its parameters are those of ``args``
``download=True``               asks the network                    has no effect: data is generated, offline
global random state             seeded, and left where the draws    left alone; with ``reseed=True`` left as in the
                                of the data ended                   original
``transform`` and its steps     draw from NumPy's global state      do so too, since they take no seed
negative scales, ``seed=None``  accepted                            refused, with an error that says what is allowed
speed                           1                                   20 to 40
==============================  ==================================  ======================================================

The data is float64, as in the original; ``load_dataset("mnist1d")`` gives float32, which most models want.
"""

from . import data, utils
from .data import get_dataset, get_dataset_args, get_templates
from .transform import transform
from .utils import ObjectView, from_pickle, plot_signals, set_seed, to_pickle

__all__ = [
    "ObjectView",
    "data",
    "from_pickle",
    "get_dataset",
    "get_dataset_args",
    "get_templates",
    "plot_signals",
    "set_seed",
    "to_pickle",
    "transform",
    "utils",
]
