"""The command `mnist1d-hf demo`."""

from __future__ import annotations

import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from ..utils.files import check_output_file, replacing
from .options import output_option


@click.command("demo")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to serve the page on; 0 takes a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@output_option("File to write the page to instead of serving it, for example mnist1d.html.")
def demo_command(port: int, no_browser: bool, output: Path | None) -> None:
    """Open a page to play with MNIST-1D in a browser.

    Shape a digit, see what every baseline says about it, and try to beat them. The page works without a network, and only this
    machine can reach it. It is served until you press Ctrl-C; a file written with --output opens in any browser.

    \b
    Examples:
      mnist1d-hf demo
      mnist1d-hf demo --port 8000 --no-browser
      mnist1d-hf demo --output mnist1d.html
    """
    if output and (port or no_browser):
        raise click.UsageError("--output writes the page and serves nothing; leave out --port and --no-browser")
    from ..demo import build_page

    if output:
        check_output_file(output)
        with replacing(output) as unfinished:
            unfinished.write_bytes(build_page())
        click.echo(f"wrote {output}")
        return
    from ..demo.server import PageServer

    with PageServer(build_page(), port) as server:
        click.echo(f"Serving the page at {server.url}; press Ctrl-C to end.")
        if not no_browser:
            # In a thread, for a browser in this terminal returns only at its end.
            threading.Thread(target=_open_browser, args=(server.url,), daemon=True).start()
        server.serve_forever()


def _open_browser(url: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(url)
