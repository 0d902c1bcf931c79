"""Imports every module and every public name of an installed mnist1d-hf; `make release-check` runs it in a new environment."""

import importlib
import pkgutil
import sys
from pathlib import Path

import mnist1d_hf


def main():
    """Import everything and return how many modules and public names there are."""
    package = Path(mnist1d_hf.__file__).parent
    if Path(sys.prefix) not in package.parents:
        raise SystemExit(f"{package} is not installed in {sys.prefix}")
    names = [module.name for module in pkgutil.walk_packages(mnist1d_hf.__path__, "mnist1d_hf.")]
    public = 0
    for name in ("mnist1d_hf", *names):
        if name == "mnist1d_hf.__main__":
            continue
        module = importlib.import_module(name)
        for attribute in getattr(module, "__all__", ()):
            getattr(module, attribute)
            public += 1
    return f"{len(names)} modules and {public} public names of {package} can be imported"


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
