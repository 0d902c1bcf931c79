"""Compares what is in the cache of `datasets` with what would be generated now."""

from __future__ import annotations

import pyarrow as pa

from ..errors import DamagedCacheError
from .mnist1d import Mnist1D


def check_cache(builder: Mnist1D) -> None:
    """Raise a DamagedCacheError unless every row of the builder's cache entry is what would be generated now."""
    for generator in builder._split_generators(None):
        try:
            table = builder.as_dataset(generator.name).data.table
            table.validate(full=True)
            start = 0
            for _, fresh in builder._generate_tables(**generator.gen_kwargs):
                cached = table.slice(start, fresh.num_rows)
                if not cached.equals(fresh):
                    raise pa.ArrowInvalid(
                        f"rows {start} to {start + fresh.num_rows - 1} of {generator.name} are different"
                    )
                start += fresh.num_rows
        except pa.ArrowException as error:
            raise DamagedCacheError(
                f"the cache entry {builder.cache_dir} is not what would be generated ({error}); remove this folder and run "
                "mnist1d-hf prepare again"
            ) from error
