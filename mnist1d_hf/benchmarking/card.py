"""The card of a measured model, rendered from its report."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, TypeGuard

from huggingface_hub import ModelCardData
from torch import nn

from .. import paper
from ..baselines.architectures import MODELS, Baseline
from ..baselines.checkpoints import WEIGHTS_NAME
from ..baselines.layout import CURVES_NAME, ONNX_NAME
from ..baselines.tasks import get_task
from ..utils.rendering import render_card
from ..utils.resources import resource_folder
from ..utils.tables import shorten
from ..utils.text import markdown
from ..version import TAGS
from .standings import Entry, count_ranked, find_own
from .wording import lines, own_gap

if TYPE_CHECKING:
    from .report import Report

BENCHMARK_TAG = "mnist1d-benchmark"
"""Tag by which measured models are found on the Hub; they have one with the name of each task, too."""


def render_benchmark_card(report: Report, files: AbstractSet[str]) -> str:
    """Render the text of README.md, metadata included; the files are those that stand beside it."""
    first = report.measurements[0]
    tags = [*TAGS, "mnist1d", BENCHMARK_TAG, *(f"{BENCHMARK_TAG}-{task}" for task in report.standings)]
    return render_card(
        # The licence is up to the author.
        ModelCardData(
            library_name="mnist1d-hf", pipeline_tag="tabular-classification", tags=tags, metrics=["accuracy"]
        ),
        resource_folder("models") / "benchmark_card_template.md",
        name=markdown(report.name),
        metrics=first.metrics,
        settings=[(markdown(name), markdown(shorten(value))) for name, value in first.metrics["settings"].items()],
        tasks=[_describe_task(task, entries) for task, entries in report.standings.items()],
        gap=own_gap(report.standings),
        source=markdown(report.source.name) if report.source and report.source.name in files else None,
        author_class=_author_class(report, first.model),
        built_in=is_built_in(first.model),
        onnx=ONNX_NAME if ONNX_NAME in files else None,
        weights=WEIGHTS_NAME if WEIGHTS_NAME in files else None,
        curves=CURVES_NAME if CURVES_NAME in files else None,
        paper=paper,
    )


def is_built_in(model: nn.Module | None) -> TypeGuard[Baseline]:
    """Return whether a model is of an architecture that `load_model` knows."""
    return isinstance(model, Baseline) and type(model) is MODELS.get(model.architecture)


def _author_class(report: Report, model: nn.Module | None) -> tuple[str, str]:
    """Return the names of the module and of the class to import, or names that stand for them."""
    module = report.source.stem if report.source else ""
    name = type(model).__name__
    return module if module.isidentifier() else "the_module", name if name.isidentifier() else "TheModel"


def _describe_task(task: str, entries: Sequence[Entry]) -> dict[str, object]:
    """Return what the card says of a task: the model beside the best, the median and the nearest baseline."""
    own = find_own(entries)
    kept = {own, *_neighbours(entries, own)}
    head, *cells = lines(entries)
    return {
        "name": task,
        "description": get_task(task).description,
        "rank": own.rank,
        "models": count_ranked(entries),
        "head": [cell.strip() for cell in head],
        "rows": [
            [f"**{cell}**" if entry == own and cell else cell for cell in _markdown_cells(line)]
            for entry, line in zip(entries, cells, strict=True)
            if entry in kept
        ],
    }


def _neighbours(entries: Sequence[Entry], own: Entry) -> list[Entry]:
    """Return the best, the median and the nearest baseline, those that there are."""
    baselines = [entry for entry in entries if entry.kind in ("network", "reference")]
    if not baselines:
        return []
    nearest = min(baselines, key=lambda entry: abs(entry.order - own.order))
    return [baselines[0], baselines[len(baselines) // 2], nearest]


def _markdown_cells(line: Sequence[str]) -> list[str]:
    rank, name, *numbers = line
    return [rank.strip("> "), markdown(name), *numbers]
