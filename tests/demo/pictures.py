"""Draws the pictures of the page: `python -m tests.demo.pictures` writes the README's and the Space's thumbnail."""

from pathlib import Path
from tempfile import TemporaryDirectory

from mnist1d_hf.demo import build_page

from .browsing import new_page, open_browser, visit

ROOT = Path(__file__).parents[2]

# For the thumbnail only: a title that can be read when it is small, and what matters of the first tab.
THUMBNAIL_STYLE = """
  html { zoom: 1.1; }
  .page { max-width: none; padding-inline: 28px; }
  h1 { font-size: 1.9rem; margin-top: 14px; }
  .lede { margin-bottom: 14px; text-wrap: nowrap; }
  :is(.tabs, .controls-card, .steps-card, .python-card, footer, #why-text, #why-figures, .caret) { display: none !important; }
  :is(.networks-card .note, #caption, #networks li:nth-child(n + 5)) { display: none !important; }
  #shape { grid: "points networks" auto "points why" auto / 210px 1fr; gap: 12px; }
  .card { padding: 12px 16px; }
  #networks li { padding: 2px 0; }
"""


def draw_pictures(root):
    """Write docs/demo.png and the package's thumbnail.png below a folder."""
    with TemporaryDirectory() as folder, open_browser() as browser:
        page_file = Path(folder) / "index.html"
        page_file.write_bytes(build_page())
        page = new_page(browser, width=1280)
        visit(page, page_file.as_uri())
        # Down to the end of what is understood at a glance.
        end = page.locator(".why-card").bounding_box()
        clip = {"x": 0, "y": 0, "width": 1280, "height": end["y"] + end["height"] + 16}
        page.screenshot(path=root / "docs" / "demo.png", full_page=True, clip=clip)
        page = new_page(browser, width=1200, height=648)
        visit(page, page_file.as_uri())
        page.add_style_tag(content=THUMBNAIL_STYLE)
        page.screenshot(path=root / "mnist1d_hf" / "demo" / "thumbnail.png")


if __name__ == "__main__":
    draw_pictures(ROOT)
