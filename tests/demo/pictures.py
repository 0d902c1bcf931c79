"""Draws the pictures of the page: `python -m tests.demo.pictures` writes the README's and the Space's thumbnail."""

from pathlib import Path
from tempfile import TemporaryDirectory

from mnist1d_hf.demo import build_page

from .browsing import new_page, open_browser, visit

ROOT = Path(__file__).parents[2]

# For the thumbnail only: a title that can be read when it is small, and what matters of the first tab.
THUMBNAIL_STYLE = """
  html { zoom: 1.25; }
  .page { max-width: none; padding-inline: 28px; }
  h1 { font-size: 2rem; margin-top: 18px; }
  .tabs, .controls-card, .steps-card, .python-card, footer, #why-text, #why-figures, .networks-card .note, #caption { display: none !important; }
  main { margin-top: 8px; }
  #shape { grid: "points networks" auto "points why" auto / 220px 1fr; gap: 12px; }
  .card { padding: 12px 16px; }
  #networks li { padding: 2px 0; }
  #networks li:nth-child(n + 5) { display: none; }
"""


def draw_pictures(root):
    """Write docs/demo.png and the package's thumbnail.png below a folder."""
    with TemporaryDirectory() as folder, open_browser() as browser:
        page_file = Path(folder) / "index.html"
        page_file.write_bytes(build_page())
        page = new_page(browser, width=1280, height=1010)
        visit(page, page_file.as_uri())
        page.screenshot(path=root / "docs" / "demo.png")
        page = new_page(browser, width=1200, height=648)
        visit(page, page_file.as_uri())
        page.add_style_tag(content=THUMBNAIL_STYLE)
        page.screenshot(path=root / "mnist1d_hf" / "demo" / "thumbnail.png")


if __name__ == "__main__":
    draw_pictures(ROOT)
