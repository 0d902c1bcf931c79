"""The leaderboard: models that anybody has submitted, found on the Hub by their tags, among the baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from numpy.typing import NDArray

from ..baselines.layout import METRICS_NAME, ONNX_NAME
from ..baselines.results import Result, read_results
from ..baselines.tasks import get_task
from ..errors import HubError
from ..utils.extras import check_extras
from ..utils.hub_errors import PASSING_STATUS, find_error, summarise
from ..utils.patience import patience
from ..utils.progress import shown
from ..utils.text import one_line
from .claims import MAX_METRICS_BYTES, Claim, read_claim
from .client import check_repo_id, connect, explained
from .remote_repo import check_commit
from .retries import retry
from .standings import Leaderboard, LeftOut, Standing
from .submission import BENCHMARK_TAG, MAX_FILE_BYTES

MAX_MODELS = 1000
"""Models that are read at most, the ones changed last."""

TOLERANCE = {"test": 1, "fresh": 20}
"""Rows on which an ONNX file may differ from the model it was made of, for rounding."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Submission:
    """A model on the Hub at one commit, and what it claims."""

    repo_id: str
    commit: str
    claim: Claim
    onnx: str
    """Path of its ONNX file."""
    onnx_size: int | None
    """Bytes of it; None if there is none."""


class _UnusableError(ValueError):
    """A repository cannot be shown; the message says why."""


def read_leaderboard(
    task: str = "default",
    *,
    verify: bool = False,
    token: str | None = None,
) -> Leaderboard:
    """Find the models that were submitted for a task, and rank them among the baselines.

    Of each model ``metrics.json`` is read, at one commit. A repository that is gone, cannot be read or claims what cannot be
    is left out, with the reason.

    Parameters
    ----------
    task : str
        Task.
    verify : bool
        Evaluate the ONNX file of each model on the test rows and on the fresh ones, and compare with what is claimed of the
        first seed. A model whose claim is not confirmed gets no rank.
    token : str, optional
        Token of the Hub; by default the one that `huggingface_hub` finds.

    Returns
    -------
    Leaderboard
        The models, best first, by the accuracy on fresh rows.

    Raises
    ------
    HubError
        If the Hub cannot be reached.
    MissingExtraError
        If an extra is missing: torch, and onnx to verify.
    ValueError
        If the task is unknown.
    """
    get_task(task)
    check_extras("torch", *(["onnx"] if verify else []))
    api = connect(token)
    verifier = _Verifier(api, task) if verify else None
    standings, left_out = [_baseline(result) for result in _baseline_results(task)], []
    with patience():
        for repo_id, commit in shown(_find_models(api, task), "models"):
            try:
                submission = _read_submission(api, repo_id, commit, task)
                standing = _standing(submission)
                standings.append(verifier.verified(submission, standing) if verifier else standing)
            except _UnusableError as error:
                left_out.append(LeftOut(repo_id, one_line(error)))
    return Leaderboard(task, standings, left_out)


def _find_models(api: HfApi, task: str) -> list[tuple[str, object]]:
    """Return id and newest commit of each repository with the tag of a task."""
    tag = f"{BENCHMARK_TAG}-{task}"
    search = partial(api.list_models, filter=tag, sort="last_modified", limit=MAX_MODELS, expand=["sha"])
    with explained(api):
        return [(info.id, info.sha) for info in retry(lambda: list(search()))]


def _read_submission(api: HfApi, repo_id: str, commit: object, task: str) -> _Submission:
    """Read what a repository claims of a task, which is the first one or has a folder of its own."""
    try:
        check_repo_id(repo_id)
    except ValueError as error:
        raise _UnusableError(str(error)) from error
    with explained(api):
        commit = check_commit(api, commit)
    places = (f"{task}/", "")
    paths = [f"{place}{name}" for place in places for name in (METRICS_NAME, ONNX_NAME)]
    infos = _ask(api, lambda: api.get_paths_info(repo_id, paths, revision=str(commit)))
    sizes = {info.path: info.size for info in infos if hasattr(info, "size")}
    for place in places:
        path = f"{place}{METRICS_NAME}"
        if path not in sizes:
            continue
        file = _download(api, repo_id, commit, path, sizes[path], MAX_METRICS_BYTES)
        try:
            claim = read_claim(file)
        except (ValueError, OSError) as error:
            raise _UnusableError(f"{path} is not valid: {one_line(error)}") from error
        if claim.task == task:
            onnx = f"{place}{ONNX_NAME}"
            return _Submission(repo_id, commit, claim, onnx, sizes.get(onnx))
    raise _UnusableError(f"it has no {METRICS_NAME} of the task {task}")


