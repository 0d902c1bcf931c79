"""`load_dataset("mnist1d", ...)` in the ways that need no network, each in a process of its own."""

import functools
import json
import os
import pickle
import subprocess
import sys
import textwrap

import datasets
import pytest
from click.testing import CliRunner
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset, load_dataset_builder

import mnist1d_hf
from mnist1d_hf import cli
from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.dataset.registration import register
from mnist1d_hf.hub.dataset_repo import build_dataset_repo

from ..conftest import ROOT
from ..hub_server import Hub

DATASETS_MAJOR = int(datasets.__version__.partition(".")[0])


def load_columns(config, split):
    pytest.importorskip("torch")
    from mnist1d_hf.baselines import load_tensors

    x, y = load_tensors(config, split)
    return sha256(datasets.Dataset.from_dict({"x": x.numpy(), "y": y.numpy()}))


def run(code, *, folder, cache=None, check=True, **environment):
    """Run code in a fresh interpreter in a folder and return its last line as JSON."""
    environment = {**os.environ, "HF_DATASETS_CACHE": str(cache or folder.parent / "cache"), **environment}
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if not check:
        return result
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


LOAD_AFTER_IMPORT = """
    import json, mnist1d_hf
    from datasets import load_dataset
    from mnist1d_hf.dataset.checksums import sha256
    dataset = load_dataset("mnist1d", "shuffled", split="test")
    print(json.dumps([sha256(dataset), dataset.cache_files[0]["filename"], dataset._fingerprint]))
"""

LOAD_WITHOUT_IMPORT = """
    import json, sys
    from datasets import load_dataset
    dataset, stream = (load_dataset("mnist1d", "shuffled", split="test", streaming=value) for value in (False, True))
    first = list(stream.take(1))[0]
    assert not any("mnist1d_hf" in name for name in sys.modules)
    from mnist1d_hf.dataset.checksums import sha256
    assert first == dataset[0]
    print(json.dumps(sha256(dataset)))
"""


@pytest.fixture
def crowded_folder(empty_folder):
    for number in range(1000):
        os.close(os.open(empty_folder / f"{number}.csv", os.O_CREAT))
    return empty_folder


def test_after_the_import_any_folder_gives_the_same_cache_entry(empty_folder):
    expected = run(LOAD_AFTER_IMPORT, folder=empty_folder)
    assert expected[0] == FROZEN_SHA256["shuffled", "test"]
    code = """
        import json, os, mnist1d_hf
        from datasets import load_dataset
        from mnist1d_hf.dataset.checksums import sha256
        texts = {
            "train.csv": "a,b\\n1,2\\n",
            "mnist1d.py": "raise SystemExit('run')\\n",
            "README.md": "hello\\n",
            "mnist1d/mnist1d.py": "",
        }
        found = []
        for path, text in texts.items():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
            dataset = load_dataset("mnist1d", "shuffled", split="test")
            found.append([sha256(dataset), dataset.cache_files[0]["filename"], dataset._fingerprint])
        print(json.dumps(found))
    """
    assert run(code, folder=empty_folder) == [expected] * 4


def test_a_crowded_folder_is_not_read(crowded_folder, monkeypatch):
    read = []

    def scandir(path=".", scandir=os.scandir):
        if os.path.realpath(path) == str(crowded_folder):
            read.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(
        os,
        "listdir",
        lambda path=".", listdir=os.listdir: (
            read.append(path) if os.path.realpath(path) == str(crowded_folder) else listdir(path)
        ),
    )
    assert load_dataset("mnist1d", split="test").num_rows == 1000
    assert not read


