"""Publishes the folder of a measured model, by hand or by `Report.save`, so that the leaderboard finds it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import yaml
from huggingface_hub import (
    EvalResult,
    EvalResultEntry,
    HfApi,
    ModelCard,
    ModelCardData,
    eval_result_entries_to_yaml,
    parse_eval_result_entries,
)

from ..baselines.bundled import WEIGHTS_NAME
from ..baselines.layout import CURVES_NAME, METRICS_NAME, ONNX_NAME
from ..baselines.tasks import TASKS, get_task
from ..errors import HubError
from ..utils.files import write_text
from ..utils.text import markdown, one_line, printable
from ..version import TAGS
from .claims import Claim, read_claim
from .client import check_account, check_repo_id, connect, explained
from .commits import publish_repo
from .dataset_card import TASKS as TASK_IDS
from .dataset_plan import CARD_NAME
from .manifest import hash_folder
from .naming import BENCHMARK_DATASET, EVAL_RESULTS_NAME, release_tag
from .planning import PublishedRepo, Target, plan_repo
from .release import Release
from .remote_repo import read_repo, read_text
from .retries import retry

CONFIG_NAME = "config.json"

PLACE = "NAMESPACE/NAME"
"""What cards say in the place of the id of a repository that is not known yet."""

BENCHMARK_TAG = "mnist1d-benchmark"
"""Tag by which submitted models are found; those measured on a task have this one with its name, too."""

MAX_FILE_BYTES = 2**28
"""Size of the largest file that is uploaded; larger ones would not be loaded."""

_OF_A_TASK = (METRICS_NAME, CURVES_NAME, WEIGHTS_NAME, ONNX_NAME)

# What tells one result from another, apart from when it was measured.
_Key = tuple[str, object, str | None, str | None]


def submit(folder: str | os.PathLike[str], repo_id: str, *, private: bool = False, token: str | None = None) -> str:
    """Publish the folder of a measured model in one commit; nothing is committed if nothing has changed.

    The folder is one that `Report.save` wrote, or one like it: ``metrics.json`` of the first task at the top, those of
    further tasks in folders of their names, each with ``model.safetensors``, ``onnx/model.onnx`` and ``curves.png`` if there
    are any; ``README.md``, ``config.json`` and one Python file at the top. Nothing else is uploaded. The card is completed by
    the results and by the tags that the leaderboard looks for.

    Parameters
    ----------
    folder : str or path-like
        The folder.
    repo_id : str
        Id of the repository, ``"<namespace>/<name>"``, created if it does not exist.
    private : bool
        Make a new repository private; the leaderboard then shows it to those who may read it.
    token : str, optional
        Token of the Hub; by default the one that `huggingface_hub` finds.

    Returns
    -------
    str
        Address of the commit that holds the folder.

    Raises
    ------
    HubError
        If the Hub or the token does not allow it, or if a file in the repository is somebody else's.
    ValueError
        If the id of the repository is not valid, or the folder is not as described; the message names the file.

    Examples
    --------
    >>> submit("mynet", "ada/mynet")  # doctest: +SKIP
    'https://huggingface.co/ada/mynet/commit/3f2a…'
    """
    done = submit_folder(folder, repo_id, private=private, token=token)
    return f"{done.url}/commit/{done.commit}"


def submit_folder(
    folder: str | os.PathLike[str],
    repo_id: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    token: str | None = None,
) -> PublishedRepo:
    """Publish a folder as `submit` does, or only compare it with its repository, and return what becomes of each file."""
    folder = Path(folder)
    check_repo_id(repo_id)
    claims = _read_claims(folder)
    api = connect(token)
    with TemporaryDirectory() as temporary:
        output = Path(temporary)
        _copy_known_files(folder, output, claims)
        write_text(output / CARD_NAME, _complete_card(folder / CARD_NAME, repo_id, list(claims.values())))
        with explained(api, writing=True):
            namespace = repo_id.partition("/")[0]
            author = "" if dry_run else check_account(api, namespace)
            target = Target(api, namespace, author, private, title=f"Submit {repo_id} to the MNIST-1D leaderboard")
            _write_eval_results(folder, output, claims, retry(partial(_published_dates, api, repo_id)))
            release = Release("model", repo_id, output, files=hash_folder(output))
            plan = retry(partial(plan_repo, target, release))
            _refuse_conflicts(plan)
            return plan if dry_run else publish_repo(target, release, plan)


def _read_claims(folder: Path) -> dict[str, Claim]:
    """Return what each ``metrics.json`` claims, by the path of its folder: ``""``, then those of further tasks."""
    if not folder.is_dir():
        raise ValueError(f"the folder {folder} {'is a file' if folder.exists() else 'does not exist'}")
    if not (folder / METRICS_NAME).is_file():
        raise ValueError(f"{folder} has no {METRICS_NAME}; `mnist1d-hf benchmark --output FOLDER` writes one")
    claims: dict[str, Claim] = {}
    for place in ("", *TASKS):
        path = folder / place / METRICS_NAME
        if not path.is_file():
            continue
        try:
            claim = read_claim(path)
        except ValueError as error:
            raise ValueError(f"{path} is not valid: {error}") from error
        if place and claim.task != place:
            raise ValueError(f"{path} is not valid: its task is {claim.task}, and its folder {place}")
        if claim.task in (one.task for one in claims.values()):
            raise ValueError(f"{path} is of the task {claim.task}, as {folder / METRICS_NAME} is; remove one")
        claims[place] = claim
    return claims


def _copy_known_files(folder: Path, output: Path, claims: Mapping[str, Claim]) -> None:
    """Copy the files that are uploaded as they are."""
    for file in _known_files(folder, claims):
        size = (folder / file).stat().st_size
        if size > MAX_FILE_BYTES:
            raise ValueError(
                f"{folder / file} has {size:,} bytes; at most {MAX_FILE_BYTES:,} are loaded, so it is no use"
            )
        (output / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / file, output / file)


def _known_files(folder: Path, claims: Mapping[str, Claim]) -> list[str]:
    """Return the files of a folder that are uploaded as they are."""
    names = [CONFIG_NAME, *(f"{place}/{name}".lstrip("/") for place in claims for name in _OF_A_TASK)]
    sources = sorted(path.name for path in folder.glob("*.py") if path.is_file())
    if len(sources) > 1:
        named = {_source_name(folder / name) for name in (CONFIG_NAME, METRICS_NAME)}
        sources = [name for name in sources if name in named]
        if len(sources) != 1:
            raise ValueError(
                f'{folder} holds several Python files; keep the one that defines the model, or name it as "source" in '
                f"{METRICS_NAME}"
            )
    return [name for name in (*names, *sources) if (folder / name).is_file()]


def _source_name(path: Path) -> object:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content.get("source") if isinstance(content, dict) else None


def _complete_card(path: Path, repo_id: str, claims: Sequence[Claim]) -> str:
    """Return the text of the card with the results and tags in its metadata; a short one if there is none."""
    name = repo_id.partition("/")[2]
    text = f"# {markdown(claims[0].model)}\n\nA model measured on MNIST-1D with `mnist1d-hf`.\n"
    try:
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace(PLACE, repo_id)
        # Of a card without metadata, the client would warn.
        card = ModelCard(text if text.lstrip().startswith("---") else f"---\n{{}}\n---\n\n{text}")
        _complete_metadata(cast(ModelCardData, card.data), name, claims)
        return str(card)
    except Exception as error:  # of any kind; it says what is wrong with the card
        raise ValueError(f"the metadata of {path} cannot be read: {one_line(error)}") from error


def _complete_metadata(data: ModelCardData, name: str, claims: Sequence[Claim]) -> None:
    tags = [*TAGS, "mnist1d", BENCHMARK_TAG, *(f"{BENCHMARK_TAG}-{claim.task}" for claim in claims)]
    own = [data.tags] if isinstance(data.tags, str) else list(data.tags or [])
    data.tags = [*own, *(tag for tag in tags if tag not in own)]
    data.library_name = data.library_name or "mnist1d-hf"
    data.pipeline_tag = data.pipeline_tag or "tabular-classification"
    data.metrics = data.metrics or ["accuracy"]
    others = [result for result in data.eval_results or [] if result.dataset_type != BENCHMARK_DATASET]
    data.model_name, data.eval_results = name, [*others, *map(_model_index, claims)]


def _model_index(claim: Claim) -> EvalResult:
    """Return the accuracy of the first seed, whose weights the repository holds, as the Hub shows it beside a model."""
    task = get_task(claim.task)
    return EvalResult(
        task_type="tabular-classification",
        dataset_type=BENCHMARK_DATASET,
        dataset_name="MNIST-1D" if claim.task == "default" else f"MNIST-1D, task {claim.task}",
        dataset_config=task.test_config,
        dataset_split="test",
        dataset_revision=release_tag(claim.data_version),
        metric_type="accuracy",
        metric_value=round(100 * claim.test[0], 2),
        metric_name=f"Test accuracy on {claim.task}, seed {claim.seeds[0]}, in percent",
    )


def _write_eval_results(folder: Path, output: Path, claims: Mapping[str, Claim], dates: Mapping[_Key, str]) -> None:
    """Write the same for the leaderboard of the dataset, of the tasks that it lists.

    The date of a result is that of its file, unless it was published before. https://huggingface.co/docs/hub/eval-results
    """
    entries = []
    for place, claim in claims.items():
        task = get_task(claim.task)
        if task.train_rows is not None or task.config not in TASK_IDS:
            continue
        seeds = f"the first of {len(claim.seeds)} seeds" if len(claim.seeds) > 1 else f"seed {claim.seeds[0]}"
        entry = EvalResultEntry(
            dataset_id=BENCHMARK_DATASET,
            task_id=TASK_IDS[task.config],
            value=round(100 * claim.test[0], 2),
            dataset_revision=release_tag(claim.data_version),
            notes=f"{seeds}, protocol {claim.protocol} of mnist1d-hf",
        )
        changed = datetime.fromtimestamp(int((folder / place / METRICS_NAME).stat().st_mtime), timezone.utc)
        entry.date = dates.get(_key(entry), changed.strftime("%Y-%m-%dT%H:%M:%SZ"))
        entries.append(entry)
    if entries:
        write_text(output / EVAL_RESULTS_NAME, yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False))


def _key(entry: EvalResultEntry) -> _Key:
    return entry.task_id, entry.value, entry.dataset_revision, entry.notes


def _published_dates(api: HfApi, repo_id: str) -> dict[_Key, str]:
    """Return the dates of the results that a repository holds; none if they cannot be read."""
    remote = read_repo(api, repo_id, "model")
    if remote.commit is None or EVAL_RESULTS_NAME not in remote.files:
        return {}
    text = read_text(api, repo_id, "model", remote.commit, EVAL_RESULTS_NAME)
    try:
        entries = parse_eval_result_entries(yaml.safe_load(text))
    except Exception:  # of any kind; the results are written again
        return {}
    return {_key(entry): str(entry.date) for entry in entries if entry.date is not None}


def _refuse_conflicts(plan: PublishedRepo) -> None:
    """Raise a HubError if a file on the Hub is somebody else's."""
    paths = [printable(change.path) for change in plan.changes if change.status == "conflict"]
    if paths:
        raise HubError(
            f"{', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''} in {plan.url} was not written by mnist1d-hf, or was "
            f"changed since; submit to another name, or delete the file there first"
        )
