"""Builds the repository of the Space in a folder: the page, its card and its picture."""

from __future__ import annotations

import shutil
from pathlib import Path

from huggingface_hub import SpaceCardData

from .. import paper
from ..dataset.parameters import GenerationParameters
from ..demo import build_page
from ..demo.contents import CONFIGS, model_names
from ..utils.files import write_text
from ..utils.rendering import render_card
from ..utils.resources import resource_folder
from ..version import TAGS
from .dataset_plan import CARD_NAME
from .naming import dataset_repo_id, model_repo_id, space_repo_id

SDK = "static"
"""What the Space runs on: nothing; the Hub only serves its files, which is free and starts at once."""

PAGE_NAME = "index.html"
THUMBNAIL_NAME = "thumbnail.png"


def build_space_repo(output_dir: Path, namespace: str) -> None:
    """Write the repository of the Space to a new folder; the same call writes the same bytes."""
    output_dir.mkdir(parents=True)
    (output_dir / PAGE_NAME).write_bytes(build_page())
    shutil.copyfile(resource_folder("demo") / THUMBNAIL_NAME, output_dir / THUMBNAIL_NAME)
    write_text(output_dir / CARD_NAME, render_space_card(namespace))


def render_space_card(namespace: str) -> str:
    """Render the card of the Space, with the settings the Hub reads from it.

    https://huggingface.co/docs/hub/spaces-config-reference
    """
    repo_id, dataset_id = space_repo_id(namespace), dataset_repo_id(namespace)
    data = SpaceCardData(
        title="MNIST-1D",
        emoji="✏️",
        colorFrom="blue",
        colorTo="indigo",
        sdk=SDK,
        app_file=PAGE_NAME,
        pinned=False,
        license="apache-2.0",
        # The Hub allows 60 characters.
        short_description="Shape a digit of 40 points, and beat the networks",
        tags=[*TAGS, "mnist", "education"],
        datasets=[dataset_id],
        models=[model_repo_id(namespace, name, config) for config in CONFIGS for name in model_names()],
        thumbnail=f"https://huggingface.co/spaces/{repo_id}/resolve/main/{THUMBNAIL_NAME}",
    )
    return render_card(
        data,
        resource_folder("demo") / "space_card_template.md",
        dataset_id=dataset_id,
        paper=paper,
        table_2=GenerationParameters(),
    )
