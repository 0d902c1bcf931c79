"""The notebooks: what is kept in their files, and whether they run without a network."""

import ast
import builtins
import getpass
import json
import os
import re
import socket
import symtable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import ROOT

FOLDER = ROOT / "notebooks"
NAMES = (
    "ten-minutes",
    "cnn-beats-mlp",
    "your-own-architecture",
    "double-descent",
    "denoising",
    "for-teachers",
)
INSTALL = "%pip install -q 'mnist1d-hf[all]'"
BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/mnist1d-hf/mnist1d-hf/blob/main/notebooks/{}.ipynb)"
)
MAX_BYTES = 200_000
REUSED = {"figure", "axes", "axis"}
"""Names that cells may use again, each for a figure of its own."""

each_notebook = pytest.mark.parametrize("name", NAMES)


def read(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def sources(cells, kind):
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def code(name):
    """The cells with code, without the one that installs, and the folded solutions where they stand."""
    cells = []
    for cell in read(name)["cells"][2:]:
        text = "".join(cell["source"])
        cells += [text] if cell["cell_type"] == "code" else re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    return cells


def test_every_notebook_is_tested_and_listed():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)
    listed = re.findall(r"\]\(([\w-]+)\.ipynb\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert listed == list(NAMES)


@each_notebook
def test_its_form_is_valid_and_its_metadata_clean(name):
    nbformat = pytest.importorskip("nbformat")
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert notebook["metadata"] == {"kernelspec": kernel, "language_info": {"name": "python"}}
    assert [cell["metadata"] for cell in notebook["cells"]] == [{}] * len(notebook["cells"])
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


@each_notebook
def test_it_begins_with_the_badge_and_one_install_cell(name):
    badge, install, title, *_ = cells = read(name)["cells"]
    assert "".join(badge["source"]) == BADGE.format(name)
    assert ("".join(install["source"]), install["outputs"]) == (INSTALL, [])
    assert "".join(title["source"]).startswith("# ")
    assert not any(re.search(r"^[%!]", source, re.M) for source in sources(cells[2:], "code"))


@each_notebook
def test_its_outputs_are_there_and_small_and_without_errors(name):
    assert (FOLDER / f"{name}.ipynb").stat().st_size < MAX_BYTES
    cells = [cell for cell in read(name)["cells"][2:] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
    shown = [cell["outputs"] for cell in cells if "plt.show()" in "".join(cell["source"])]
    assert shown
    assert all(any("image/png" in output.get("data", ()) for output in outputs) for outputs in shown)


@each_notebook
def test_it_says_nothing_of_the_machine_it_was_made_on(name):
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    without_figures = re.sub(r'"image/png": "[^"]*"', "", text)
    assert not re.search(
        r"(?<![\w.:/])/(?:home|root|tmp|work|usr|opt|Users)/|[A-Z]:\\\\|site-packages", without_figures
    )
    for word in {socket.gethostname(), getpass.getuser()} - {"root", "localhost"}:
        assert not re.search(rf"\b{re.escape(word)}\b", without_figures)


@each_notebook
def test_every_figure_names_its_axes(name):
    for source in code(name):
        figures, labels = source.count("plt.subplots("), r"(?:set_|sup)?{0}label(?:=|\()"
        for axis in "xy":
            assert len(re.findall(labels.format(axis), source)) >= figures, source


@each_notebook
def test_its_links_to_this_repository_lead_to_files(name):
    text = "\n".join(sources(read(name)["cells"][1:], "markdown"))
    for path in re.findall(r"https://github\.com/mnist1d-hf/mnist1d-hf/blob/main/([^)\s#]+)", text):
        assert (ROOT / path).is_file(), path


def order_faults(cells):
    """What makes cells depend on more than their order: names that two of them bind, and changes of earlier values."""
    bound, faults = set(), []
    for number, source in enumerate(cells):
        names = symtable.symtable(source, f"cell {number}", "exec").get_symbols()
        own = {one.get_name() for one in names if one.is_assigned() or one.is_imported()}
        # Later cells may use the names of loops again, but not what a loop has left in them.
        loops = {one.id for target in loop_targets(source) for one in ast.walk(target) if isinstance(one, ast.Name)}
        faults += [f"cell {number} binds {one} again" for one in sorted(own & bound - REUSED)]
        read_here = free_names(source) - own - set(dir(builtins))
        faults += [f"cell {number} reads {one} too early" for one in sorted(read_here - (bound - REUSED))]
        faults += [f"cell {number} changes {one}" for one in sorted(changed_names(source) - own)]
        bound |= own - loops
    return faults


def free_names(source):
    """Global names that the code, or a function in it, reads."""
    tables, found = [symtable.symtable(source, "cell", "exec")], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        is_top = table.get_type() == "module"
        found |= {one.get_name() for one in table.get_symbols() if one.is_referenced() and (is_top or one.is_global())}
    return found


def loop_targets(source):
    return [node.target for node in ast.walk(ast.parse(source)) if isinstance(node, ast.For)]


def changed_names(source):
    """Names whose items or attributes the top level of the code assigns."""
    found = set()
    for statement in ast.parse(source).body:
        for node in () if isinstance(statement, ast.FunctionDef | ast.ClassDef) else ast.walk(statement):
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
                while isinstance(node, ast.Subscript | ast.Attribute):
                    node = node.value
                found |= {node.id} if isinstance(node, ast.Name) else set()
    return found


@each_notebook
def test_its_cells_work_in_the_order_they_stand_in_and_again(name):
    assert order_faults(code(name)) == []


def test_cells_that_depend_on_each_other_are_seen():
    first = "import numpy as np\nx = np.ones(3)\n\ndef double(y):\n    return 2 * y\n"
    assert order_faults([first, "figure = double(x)", "figure = [z for z in x]\nfigure[0] = 1"]) == []
    assert order_faults([first, "for z in x:\n    pass", "for z in x:\n    print(z)"]) == []
    faults = {
        "x = x + 1": "binds x again",
        "x[0] = 1": "changes x",
        "y = z": "reads z too early",
        "for x in range(3):\n    pass": "binds x again",
        "print(i)": "reads i too early",
        "def f():\n    return w": "reads w too early",
        "print(figure)": "reads figure too early",
    }
    for source, fault in faults.items():
        assert order_faults([first, "figure = 1\nfor i in x:\n    pass", source]) == [f"cell 2 {fault}"]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5))