def _download(api: HfApi, repo_id: str, commit: str, path: str, size: int, limit: int) -> Path:
    """Return a file of a repository, which is not downloaded again if the client has it."""
    if size > limit:
        raise _UnusableError(f"{path} has {size:,} bytes; at most {limit:,} are read")
    return Path(_ask(api, lambda: api.hf_hub_download(repo_id, path, revision=commit)))


def _ask(api: HfApi, call: Callable[[], _Result]) -> _Result:
    """Ask the Hub about one repository; raise an _UnusableError if it refuses, a HubError if nothing can be asked."""
    with explained(api):
        try:
            return retry(call)
        except Exception as error:
            reason = _refusal(error)
            if reason is None:
                raise
    raise _UnusableError(reason)


def _refusal(error: Exception) -> str | None:
    """Return why the Hub does not give one repository; None if something else is wrong."""
    if isinstance(error, GatedRepoError):
        return "it is gated: its author decides who may read it"
    if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
        return "it was deleted, renamed or made private meanwhile"
    if isinstance(error, EntryNotFoundError):
        return "a file is missing"
    answer = find_error(error, HfHubHTTPError)
    if answer is not None and 400 <= answer.response.status_code < 500:
        return None if answer.response.status_code in PASSING_STATUS else f"the Hub refuses it ({summarise(answer)})"
    return None


def _standing(submission: _Submission) -> Standing:
    claim = submission.claim
    return Standing(
        model=submission.repo_id,
        kind="submitted",
        seeds=claim.seeds,
        test=claim.test,
        fresh=claim.fresh,
        parameters=claim.parameters,
        macs=claim.macs,
        protocol=claim.protocol,
        data_version=claim.data_version,
        commit=submission.commit,
    )


def _baseline_results(task: str) -> Iterator[Result]:
    """Yield the results of the baselines; other recipes are there to be compared with the paper."""
    for result in read_results():
        if result.task == task and (result.kind == "reference" or result.recipe == "tuned"):
            yield result


def _baseline(result: Result) -> Standing:
    return Standing(
        model=result.model,
        kind=result.kind,
        seeds=result.seeds,
        test=result.test,
        fresh=result.fresh,
        parameters=result.parameters,
        macs=result.macs,
    )


class _Verifier:
    """Evaluates the ONNX files of submitted models on the rows of a task."""

    def __init__(self, api: HfApi, task: str) -> None:
        self._api, self._task = api, task

    @cached_property
    def _rows(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Signals and labels, those of the test rows and the fresh ones."""
        from ..baselines.data import load_fresh_tensors, load_tensors  # need torch

        rows = {"test": load_tensors(get_task(self._task).test_config, "test"), "fresh": load_fresh_tensors(self._task)}
        return {name: (x.numpy(), y.numpy()) for name, (x, y) in rows.items()}

    def verified(self, submission: _Submission, standing: Standing) -> Standing:
        """Return a standing with what became of its claim."""
        try:
            measured = self._evaluate(submission)
        except HubError:
            raise
        except Exception as error:  # of any kind; it says why a stranger's file cannot be evaluated
            return replace(standing, verdict="not evaluated", detail=one_line(error))
        claimed = {"test": submission.claim.test[0], "fresh": submission.claim.fresh[0]}
        wrong = [
            f"{100 * accuracy:.2f} % of the {name} rows, and {100 * claimed[name]:.2f} % are claimed"
            for name, (accuracy, rows) in measured.items()
            if abs(accuracy - claimed[name]) * rows > TOLERANCE[name] + 0.5
        ]
        if wrong:
            return replace(standing, verdict="not confirmed", detail=f"its ONNX file gives {'; '.join(wrong)}")
        return replace(standing, verdict="confirmed")

    def _evaluate(self, submission: _Submission) -> dict[str, tuple[float, int]]:
        """Return accuracy and number of the rows of each kind, from one run of the file."""
        from ..baselines.metrics import compare
        from ..baselines.onnx_models import OnnxModel

        if submission.onnx_size is None:
            raise _UnusableError(f"there is no {submission.onnx}")
        path = _download(
            self._api, submission.repo_id, submission.commit, submission.onnx, submission.onnx_size, MAX_FILE_BYTES
        )
        signals = np.concatenate([x for x, _ in self._rows.values()])
        logits = OnnxModel(submission.repo_id, path, self._task)(signals)
        measured, start = {}, 0
        for name, (x, y) in self._rows.items():
            measured[name] = (compare(logits[start : start + len(x)], y).accuracy, len(x))
            start += len(x)
        return measured
