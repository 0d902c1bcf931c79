"""The version numbers of the package and of the data it generates."""

__version__ = "0.1.0"

DATA_VERSION = "1.0.0"
"""Version of the generated data, part of the builder's cache entries, the dataset card and every checkpoint.

`datasets` finds a prepared dataset by name, config, version and hash, so it returns a stale one if only the generator's
code has changed. Raise this constant whenever the bytes of any config change, for whatever reason (a new formula, another
random stream, other labels): the major number when values change, the minor number when a config is added. The golden
hashes in ``tests/dataset/test_generator.py`` and ``tests/dataset/test_mnist1d.py`` fail when bytes change; update them in
the same commit as this constant, and give the change its own line in CHANGELOG.md.
"""

TAGS = ("mnist-1d", "timeseries")
"""Tags of every repository on the Hub; dataset and model repositories add their own."""