def test_exactly_the_names_that_are_bound_twice_are_seen(names):
    repeated = [name for number, name in enumerate(names) if name in names[:number]]
    faults = order_faults([f"{name} = 1" for name in names])
    assert [fault.split()[3] for fault in faults] == repeated


OFFLINE = """
import socket

def refuse(self, address, connect=socket.socket.connect):
    if self.family == socket.AF_UNIX:
        return connect(self, address)
    raise OSError("there is no network")

socket.socket.connect = socket.socket.connect_ex = refuse
"""
"""What Python runs when it starts. Kernels talk through ZeroMQ, which is not Python's."""

NO_NETWORK = """
import socket

try:
    socket.create_connection(("192.0.2.1", 443), timeout=1)
except OSError as error:
    assert str(error) == "there is no network", error
else:
    raise AssertionError("there is a network")
"""


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """No network for the processes that start, and their caches in a temporary folder."""
    folder = tmp_path / "start"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(OFFLINE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (folder, ROOT))))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore:IProgress not found")  # of tqdm, without Jupyter's widgets
    for variable in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "HF_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))


def run(cells, folder):
    """Run cells in a new kernel, one after the other."""
    from nbclient import NotebookClient
    from nbformat import v4

    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells])
    NotebookClient(
        notebook, kernel_name="python3", timeout=900, resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


@pytest.mark.slow
@each_notebook
def test_it_runs_in_an_empty_folder_without_a_network(name, empty_folder, offline):
    notebook = run([NO_NETWORK, *code(name)], empty_folder)
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
    assert list(empty_folder.iterdir()) == []
