"""Ids and times as the Hub writes them."""

import itertools
from datetime import datetime, timezone

_ids = itertools.count(0x65_00_00_00_00_00_00_00_00_00_00_00)


def new_id():
    """Return an id as of a database: 24 hexadecimal digits."""
    return f"{next(_ids):024x}"


def now():
    """Return the time as the Hub writes it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