@pytest.mark.long
def test_without_the_import_the_prepared_cache_is_found(empty_folder):
    cache = empty_folder.parent / "cache"
    missing = run(LOAD_WITHOUT_IMPORT, folder=empty_folder, cache=cache, check=False)
    assert missing.returncode != 0
    prepare = "import json, mnist1d_hf.cli as cli; cli.main(['prepare', 'shuffled', 'default', '--json'])"
    folders = run(prepare, folder=empty_folder, cache=cache)
    assert set(folders) == {"shuffled", "default"}
    assert run(LOAD_WITHOUT_IMPORT, folder=empty_folder, cache=cache) == FROZEN_SHA256["shuffled", "test"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        (["corr_noise_scale=0.4"], {"corr_noise_scale": 0.4}),
        # More than 32 characters, and a tuple: the name of the entry is a hash.
        (["padding=30,50", "iid_noise_scale=0.3", "shuffle_seq=true"],
         {"shuffle_seq": True, "padding": (30, 50), "iid_noise_scale": 0.3}),
    ],
    ids=["readable", "hashed"],
)  # fmt: skip
def test_without_the_import_prepared_parameters_are_found(empty_folder, settings, parameters):
    cache = empty_folder.parent / "cache"
    arguments = ["prepare", "custom-noise", "--json", *(word for setting in settings for word in ("--set", setting))]
    run(f"import mnist1d_hf.cli as cli; cli.main({arguments})", folder=empty_folder, cache=cache)
    load = f"""
        import json, sys
        from datasets import load_dataset
        dataset = load_dataset("mnist1d", "custom-noise", split="test", **{parameters})
        assert not any("mnist1d_hf" in name for name in sys.modules)
        from mnist1d_hf.dataset.checksums import sha256
        print(json.dumps(sha256(dataset)))
    """
    found = run(load, folder=empty_folder, cache=cache)
    assert found == sha256(load_dataset("mnist1d", "custom-noise", split="test", **parameters))
    # Without them the config itself is asked for, which was not prepared.
    other = run(load.replace(f", **{parameters}", ""), folder=empty_folder, cache=cache, check=False)
    assert "Couldn't find cache for mnist1d for config 'custom-noise'" in other.stderr


@pytest.mark.long
def test_without_the_import_a_built_folder_is_found(empty_folder):
    build_dataset_repo("mnist1d", configs=["default", "shuffled"])
    assert run(LOAD_WITHOUT_IMPORT, folder=empty_folder) == FROZEN_SHA256["shuffled", "test"]


@pytest.mark.long
def test_without_the_import_a_repository_on_the_hub_is_found(empty_folder, tmp_path):
    repo = build_dataset_repo(tmp_path / "repo", configs=["default", "shuffled"])
    with Hub() as hub:
        hub.add_folder("dataset", "somebody/mnist1d", repo.folder)
        environment = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HUB_OFFLINE": "0",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "HF_HOME": str(tmp_path),
        }
        code = LOAD_WITHOUT_IMPORT.replace('"mnist1d"', '"somebody/mnist1d"')
        assert run(code, folder=empty_folder, **environment) == FROZEN_SHA256["shuffled", "test"]
        missing = run(code.replace("somebody", "nobody"), folder=empty_folder, check=False, **environment)
    assert "DatasetNotFoundError" in missing.stderr
    assert any(request.path.endswith("shuffled/test-00000-of-00001.parquet") for request in hub.requests)


def test_configs_and_splits_can_be_inspected(empty_folder):
    assert get_dataset_config_names("mnist1d") == ["default", "shuffled", "large", "custom-noise"]
    assert get_dataset_split_names("mnist1d", "large") == ["train", "test"]
    assert datasets.get_dataset_default_config_name("mnist1d") == "default"
    assert load_dataset_builder("mnist1d", "large", num_samples=22).info.splits["train"].num_examples == 20
    assert list(datasets.get_dataset_infos("mnist1d")) == ["default", "shuffled", "large", "custom-noise"]


def test_other_names_are_handed_on(empty_folder):
    (empty_folder / "train.csv").write_text("a\n1\n")
    assert load_dataset_builder("csv", data_files="train.csv").name == "csv"


