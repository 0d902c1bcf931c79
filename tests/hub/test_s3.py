"""Builds on a real S3 server: resumed, over bad connections, and with bad keys."""

import logging
import os
import select
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
import datasets
import pytest
import s3fs
from datasets import load_dataset
from moto.server import ThreadedMotoServer

from mnist1d_hf.cluster import open_executor
from mnist1d_hf.errors import TasksFailedError
from mnist1d_hf.hub import resuming
from mnist1d_hf.hub.dataset_repo import build_dataset_repo
from mnist1d_hf.hub.manifest import MANIFEST_NAME

KEY, SECRET = "AKIATESTINGTESTING00", "a-secret-that-is-never-printed"
SMALL = {"configs": ["default", "large"], "num_samples": 2200}


class Proxy(threading.Thread):
    """Forwards connections to a server, and cuts those that upload a Parquet file, as often as it is told to."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.cuts, self._server = 0, ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def close(self):
        self._listener.close()

    def _forward(self, client):
        with client, socket.create_connection(self._server) as server:
            others = {client: server, server: client}
            while True:
                for one in select.select(others, [], [])[0]:
                    try:
                        piece = one.recv(2**16)
                    except OSError:
                        return
                    uploads = piece.startswith(b"PUT ") and b".parquet HTTP" in piece.partition(b"\r\n")[0]
                    if not piece or (one is client and uploads and self._cuts()):
                        return
                    others[one].sendall(piece)

    def _cuts(self):
        self.cuts -= 1
        return self.cuts >= 0


@pytest.fixture(scope="module")
def server():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def proxy(server, monkeypatch):
    """A way to the server with an empty bucket, which the environment names together with the keys."""
    proxy = Proxy(server)
    proxy.start()
    values = {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-east-1", "MAX_ATTEMPTS": "1"}
    for name, value in {**values, "ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    boto3.client("s3").create_bucket(Bucket="bucket")
    s3fs.S3FileSystem.clear_instance_cache()
    yield proxy
    s3fs.S3FileSystem.clear_instance_cache()
    post(server, "reset")
    proxy.close()


def post(server, command, data=b""):
    """Command the server."""
    address = f"http://127.0.0.1:{server}/moto-api/{command}"
    urllib.request.urlopen(urllib.request.Request(address, data, {"Content-Type": "text/plain"})).close()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    repo = build_dataset_repo(tmp_path_factory.mktemp("expected") / "repo", **SMALL)
    return {path: (repo.folder / path).read_bytes() for path in repo.files}


def objects():
    """What a bucket holds, by key."""
    bucket = boto3.resource("s3").Bucket("bucket")
    return {one.key: one.get()["Body"].read() for one in bucket.objects.all()}


@pytest.mark.long
def test_a_bucket_gets_the_files_of_a_folder_and_datasets_loads_them(proxy, expected, written, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    repo = build_dataset_repo("s3://bucket/some/where/", **SMALL)
    assert repo.address == "s3://bucket/some/where"
    assert objects() == {f"some/where/{path}": content for path, content in expected.items()}
    files = {split: f"s3://bucket/some/where/large/{split}-*" for split in ("train", "test")}
    assert {split: len(rows) for split, rows in load_dataset("parquet", data_files=files).items()} == repo.rows["large"]
    written.clear()
    assert build_dataset_repo("s3://bucket/some/where", **SMALL) == repo
    assert not written


@pytest.mark.long
def test_workers_write_to_a_bucket(proxy, expected):
    with open_executor("processes:2") as executor:
        build_dataset_repo("s3://bucket/repo", **SMALL, executor=executor)
    assert objects() == {f"repo/{path}": content for path, content in expected.items()}


@pytest.mark.long
def test_an_upload_that_is_cut_is_repeated(proxy, expected):
    proxy.cuts = 2
    with ThreadPoolExecutor(2) as executor:
        build_dataset_repo("s3://bucket/repo", **SMALL, executor=executor)
    assert proxy.cuts <= 0
    assert objects() == {f"repo/{path}": content for path, content in expected.items()}


@pytest.mark.long
def test_a_store_that_is_lost_is_named_and_the_rerun_makes_only_what_is_missing(proxy, expected, written, monkeypatch):
    def lose(file, path, write=resuming.write_parquet):
        proxy.cuts = 10**6 if file.config == "large" else 0
        return write(file, path)

    with monkeypatch.context() as patches, ThreadPoolExecutor(1) as executor:
        patches.setattr(resuming, "write_parquet", lose)
        with pytest.raises(
            TasksFailedError,
            match=r"2 of 2 files failed \(finished files are kept: rerun to resume\): large/train-00000-of-00001, shards 0–0: "
            r"cannot write s3://bucket/repo/large/train-00000-of-00001.parquet: .",
        ):
            build_dataset_repo("s3://bucket/repo", **SMALL, executor=executor, retries=0)
    assert f"repo/{MANIFEST_NAME}" not in objects()
    proxy.cuts = 0
    written.clear()
    build_dataset_repo("s3://bucket/repo", **SMALL)
    assert {path.partition("/")[0] for path in written} == {"large"}
    assert objects() == {f"repo/{path}": content for path, content in expected.items()}


@pytest.mark.long
def test_a_file_that_was_cut_short_in_the_bucket_is_made_again(proxy, expected, written, monkeypatch):
    with monkeypatch.context() as patches:
        patches.setattr("mnist1d_hf.hub.dataset_repo.write_manifest", fail)
        with pytest.raises(OSError, match="failed"):
            build_dataset_repo("s3://bucket/repo", **SMALL)
    path = "large/train-00000-of-00001.parquet"
    boto3.resource("s3").Object("bucket", f"repo/{path}").put(Body=expected[path][:-1])
    written.clear()
    build_dataset_repo("s3://bucket/repo", **SMALL)
    assert written == [path]
    assert objects() == {f"repo/{path}": content for path, content in expected.items()}


def fail(*_):
    raise OSError("failed")


def test_a_wrong_key_is_named_but_not_printed(proxy, server):
    post(server, "reset-auth", b"0")
    try:
        with pytest.raises(
            OSError, match=r"cannot \w+ s3://bucket/repo/?.*: .*(Access|denied|Forbidden|records)"
        ) as error:
            build_dataset_repo("s3://bucket/repo", **SMALL)
    finally:
        post(server, "reset-auth", b"inf")
    assert KEY not in str(error.value) and SECRET not in str(error.value)
    assert not objects()


def test_foreign_objects_are_kept(proxy):
    boto3.resource("s3").Object("bucket", "repo/mine.txt").put(Body=b"mine")
    with pytest.raises(FileExistsError, match="s3://bucket/repo is not known to hold a build"):
        build_dataset_repo("s3://bucket/repo", **SMALL, overwrite=True)
    assert objects() == {"repo/mine.txt": b"mine"}


@pytest.mark.long
def test_another_build_in_a_bucket_is_replaced_if_that_is_asked_for(proxy, expected):
    build_dataset_repo("s3://bucket/repo", configs=["shuffled"])
    with pytest.raises(FileExistsError, match="s3://bucket/repo is not empty"):
        build_dataset_repo("s3://bucket/repo", **SMALL)
    build_dataset_repo("s3://bucket/repo", **SMALL, overwrite=True)
    assert objects() == {f"repo/{path}": content for path, content in expected.items()}


def test_a_bucket_that_does_not_exist_is_named(proxy):
    with pytest.raises(OSError, match="cannot list s3://none/repo: The specified bucket does not exist"):
        build_dataset_repo("s3://none/repo", **SMALL)
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET
