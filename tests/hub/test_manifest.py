"""What this package wrote, by a repository's manifest, and what a release would change."""

import dataclasses
import hashlib
import json
import subprocess

import pytest
from hypothesis import given, strategies

from mnist1d_hf.hub.manifest import MANIFEST_NAME, FileHash, hash_file, hash_folder, parse_manifest, write_manifest
from mnist1d_hf.hub.remote_repo import FileChange, RemoteRepo, compare
from mnist1d_hf.version import DATA_VERSION, __version__

HASHES = strategies.builds(
    FileHash,
    size=strategies.integers(min_value=0),
    sha256=strategies.text("0123456789abcdef", min_size=64, max_size=64),
    git_oid=strategies.text("0123456789abcdef", min_size=40, max_size=40),
)
JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats() | strategies.text(),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
)


def file(content):
    return FileHash(len(content), hashlib.sha256(content).hexdigest(), hashlib.sha1(content).hexdigest())


OLD, NEW, EDITED = file(b"old"), file(b"new"), file(b"edited")


# The manifest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("manifest")


NAMES = strategies.text("aZ09.-_ é", min_size=1, max_size=20).filter(lambda name: name not in (".", ".."))
PATHS = strategies.lists(NAMES, min_size=1, max_size=5).map("/".join)


@given(files=strategies.dictionaries(PATHS, HASHES))
def test_a_manifest_is_read_as_it_was_written(folder, files):
    write_manifest(folder, files)
    text = (folder / MANIFEST_NAME).read_bytes()
    assert parse_manifest(text.decode()) == files
    write_manifest(folder, dict(reversed(files.items())))
    assert (folder / MANIFEST_NAME).read_bytes() == text


def test_a_manifest_has_these_keys(tmp_path):
    write_manifest(tmp_path, {"b": NEW, "a": OLD})
    text = (tmp_path / MANIFEST_NAME).read_text(encoding="utf-8")
    content = {
        "package_version": __version__,
        "data_version": DATA_VERSION,
        "files": {"a": dataclasses.asdict(OLD), "b": dataclasses.asdict(NEW)},
    }
    assert text == json.dumps(content, indent=1) + "\n"


@given(strategies.text() | JSON.map(json.dumps) | JSON.map(lambda files: json.dumps({"files": files})))
def test_a_damaged_manifest_is_refused_or_is_one(text):
    try:
        files = parse_manifest(text)
    except ValueError as error:
        assert MANIFEST_NAME in str(error)
        assert "\n" not in str(error)
        return
    assert all(isinstance(path, str) and isinstance(file, FileHash) for path, file in files.items())


ESCAPING = [
    "/etc/passwd",
    "//host/share",
    "..",
    "../a",
    "a/../../b",
    "a/..",
    ".",
    "a/./b",
    "a//b",
    "a/",
    "",
    "C:/a",
    "C:a",
]
ESCAPING += ["a\\..\\b", "\\a", "a:stream", "a\x1b[2Jb", "a\nb", "a\0b", "a\u202eb", "a\u2028b", "a\ud800b", "a" * 256]


@pytest.mark.parametrize("path", ESCAPING, ids=ascii)
def test_a_manifest_that_leads_out_of_its_folder_or_cannot_be_shown_is_refused(folder, path):
    write_manifest(folder, {"a.txt": OLD, path: OLD})
    with pytest.raises(ValueError, match=r"the path .* is not that of a file in the repository") as error:
        parse_manifest((folder / MANIFEST_NAME).read_text())
    assert str(error.value).isprintable()


@given(strategies.text(strategies.characters() | strategies.sampled_from("./\\:")))
def test_a_path_is_refused_or_stays_in_its_folder(folder, path):
    write_manifest(folder, {path: OLD})
    try:
        parse_manifest((folder / MANIFEST_NAME).read_text())
    except ValueError:
        return
    assert (folder / path).resolve().is_relative_to(folder.resolve())
    assert (folder / path).resolve() != folder.resolve()
    assert path.isprintable()


@pytest.mark.parametrize("field", ["size", "sha256", "git_oid"])
@pytest.mark.parametrize("value", [None, True, -1, 1.5, "", "x", "A" * 64, [], {}])
def test_a_manifest_with_a_wrong_field_is_refused(folder, field, value):
    write_manifest(folder, {"a.txt": OLD})
    content = json.loads((folder / MANIFEST_NAME).read_text())
    content["files"]["a.txt"][field] = value
    with pytest.raises(ValueError, match="is not a manifest of mnist1d-hf"):
        parse_manifest(json.dumps(content))


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, '{"files": {"a": {"size": 1}}}', '{"files": [1]}', "{}", "null", "1e999"]
)
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(ValueError, match="is not a manifest of mnist1d-hf"):
        parse_manifest(text)


def test_files_are_hashed_as_git_and_the_hub_do(tmp_path):
    (tmp_path / "b" / ".c").mkdir(parents=True)
    (tmp_path / "b" / ".c" / "é.txt").write_bytes(b"one\r\n\0")
    (tmp_path / "a").touch()
    hashes = hash_folder(tmp_path)
    assert list(hashes) == ["a", "b/.c/é.txt"]
    for path, found in hashes.items():
        content = (tmp_path / path).read_bytes()
        command = ["git", "hash-object", "--no-filters", path]
        oid = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
        assert found == hash_file(tmp_path / path) == FileHash(len(content), hashlib.sha256(content).hexdigest(), oid)


# What changes


def listed(found, *, lfs):
    """A file as the Hub lists it: with one of the two hashes."""
    return FileHash(found.size, found.sha256 if lfs else "", "0" * 40 if lfs else found.git_oid)


@pytest.mark.parametrize("lfs", [False, True])
@pytest.mark.parametrize(
    ("ours", "there", "written", "status"),
    [
        (NEW, None, None, "new"),
        (NEW, None, OLD, "new"),
        (NEW, NEW, None, "unchanged"),
        (NEW, NEW, OLD, "unchanged"),
        (NEW, OLD, OLD, "changed"),
        (NEW, OLD, None, "conflict"),
        (NEW, EDITED, OLD, "conflict"),
        (NEW, EDITED, NEW, "conflict"),
        (None, OLD, OLD, "deleted"),
        (None, EDITED, OLD, None),
        (None, None, OLD, None),
        (None, OLD, None, None),
    ],
)
def test_what_happens_to_a_file(ours, there, written, status, lfs):
    changes = compare(
        {"a": ours} if ours else {},
        RemoteRepo("0" * 40, {"a": listed(there, lfs=lfs)} if there else {}),
        {"a": written} if written else {},
    )
    assert changes == ([FileChange("a", (ours or written).size, status)] if status else [])


def test_the_manifest_itself_is_never_a_conflict():
    remote = RemoteRepo("0" * 40, {MANIFEST_NAME: listed(EDITED, lfs=False)})
    assert [change.status for change in compare({MANIFEST_NAME: NEW}, remote, {})] == ["changed"]


def test_changes_are_sorted_by_path():
    files = dict.fromkeys(["c", "a/b", "B", "a"], NEW)
    paths = [change.path for change in compare(files, RemoteRepo(None), {})]
    assert paths == ["B", "a", "a/b", "c"]
