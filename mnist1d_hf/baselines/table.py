"""The table of all checkpoints inside the package, beside the paper's figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from .. import paper
from ..utils.progress import shown
from ..utils.tables import align, html_table
from .architectures import get_architecture
from .bundled import list_checkpoints
from .data import load_test_tensors
from .evaluation import evaluate
from .metrics import Evaluation
from .registry import load_model


@dataclass(frozen=True)
class CheckpointResult:
    """One line of the table."""

    model: str
    trained_on: str  # config
    parameters: int  # trainable ones
    evaluation: Evaluation  # on the test rows that `load_test_tensors` loads
    paper: str  # the paper's accuracy in percent, or empty
    seconds: float  # to load the model and classify the rows


class CheckpointTable(list[CheckpointResult]):
    """Results of checkpoints; ``str()`` of it is a table for a terminal, and notebooks show it as one."""

    def __repr__(self) -> str:
        """Return the names of the checkpoints."""
        return f"<CheckpointTable: {', '.join(f'{result.model} on {result.trained_on}' for result in self)}>"

    def __str__(self) -> str:
        """Return the table as text."""
        return format_table(self)

    def _repr_html_(self) -> str:
        return html_table(_lines(self))


def evaluate_checkpoints(*, device: str = "cpu") -> CheckpointTable:
    """Evaluate every checkpoint inside the package, in the order of `list_checkpoints`."""
    checkpoints = list_checkpoints()
    data = {config: load_test_tensors(config) for config in dict(checkpoints)}
    pairs = shown(checkpoints, "models")
    return CheckpointTable(_evaluate_checkpoint(name, config, data[config], device) for config, name in pairs)


def format_table(results: Sequence[CheckpointResult]) -> str:
    """Return the table as text, with a line for the paper's human after each config it was tested on."""
    return align(_lines(results))


def format_accuracy(evaluation: Evaluation) -> tuple[str, str]:
    """Return accuracy and interval in percent, for example ``"94.1"`` and ``"92.5 - 95.4"``."""
    low, high = evaluation.interval
    return f"{100 * evaluation.accuracy:.1f}", f"{100 * low:.1f} - {100 * high:.1f}"


def _evaluate_checkpoint(name: str, config: str, data: tuple[Tensor, Tensor], device: str) -> CheckpointResult:
    start = time.perf_counter()
    model = load_model(name, config)
    evaluation = evaluate(model, data, device=device)
    return CheckpointResult(
        model=name,
        trained_on=config,
        parameters=model.num_parameters,
        evaluation=evaluation,
        paper=str(get_architecture(name).published(config) or ""),
        seconds=time.perf_counter() - start,
    )


def _lines(results: Sequence[CheckpointResult]) -> list[tuple[str, ...]]:
    head = ("model", "trained on", "parameters", "accuracy %", "95 % interval", "paper", "seconds")
    lines: list[tuple[str, ...]] = [head]
    for config in dict.fromkeys(result.trained_on for result in results):
        for result in results:
            if result.trained_on == config:
                accuracy, seconds = format_accuracy(result.evaluation), f"{result.seconds:.2f}"
                lines.append((result.model, config, f"{result.parameters:,}", *accuracy, result.paper, seconds))
        human = paper.table_1(config, "human")
        if human:
            lines.append(("human", config, "", "", "", str(human), ""))
    return lines
