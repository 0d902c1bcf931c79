"""A function is called once a module has been imported, whatever happens on the way."""

import importlib
import importlib.util
import inspect
import sys
import threading
import zipfile

import pytest

from mnist1d_hf.utils.import_hooks import AfterImport


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that is searched for modules, which are forgotten after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "wanted"]:
        del sys.modules[name]


def write_module(path, text="value = 1\n"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    importlib.invalidate_caches()


def install(calls, name="wanted"):
    hook = AfterImport(name, lambda: calls.append(sys.modules[name].value))
    sys.meta_path.insert(0, hook)
    return hook


def test_the_function_is_called_once_and_nothing_is_left_of_the_hook(folder):
    write_module(folder / "wanted.py")
    hook = install(calls := [])
    importlib.import_module("json")
    assert calls == []
    module = importlib.import_module("wanted")
    assert calls == [1]
    assert hook not in sys.meta_path
    assert type(module.__loader__) is type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
    assert inspect.getsource(module) == "value = 1\n"
    importlib.reload(module)
    assert calls == [1]


def test_looking_for_the_module_neither_imports_it_nor_ends_the_wait(folder):
    hook = install(calls := [])
    assert importlib.util.find_spec("wanted") is None
    write_module(folder / "wanted.py")
    assert importlib.util.find_spec("wanted").origin == str(folder / "wanted.py")
    assert calls == []
    assert hook in sys.meta_path
    importlib.import_module("wanted")
    assert calls == [1]


def test_a_module_inside_a_package_is_waited_for(folder):
    write_module(folder / "wanted/__init__.py", "from .inner import value\n")
    write_module(folder / "wanted/inner.py")
    install(calls := [], "wanted.inner")
    importlib.import_module("wanted")
    assert calls == [1]


def test_where_the_import_fails_the_next_attempt_counts(folder):
    install(calls := [])
    with pytest.raises(ModuleNotFoundError, match="No module named 'wanted'"):
        importlib.import_module("wanted")
    write_module(folder / "wanted.py", "raise OSError('broken')\n")
    with pytest.raises(OSError, match="broken"):
        importlib.import_module("wanted")
    assert calls == []
    write_module(folder / "wanted.py", "value = 'repaired'\n")
    importlib.import_module("wanted")
    assert calls == ["repaired"]


def test_a_module_in_an_archive_is_found(folder, monkeypatch):
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("wanted.py", "value = 2\n")
    monkeypatch.syspath_prepend(folder / "archive.zip")
    install(calls := [])
    importlib.import_module("wanted")
    assert calls == [2]


def test_a_finder_at_the_end_is_asked_and_one_of_another_kind_is_passed_over(folder):
    write_module(folder / "elsewhere.txt", "value = 3\n")

    class Editable:
        def find_spec(self, name, path=None, target=None):
            if name == "wanted":
                loader = importlib.machinery.SourceFileLoader(name, str(folder / "elsewhere.txt"))
                return importlib.util.spec_from_loader(name, loader)
            return None

    install(calls := [])
    sys.meta_path.insert(1, object())
    sys.meta_path.append(Editable())
    importlib.import_module("wanted")
    assert calls == [3]


def test_several_hooks_go_together(folder):
    write_module(folder / "wanted.py")
    calls = []
    hooks = [install(calls) for _ in range(3)]
    importlib.import_module("wanted")
    assert calls == [1, 1, 1]
    assert not set(hooks) & set(sys.meta_path)


def test_a_folder_of_the_name_is_left_alone(folder):
    (folder / "wanted").mkdir()
    install(calls := [])
    assert list(importlib.import_module("wanted").__path__) == [str(folder / "wanted")]
    assert calls == []


def test_threads_that_import_at_once_all_find_it_done(folder):
    write_module(folder / "wanted.py", "import time\ntime.sleep(0.2)\nvalue = 4\n")
    install(calls := [])
    seen, together = [], threading.Barrier(8)

    def work():
        together.wait()
        importlib.import_module("wanted")
        seen.append(list(calls))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[4]] * 8


def test_whoever_goes_through_the_finders_meanwhile_misses_none(folder):
    write_module(folder / "wanted.py")
    install(calls := [])
    finders, seen = list(sys.meta_path), []
    for finder in sys.meta_path:
        importlib.import_module("wanted")
        seen.append(finder)
    assert calls == [1]
    assert seen == finders