ORDERS = {
    "package first": "import mnist1d_hf; from datasets import load_dataset_builder",
    "datasets first": "from datasets import load_dataset_builder; import mnist1d_hf",
    "a module of datasets first": """
        import mnist1d_hf, datasets.packaged_modules
        from datasets.load import load_dataset_builder
    """,
    "datasets looked for": """
        import importlib.util, mnist1d_hf
        assert importlib.util.find_spec("datasets")
        from datasets import load_dataset_builder
    """,
    "both reloaded": """
        import importlib, mnist1d_hf
        importlib.reload(mnist1d_hf)
        import datasets
        importlib.reload(mnist1d_hf)
        importlib.reload(datasets)
        from datasets import load_dataset_builder
    """,
    "datasets imported again after a failure": """
        import sys, datasets
        del sys.modules["datasets"]  # as an interrupt at the end of it does
        import mnist1d_hf
        from datasets import load_dataset_builder
    """,
    "at once in threads": """
        import threading

        def package_first():
            together.wait()
            import mnist1d_hf
            from datasets import load_dataset_builder
            found.append(load_dataset_builder("mnist1d").name)

        def datasets_first():
            together.wait()
            from datasets import load_dataset_builder
            import mnist1d_hf
            found.append(load_dataset_builder("mnist1d").name)

        found, together = [], threading.Barrier(6)
        threads = [threading.Thread(target=work) for work in (package_first, datasets_first) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["mnist1d"] * 6, found
        from datasets import load_dataset_builder
    """,
}

FIND_ALL = """
import json, sys
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset
builder = load_dataset_builder("mnist1d", "large", num_samples=100)
rows = next(iter(load_dataset("mnist1d", split="test", streaming=True).batch(3)))["y"]
finders = [finder for finder in sys.meta_path if type(finder).__module__.startswith("mnist1d_hf")]
print(json.dumps([builder.config.num_samples, len(rows), get_dataset_config_names("mnist1d"),
                  get_dataset_split_names("mnist1d"), len(finders)]))
"""


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS)
def test_the_name_is_known_whichever_is_imported_first(empty_folder, order):
    found = run(textwrap.dedent(ORDERS[order]) + FIND_ALL, folder=empty_folder)
    assert found == [100, 3, ["default", "shuffled", "large", "custom-noise"], ["train", "test"], 0]


WORKERS = """
import json, mnist1d_hf, multiprocessing, sys

def find(queue):
    imported = "datasets" in sys.modules
    from datasets import load_dataset_builder
    queue.put([imported, load_dataset_builder("mnist1d").name])

def read(stream, queue):
    queue.put(sum(len(batch["y"]) for batch in stream.iter(64)))

if __name__ == "__main__":
    found = []
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        worker = context.Process(target=find, args=(queue,))
        worker.start()
        found.append(queue.get(timeout=300))
        worker.join()
    from datasets import load_dataset
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    stream = load_dataset("mnist1d", "large", num_samples=200, split="train", streaming=True)
    worker = context.Process(target=read, args=(stream, queue))
    worker.start()
    found.append(queue.get(timeout=300))
    worker.join()
    print(json.dumps(found))
"""


@pytest.mark.long
def test_workers_know_the_name_however_they_are_started(empty_folder):
    (empty_folder / "script.py").write_text(WORKERS)
    *found, rows = run("import runpy; runpy.run_path('script.py', run_name='__main__')", folder=empty_folder)
    assert found
    assert found == [[False, "mnist1d"]] * len(found)
    assert rows == 181


@pytest.mark.long
def test_what_was_pickled_is_read_in_an_interpreter_that_has_imported_nothing(empty_folder):
    pickled = {
        "builder": load_dataset_builder("mnist1d"),
        "stream": load_dataset("mnist1d", "large", num_samples=100, split="test", streaming=True),
        "dataset": load_dataset("mnist1d", split="test"),
    }
    for name, value in pickled.items():
        (empty_folder / name).write_bytes(pickle.dumps(value))
    code = """
        import json, pickle
        builder, stream, dataset = (pickle.load(open(name, "rb")) for name in ("builder", "stream", "dataset"))
        from datasets import load_dataset_builder
        print(json.dumps([load_dataset_builder("mnist1d").cache_dir == builder.cache_dir, len(list(stream)), len(dataset)]))
    """
    cache = datasets.config.HF_DATASETS_CACHE
    assert run(code, folder=empty_folder, cache=cache) == [True, 10, 1000]


