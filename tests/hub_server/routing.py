"""Which function answers which request."""

import re

ROUTES = []
API = r"/api/(?P<type>model|dataset|space)s/(?P<id>[^/]+/[^/]+)"
GIT = r"/(?:(?P<type>dataset|space)s/)?(?P<id>[^/]+/[^/]+)"


def route(method, pattern):
    """Register the function that answers a method and a path.

    It is called with the hub, the call, and the groups of the pattern, unquoted; `type` and `id` become the repository,
    which the token must be allowed to read.
    """

    def register(handler):
        ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return register
