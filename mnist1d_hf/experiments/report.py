"""Summaries of experiments: figure and claims of each, and a report of all."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from pathlib import Path
from typing import Any

from ..utils.figures import save_figure
from ..utils.files import provenance, write_json, write_text
from ..utils.rendering import render_template
from ..utils.resources import resource_folder
from ..version import DATA_VERSION
from . import TITLES
from .claims import FAILS, Claim, changed_by_correction
from .experiment import Experiment
from .results import Results

SUMMARY_NAME = "summary.json"
REPORT_NAME = "README.md"


def write_summary(experiment: Experiment[Any, Any], results: Results[Any, Any], output: str | os.PathLike[str]) -> Path:
    """Write figure and claims of an experiment beside its parts, in its folder under ``output``; return the figure's path."""
    folder = Path(output) / experiment.name
    quick = is_quick(experiment, results)
    claims = [dataclasses.asdict(claim) for claim in experiment.claims(results)]
    content = {
        "experiment": experiment.name,
        "settings": dataclasses.asdict(results.settings),
        "seeds": results.seeds,
        "quick": quick,
        "seconds": round(results.seconds, 1),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "data_version": DATA_VERSION,
        **provenance(),
        # Numbers of quick settings are shown, but judge nothing.
        "claims": [claim | {"verdict": None} for claim in claims] if quick else claims,
        "remarks": experiment.remarks,
    }
    write_json(folder / SUMMARY_NAME, content, indent=1)
    return save_figure(experiment.plot(results), folder / "figure.png")


def write_report(output: str | os.PathLike[str]) -> Path:
    """Write the report of all experiments whose summaries are under ``output``, and return its path."""
    output = Path(output)
    paths = [output / name / SUMMARY_NAME for name in TITLES]
    summaries = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.is_file()]
    text = render_template(resource_folder("results") / "report_template.md", summaries=summaries, titles=TITLES)
    write_text(output / REPORT_NAME, text)
    return output / REPORT_NAME


def is_quick(experiment: Experiment[Any, Any], results: Results[Any, Any]) -> bool:
    """Return whether results are of the settings for trying it out, whichever parts were chosen."""
    unchosen = {name: getattr(experiment.quick, name) for name in experiment.choices}
    return bool(dataclasses.replace(results.settings, **unchosen) == experiment.quick)


def format_claims(claims: list[Claim], *, judged: bool = True) -> str:
    """Return claims as text, two lines each, with what was published beside what was measured, and verdicts if judged."""
    lines = []
    for claim in claims:
        statement = f"control: {claim.statement}" if claim.is_control else claim.statement
        numbers = f"published {claim.published}, measured {claim.measured}"
        if judged:
            verdict = claim.verdict.upper() if claim.verdict == FAILS else claim.verdict
            lines.append(f"{verdict:<14} {statement}")
            lines.append(f"{'':<14} {numbers} ({claim.test}{_p_text(claim)})")
        else:
            lines += [statement, f"    {numbers}"]
    if judged and (changed := changed_by_correction(claims)):
        lines.append(f"Holm's correction changes {len(changed)} of these verdicts.")
    return "\n".join(lines)


def _p_text(claim: Claim) -> str:
    if claim.p is None:
        return ""
    corrected = "" if claim.corrected_p is None else f", corrected {claim.corrected_p:.2g}"
    return f"; p {claim.p:.2g}{corrected}"