def test_registering_twice_changes_nothing():
    before = datasets.load.dataset_module_factory
    register()
    assert datasets.load.dataset_module_factory is before


@pytest.fixture
def unhooked(monkeypatch):
    """As if another library had put back what registration wraps."""
    for module in (datasets.load, datasets.inspect):
        monkeypatch.setattr(module, "dataset_module_factory", module.dataset_module_factory.__wrapped__)
    with pytest.raises(Exception, match="mnist1d"):
        load_dataset("mnist1d", split="test")


@pytest.mark.parametrize(
    "own_load",
    [lambda: sha256(mnist1d_hf.load_dataset("shuffled", split="test")), lambda: load_columns("shuffled", "test")],
    ids=["load_dataset", "load_tensors"],
)
def test_the_packages_own_functions_work_without_the_hook_and_say_what_happened(unhooked, empty_folder, own_load):
    with pytest.warns(UserWarning, match=r"another library has replaced datasets.load.dataset_module_factory, so that"):
        assert own_load() == FROZEN_SHA256["shuffled", "test"]
    # The name is known again.
    assert sha256(load_dataset("mnist1d", "shuffled", split="test")) == FROZEN_SHA256["shuffled", "test"]
    assert get_dataset_config_names("mnist1d") == ["default", "shuffled", "large", "custom-noise"]
    assert own_load() == FROZEN_SHA256["shuffled", "test"]


def test_prepare_works_without_the_hook(unhooked, datasets_cache):
    result = CliRunner().invoke(cli.main, ["prepare", "default"])
    assert result.exit_code == 0, result.output
    assert [path.name for path in (datasets_cache / "mnist1d").iterdir()] == ["default"]


def test_a_library_that_wraps_the_hook_keeps_it(monkeypatch, recwarn):
    hook, seen = datasets.load.dataset_module_factory, []

    @functools.wraps(hook)
    def wrapper(path, *args, **kwargs):
        seen.append(path)
        return hook(path, *args, **kwargs)

    monkeypatch.setattr(datasets.load, "dataset_module_factory", wrapper)
    assert mnist1d_hf.load_dataset(split="test").num_rows == 1000
    assert seen == ["mnist1d"]
    assert not recwarn


def test_the_script_loads_where_datasets_runs_scripts(empty_folder):
    if DATASETS_MAJOR < 4:
        dataset = load_dataset(str(ROOT / "mnist1d.py"), "shuffled", split="test", trust_remote_code=True)
        assert dataset.num_rows == 1000
        assert dataset.features["x"].length == 40
    else:
        with pytest.raises(RuntimeError, match=r"Dataset scripts are no longer supported"):
            load_dataset(str(ROOT / "mnist1d.py"), "shuffled")


def test_beside_a_file_called_datasets_the_generator_works(empty_folder):
    (empty_folder / "datasets.py").write_text("rows = 5\n")
    code = """
        import json, warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import mnist1d_hf, datasets
            found = [datasets.rows, len(mnist1d_hf.make_dataset()["x"]), len(caught)]
            mnist1d_hf.register()
        print(json.dumps([found, [str(warning.message) for warning in caught]]))
    """
    found, messages = run(code, folder=empty_folder)
    assert found == [5, 4000, 0]
    assert len(messages) == 1
    assert "cannot hook into datasets of an unknown version" in messages[0]


def test_importing_without_the_hook_succeeds_and_says_what_works(empty_folder):
    code = """
        import json, warnings, datasets.load
        del datasets.load.dataset_module_factory
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import mnist1d_hf
        builder = mnist1d_hf.Mnist1D(config_name="default")
        builder.download_and_prepare()
        print(json.dumps([[str(w.message) for w in caught if "mnist1d_hf" in str(w.message)], len(builder.as_dataset("test"))]))
    """
    messages, rows = run(code, folder=empty_folder)
    assert rows == 1000
    assert len(messages) == 1
    assert "mnist1d-hf prepare" in messages[0]
    assert "mnist1d-hf build mnist1d" in messages[0]
