"""The local Hub's large-file storage, through the clients that know nothing of it."""

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor

from huggingface_hub import CommitOperationAdd, get_session

from .clients import LFS_BYTES, paths


def test_large_and_binary_files_go_to_lfs_and_are_then_named_in_the_attributes(hub, ada):
    operations = [CommitOperationAdd("a.png", LFS_BYTES), CommitOperationAdd("b.txt", b"x" * (10 * 2**20 + 1))]
    ada.create_commit("ada/one", operations, commit_message="add")
    info = {sibling.rfilename: sibling for sibling in ada.model_info("ada/one", files_metadata=True).siblings}
    assert info["a.png"].lfs
    assert info["b.txt"].lfs
    lines = hub.files("model", "ada/one")[".gitattributes"].decode().splitlines()
    assert lines[-2:] == ["a.png filter=lfs diff=lfs merge=lfs -text", "b.txt filter=lfs diff=lfs merge=lfs -text"]


def test_what_is_uploaded_is_not_uploaded_again(hub, commit):
    commit({"a.parquet": LFS_BYTES})
    commit({"b.parquet": LFS_BYTES})
    assert len(paths(hub.requests, "PUT")) == 1


def test_operations_are_uploaded_before_they_are_committed(hub, ada):
    operation = CommitOperationAdd("a.parquet", io.BytesIO(LFS_BYTES))
    ada.preupload_lfs_files("ada/one", [operation], repo_type="dataset")
    assert "a.parquet" not in hub.files("dataset", "ada/one")
    ada.create_commit("ada/one", [operation], commit_message="add", repo_type="dataset")
    assert hub.files("dataset", "ada/one")["a.parquet"] == LFS_BYTES
    assert len(paths(hub.requests, "PUT")) == 1


def test_storage_refuses_other_content(hub, ada):
    answer = get_session().put(f"{hub.storage}/upload/datasets/ada/one/{'0' * 64}", content=b"other")
    assert answer.status_code == 400
    verify = f"{hub.endpoint}/datasets/ada/one.git/info/lfs/objects/verify"
    answer = get_session().post(verify, json={"oid": "0" * 64, "size": 5}, headers=ada._build_hf_headers())
    assert answer.status_code == 404


def test_it_remembers_what_uploads_are_about(hub, commit):
    commit({"a.parquet": LFS_BYTES})
    oid = hashlib.sha256(LFS_BYTES).hexdigest()
    assert [(request.method, request.about) for request in hub.requests if request.about] == [
        ("POST", ["a.parquet"]),
        ("POST", [oid]),
        ("PUT", [oid]),
        ("POST", [oid]),
    ]


def test_files_are_uploaded_at_the_same_time(hub, ada):
    barrier = threading.Barrier(3)
    hub.fail(method="PUT", path="/upload/", before=lambda: barrier.wait(timeout=30), times=3)

    def upload(number):
        operation = CommitOperationAdd(f"{number}.parquet", LFS_BYTES + bytes([number]))
        ada.preupload_lfs_files("ada/one", [operation], repo_type="dataset")

    get_session()  # huggingface_hub 1 would make one for each
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upload, range(3)))
    assert len(hub.repos["dataset", "ada/one"].objects) == 3
