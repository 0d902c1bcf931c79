"""What a repository is made of: blobs, commits, references and discussions."""

import fnmatch
import functools
import hashlib
import itertools
import json
import posixpath
from dataclasses import dataclass, field

from .clock import new_id, now
from .messages import RefusedError
from .spaces import first_files

LFS_LINE = "{} filter=lfs diff=lfs merge=lfs -text\n"
LFS_PATTERNS = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz *.onnx *.ot "
    "*.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar *.tflite *.tgz *.wasm *.xz "
    "*.zip *.zst *tfevents*"
)
LFS_DATASET_PATTERNS = (
    "*.avro *.lz4 *.mds *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg *.jpeg *.webp "
    "*.mp4 *.webm"
)
LARGEST_REGULAR_FILE = 10 * 2**20


def git_sha1(kind, content):
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


@dataclass(frozen=True)
class Blob:
    """A file's content, in git itself or in LFS with a pointer to it in git."""

    content: bytes
    lfs: bool = False

    @functools.cached_property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self):
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        return text.encode()

    @functools.cached_property
    def oid(self):
        return git_sha1("blob", self.pointer if self.lfs else self.content)

    @property
    def etag(self):
        return self.sha256 if self.lfs else self.oid

    def describe(self, *, hash_name):
        """The fields of a file that the tree and the repository's info share, but for the name of the hash."""
        if not self.lfs:
            return {"size": len(self.content)}
        lfs = {hash_name: self.sha256, "size": len(self.content), "pointerSize": len(self.pointer)}
        return {"size": len(self.content), "lfs": lfs}


@dataclass(frozen=True)
class Commit:
    """A commit with the whole tree it leads to."""

    oid: str
    parent: str | None
    title: str
    author: str
    message: str
    date: str
    files: dict[str, Blob] = field(repr=False)

    @property
    def folders(self):
        return {str(parent) for path in self.files for parent in parents(path)}

    def under(self, path):
        """The oids of the file of a path, or of those in the folder of that path."""
        if path in self.files:
            return {path: self.files[path].oid}
        return {name: blob.oid for name, blob in self.files.items() if name.startswith(f"{path}/")}


@dataclass
class Discussion:
    """A discussion or pull request; a pull request has the branch it is for, and the commit it started from."""

    num: int
    title: str
    author: str
    status: str
    created: str
    target: str | None = None
    base: str | None = None
    merged: str | None = None
    events: list[dict] = field(default_factory=list, repr=False)

    def log(self, author, kind, **data):
        self.events.append({"id": new_id(), "type": kind, "createdAt": now(), "author": {"name": author}, "data": data})
        return self.events[-1]

    @property
    def ref(self):
        return f"refs/pr/{self.num}"


class Repo:
    """A repository: commits, references to them by full name, uploaded LFS objects, and discussions."""

    def __init__(self, repo_type, repo_id, *, author, private=False, sdk="static"):
        self.type, self.id, self.private, self.gated = repo_type, repo_id, private, False
        self.sdk = sdk if repo_type == "space" else None
        self.namespace = repo_id.partition("/")[0]
        self.commits, self.refs, self.objects, self.discussions = {}, {}, {}, []
        patterns = LFS_PATTERNS.split() + (LFS_DATASET_PATTERNS.split() if repo_type == "dataset" else [])
        attributes = "".join(LFS_LINE.format(pattern) for pattern in patterns)
        files = {".gitattributes": attributes.encode(), **(first_files(repo_id, sdk) if self.sdk else {})}
        blobs = {path: Blob(content) for path, content in files.items()}
        self.write("refs/heads/main", blobs, "initial commit", author)

    @property
    def path(self):
        """Where the repository is on the server: models have no prefix."""
        return self.id if self.type == "model" else f"{self.type}s/{self.id}"

    def ref(self, revision):
        """The full name of the reference that a name stands for, or None."""
        names = (revision, f"refs/heads/{revision}", f"refs/tags/{revision}")
        return next((name for name in names if name in self.refs), None)

    def at(self, revision):
        """The commit of a revision."""
        oid = self.refs.get(self.ref(revision), revision)
        if oid not in self.commits:
            raise RefusedError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")
        return self.commits[oid]

    def write(self, ref, files, title, author, message="", parent=None):
        """Add a commit on top of a parent, by default the one a reference is at, and move the reference to it."""
        parent = parent or self.refs.get(ref)
        tree = sorted((path, blob.oid) for path, blob in files.items())
        oid = hashlib.sha1(json.dumps([tree, parent, title, len(self.commits)]).encode()).hexdigest()
        self.commits[oid] = Commit(oid, parent, title, author, message, now(), files)
        self.refs[ref] = oid
        return self.commits[oid]

    def history(self, commit):
        """A commit and those before it, newest first."""
        while commit:
            yield commit
            commit = self.commits.get(commit.parent)

    def last_change(self, commit, path):
        """The commit that last changed a file or folder."""
        content = commit.under(path)
        same = itertools.takewhile(lambda earlier: earlier.under(path) == content, self.history(commit))
        return list(same)[-1]

    def conflicts(self, pull_request):
        """The files that a pull request and its target have both changed, and differently, since it was opened."""
        base = self.commits[pull_request.base].files
        theirs = changes(base, self.at(pull_request.ref).files)
        ours = changes(base, self.at(pull_request.target).files)
        return sorted(path for path in theirs if path in ours and ours[path] != theirs[path])

    def pull_request(self, ref):
        """The pull request with a branch of this full name, or None."""
        return next((found for found in self.discussions if found.target and found.ref == ref), None)

    def merge(self, pull_request, author):
        """Put what a pull request changes on top of its target, as a single commit."""
        head = self.at(pull_request.target)
        theirs = changes(self.commits[pull_request.base].files, self.at(pull_request.ref).files)
        files = {path: blob for path, blob in {**head.files, **theirs}.items() if blob}
        title = f"{pull_request.title} (#{pull_request.num})"
        pull_request.merged = self.write(pull_request.target, files, title, author).oid
        pull_request.status = "merged"


def parents(path):
    """The folders a path is in."""
    pieces = path.split("/")[:-1]
    return ["/".join(pieces[: n + 1]) for n in range(len(pieces))]


def changes(before, after):
    """The paths whose content differs, with the later blob: None where the file is gone."""
    return {path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)}


def tracked_by_lfs(files, path):
    """Whether .gitattributes says that a path belongs in LFS."""
    lines = files[".gitattributes"].content.decode().splitlines() if ".gitattributes" in files else []
    patterns = [line.split()[0] for line in lines if "filter=lfs" in line]
    name = posixpath.basename(path)
    return any(fnmatch.fnmatch(path if "/" in pattern else name, pattern) for pattern in patterns)


def belongs_in_lfs(files, path, size, sample):
    """Whether the Hub wants a file in LFS: by .gitattributes, by size, or because it is binary. Empty files never are."""
    return size > 0 and (tracked_by_lfs(files, path) or size > LARGEST_REGULAR_FILE or b"\0" in sample)


def track_in_lfs(files):
    """Name each LFS file in .gitattributes that no pattern there is for, as the Hub does in the same commit."""
    lines = [
        LFS_LINE.format(path) for path, blob in sorted(files.items()) if blob.lfs and not tracked_by_lfs(files, path)
    ]
    if not lines:
        return files
    attributes = files.get(".gitattributes", Blob(b"")).content
    return {**files, ".gitattributes": Blob(attributes + "".join(lines).encode())}
