"""What the tests of the server share."""

import sys

from huggingface_hub import CommitOperationAdd, get_session

CARD = b"---\nlicense: apache-2.0\ntags: [one, two]\n---\n# A card\n"
LFS_BYTES = bytes(range(256)) * 40


def transport_error():
    """The base of the errors of a connection, of httpx2 with huggingface_hub 2.x and of httpx with 1.x."""
    return sys.modules[type(get_session()).__module__.partition(".")[0]].TransportError


def add(**files):
    return [CommitOperationAdd(path, data) for path, data in files.items()]


def paths(requests, method=None):
    return [request.path for request in requests if method in (None, request.method)]
