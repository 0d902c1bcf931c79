"""A stage at which a process ends by itself, as if it were killed."""

KILLED = """
import os

function, calls = getattr(owner, name), 0

def kill(stage):
    if (calls, moment) == (int(call), stage):
        os._exit(9)  # nothing is cleaned up, as after SIGKILL

def killed(*arguments, **options):
    global calls
    calls += 1
    kill("before")
    result = function(*arguments, **options)
    kill("after")
    return result

setattr(owner, name, killed)
"""
"""Code that kills its process before or after (``moment``) a call, by its number, of the function ``name`` of ``owner``."""
