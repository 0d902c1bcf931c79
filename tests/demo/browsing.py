"""The page in a real browser: Chromium, which Playwright drives. Used by the tests and by `pictures`."""

import os
import shutil
from contextlib import contextmanager

IS_REQUIRED = bool(os.environ.get("MNIST1D_HF_REQUIRE_BROWSER"))
"""Whether a missing browser or a missing node fails the tests instead of skipping them."""

NO_NODE = shutil.which("node") is None and not IS_REQUIRED

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
"""Names of Chromium, the first of which is Debian's."""

ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WIDTHS = {"desktop": 1280, "phone": 380}


def find_chromium():
    """Return the file of Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextmanager
def open_browser():
    """Start Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser, width=WIDTHS["desktop"], height=800, scheme="light"):
    """Return an empty page of its own context, in which nothing moves."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", accept_downloads=True
    )
    # A state is waited for as long as the machine may be busy.
    context.set_default_timeout(300_000)
    return context.new_page()


def visit(page, address, fragment=""):
    """Load the page anew with a fragment, and wait until it is ready."""
    page.goto("about:blank")
    page.goto(f"{address}{fragment}")
    page.wait_for_selector("html[data-ready]")


def change(page, script, argument=None):
    """Run what changes the page, and wait until it is shown."""
    renders = int(page.evaluate("document.documentElement.dataset.renders"))
    page.evaluate(script, argument)
    page.wait_for_function("before => Number(document.documentElement.dataset.renders) > before", arg=renders)


def play(page, answers):
    """Answer questions with the keyboard, each followed by Enter for the next."""
    for answer in answers:
        page.wait_for_selector("#progress:focus")
        page.keyboard.press(str(answer))
        page.wait_for_selector("#next:focus")
        page.keyboard.press("Enter")
