"""Files that workers make and upload, one task each, before the release that they belong to is committed."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huggingface_hub import CommitOperationAdd, get_token
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from ..errors import HubError
from ..utils.patience import patience
from ..utils.processes import report
from ..utils.progress import RowProgress
from ..utils.tasks import run_tasks
from .client import connect, explained
from .manifest import FileHash
from .parquet_files import ParquetFile, write_parquet
from .planning import Target
from .release import Release
from .remote_repo import RemoteRepo, read_repo
from .retries import retry

# Seconds without progress after which a worker gives up. Many of them reach the Hub's limit of requests in five minutes.
_PATIENCE = 900.0


@dataclass(frozen=True)
class Upload:
    """A file that a worker has made."""

    path: str
    """Where it belongs in the repository."""
    file: FileHash
    """Its size and hashes."""
    operation: bytes | None
    """The operation that commits it, pickled; None if the repository held the file already."""


def upload_files(target: Target, release: Release, executor: Executor, retries: int) -> Release:
    """Let workers make and upload the planned files of a release, and return it with what they made.

    A TasksFailedError names the files that failed, after the others are uploaded. Nothing is visible until it is committed.
    """
    remote = retry(partial(read_repo, target.api, **release.repo, revision=target.revision))
    where = {**release.repo, "revision": target.revision, "create_pr": target.create_pr}
    tasks = {}
    for path, file in release.planned.items():
        there = {path: remote.files[path]} if path in remote.files else {}
        tasks[file.title] = (file, RemoteRepo(remote.commit, there), target.api.endpoint, where)
    uploads: list[Upload] = []
    rows = {path: file.rows for path, file in release.planned.items()}
    with ExitStack() as stack:
        if not are_progress_bars_disabled():
            stack.callback(enable_progress_bars)  # tasks in threads of this process switch them off
        progress = stack.enter_context(closing(RowProgress(rows)))

        def note(name: str, upload: Upload) -> None:
            uploads.append(upload)
            progress.finish(upload.path)

        kept = "what is uploaded is not uploaded again: rerun to resume"
        run_tasks(executor, upload_file, tasks, note, retries=retries, what="files", kept=kept)
    operations = {upload.path: upload.operation for upload in uploads if upload.operation is not None}
    return release.with_files({upload.path: upload.file for upload in uploads}, operations)


def upload_file(file: ParquetFile, remote: RemoteRepo, endpoint: str, where: dict[str, Any]) -> Upload:
    """Make a file and upload it unless the repository holds it, in a worker, with the token of its environment."""
    report(file.title, 0)
    disable_progress_bars()
    api = connect(endpoint=endpoint)
    if not get_token():
        raise HubError(
            "a worker has no token for the Hub; set HF_TOKEN where the workers are started, or log in there with "
            "`hf auth login`"
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        made = write_parquet(file, path)
        if remote.holds(file.path, made):
            return Upload(file.path, made, None)
        operation = CommitOperationAdd(file.path, path)
        with patience(_PATIENCE), explained(api, writing=True):
            retry(partial(api.preupload_lfs_files, additions=[operation], **where))
    return Upload(file.path, made, pickle.dumps(operation))
