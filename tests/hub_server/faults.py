"""What goes wrong with chosen requests."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with chosen requests. `hits` counts those it took effect on."""

    method: str | None = None
    path: str = ""  # a pattern searched for in the path as it was sent, query included
    nth: int = 1  # it starts with the nth request that matches
    times: float = 1  # and takes effect on that many; float("inf") for ever
    before: Callable[[], object] | None = None  # called first, for example to commit something in between
    delay: float = 0.0  # seconds to wait before doing anything
    drop: bool = False  # close the connection, without an answer and without doing what is asked
    drop_after: bool = False  # do what is asked, then close the connection without an answer
    status: int | None = None  # answer this instead of doing what is asked,
    body: bytes | None = None  # with this in place of JSON
    headers: dict[str, str] = field(default_factory=dict)  # added to the answer
    truncate: bool = (
        False  # announce the whole body and send half of it; a large file's comes from a path with /download/
    )
    slow: bool = False  # send the body in twenty pieces over a second
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def takes(self, request):
        """Whether this fault takes effect on a request, which it counts."""
        if self.method not in (None, request.method) or not re.search(self.path, request.path):
            return False
        self.seen += 1
        active = self.nth <= self.seen < self.nth + self.times
        self.hits += active
        return active
