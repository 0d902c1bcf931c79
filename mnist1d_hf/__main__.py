"""`python -m mnist1d_hf` is the command `mnist1d-hf`."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="mnist1d-hf")
