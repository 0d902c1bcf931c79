"""The command line `mnist1d-hf`: parses, calls, prints."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..errors import HubError, TasksFailedError, WorkerError
from ..utils.extras import naming_requirements
from ..utils.text import one_line
from ..version import DATA_VERSION, __version__
from .benchmark import benchmark_command
from .build import build_command, prepare_command
from .demo import demo_command
from .evaluate import evaluate_command
from .experiment import experiment_group
from .export import export_command
from .leaderboard import leaderboard_command
from .plot import plot_group
from .publish import publish_command, verify_command
from .quickstart import quickstart_command
from .register import register_command
from .submit import submit_command
from .train import train_command


class TerminatedError(KeyboardInterrupt):
    """SIGTERM told this process to end, which is handled like an interrupt, so that what is half written is removed."""

    EXIT_CODE = 128 + signal.SIGTERM


@contextmanager
def termination_raised() -> Iterator[None]:
    """Raise a TerminatedError in the main thread when SIGTERM comes, unless the caller handles or ignores it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(*_: Any) -> None:
    # Another one must not end the tidying up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise TerminatedError


class _OneLineErrors(click.Group):
    """Reports bad input, full disks, interruptions and the like in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with termination_raised(), naming_requirements():
                return super().invoke(ctx)
        except KeyboardInterrupt as error:
            # On a line of its own, not behind a bar or ^C.
            click.echo(f"\n{one_line(error)}." if error.args else "", err=True)
            if isinstance(error, TerminatedError):
                click.echo("Terminated!", err=True)
                ctx.exit(TerminatedError.EXIT_CODE)
            raise click.Abort from error
        except _generation_errors() as error:
            raise click.ClickException(one_line(error.__cause__ or error)) from error
        except MemoryError as error:
            raise click.ClickException(f"there is not enough memory ({one_line(error)})") from error
        except (ValueError, OSError, ImportError, HubError, WorkerError, TasksFailedError) as error:
            raise click.ClickException(one_line(error)) from error


def _generation_errors() -> tuple[type[Exception], ...]:
    """Return what `datasets` raises where rows cannot be prepared, without importing it."""
    exceptions = sys.modules.get("datasets.exceptions")
    return (exceptions.DatasetGenerationError,) if exceptions else ()


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(__version__, message=f"mnist1d-hf {__version__} (data version {DATA_VERSION})")
def main() -> None:
    """MNIST-1D for the Hugging Face ecosystem.

    \b
    Examples:
      mnist1d-hf quickstart
      mnist1d-hf build mnist1d
      mnist1d-hf plot samples --output samples.png
    """


for _command in (
    build_command,
    prepare_command,
    plot_group,
    quickstart_command,
    demo_command,
    train_command,
    evaluate_command,
    benchmark_command,
    experiment_group,
    publish_command,
    verify_command,
    submit_command,
    leaderboard_command,
    register_command,
    export_command,
):
    main.add_command(_command)
