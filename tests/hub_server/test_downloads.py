"""Downloads of the local Hub, through the clients that know nothing of it."""

import io
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, load_dataset
from huggingface_hub import HfFileSystem, get_session

from .clients import CARD, LFS_BYTES, paths


@pytest.mark.parametrize(("path", "length"), [("a.txt", 5), ("b.parquet", len(LFS_BYTES))])
def test_ranges_and_etags(hub, ada, commit, path, length):
    data = {"a.txt": b"12345", "b.parquet": LFS_BYTES}[path]
    oid = commit({path: data}).oid
    url = f"{hub.endpoint}/datasets/ada/one/resolve/main/{path}"
    head = get_session().head(url, follow_redirects=False)
    assert head.headers["X-Repo-Commit"] == oid
    (file,) = ada.get_paths_info("ada/one", path, repo_type="dataset")
    metadata = ada.get_hf_file_metadata(url=url)
    assert (metadata.etag, metadata.size) == (file.lfs.sha256 if file.lfs else file.blob_id, length)
    for wanted, expected in (("bytes=1-3", data[1:4]), ("bytes=2-", data[2:]), ("bytes=-2", data[-2:]), (None, data)):
        answer = get_session().get(url, headers={"Range": wanted} if wanted else {})
        assert (answer.status_code, answer.content) == (206 if wanted else 200, expected)
    answer = get_session().get(url, headers={"Range": f"bytes={length}-"})
    assert answer.status_code == 416


def test_a_snapshot_is_downloaded(hub, ada, commit):
    oid = commit({"README.md": CARD, "a/b.parquet": LFS_BYTES}).oid
    folder = ada.snapshot_download("ada/one", repo_type="dataset")
    assert folder.endswith(oid)
    with open(f"{folder}/a/b.parquet", "rb") as file:
        assert file.read() == LFS_BYTES
    before = len(hub.requests)
    assert ada.snapshot_download("ada/one", repo_type="dataset", revision=oid) == folder
    assert not [path for path in paths(hub.requests[before:]) if "/download/" in path]


def test_the_file_system_reads_and_writes(hub, ada):
    system = HfFileSystem(token=ada.token)
    with system.open("datasets/ada/one/a/b.parquet", "wb") as file:
        file.write(LFS_BYTES)
    assert hub.files("dataset", "ada/one")["a/b.parquet"] == LFS_BYTES
    with system.open("datasets/ada/one/a/b.parquet", block_size=1000) as file:
        file.seek(2500)
        assert file.read(100) == LFS_BYTES[2500:2600]
    assert system.ls("datasets/ada/one", detail=False) == ["datasets/ada/one/.gitattributes", "datasets/ada/one/a"]
    assert system.glob("datasets/ada/one@main/**/*.parquet") == ["datasets/ada/one@main/a/b.parquet"]


@pytest.fixture
def table(hub):
    """A public dataset of two splits on the hub."""
    files = {"README.md": CARD}
    for split, rows in (("train", 30), ("test", 10)):
        buffer = io.BytesIO()
        pq.write_table(pa.table({"x": range(rows)}), buffer)
        files[f"data/{split}-00000-of-00001.parquet"] = buffer.getvalue()
    hub.add_repo("dataset", "ada/table", files)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_loads(hub, streaming):
    loaded = load_dataset("ada/table", split="test", streaming=streaming)
    assert [row["x"] for row in loaded] == list(range(10))


@pytest.mark.usefixtures("table")
def test_another_process_loads(hub, hub_environment):
    code = "from datasets import load_dataset; assert load_dataset('ada/table', split='train').num_rows == 30"
    token = hub.add_token("ada")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=hub_environment(token))
    assert all(request.token for request in hub.requests if request.path.startswith("/api/datasets/ada"))


def test_datasets_pushes(hub, ada):
    Dataset.from_dict({"x": [1, 2]}).push_to_hub("ada/pushed", token=ada.token)
    assert load_dataset("ada/pushed", split="train")["x"][:] == [1, 2]


def test_a_folder_is_served(hub, tmp_path, anonymous):
    (tmp_path / "repo" / ".hidden").mkdir(parents=True)
    (tmp_path / "repo" / ".hidden" / "a.txt").write_text("1")
    oid = hub.add_folder("model", "someone/model", tmp_path / "repo")
    assert anonymous.model_info("someone/model").sha == oid
    assert anonymous.list_repo_files("someone/model") == [".gitattributes", ".hidden/a.txt"]
