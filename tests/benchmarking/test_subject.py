"""What the user may give, and what is said about everything else."""

import functools
import textwrap

import cloudpickle
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from mnist1d_hf.benchmarking.subject import find_subject
from mnist1d_hf.errors import ModelError

FILE = """
from dataclasses import dataclass
from torch import nn
from beside import WIDTH

@dataclass
class Sizes:
    width: int = WIDTH

class MyNet(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(40, Sizes().width), nn.ReLU(), nn.Linear(Sizes().width, 10))

def make(length, classes):
    return nn.Linear(length, classes)

number = 3
"""


@pytest.fixture
def file(empty_folder, monkeypatch):
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (empty_folder / "models").mkdir()
    (empty_folder / "models" / "beside.py").write_text("WIDTH = 7\n")
    path = empty_folder / "models" / "my_net.py"
    path.write_text(FILE)
    return path


class Plain(nn.Linear):
    def __init__(self):
        super().__init__(40, 10)


class Sized(nn.Linear):
    def __init__(self, final_seq_length, num_classes):
        super().__init__(final_seq_length, num_classes)


class Renamed(nn.Linear):
    def __init__(self, points, digits, bias=False):
        super().__init__(points, digits, bias)


class ClassesOnly(nn.Sequential):
    def __init__(self, *, num_classes, width=3):
        super().__init__(nn.Linear(40, width), nn.Linear(width, num_classes))


class Wide(nn.Linear):
    def __init__(self, width, depth, height):
        super().__init__(width, depth)


@pytest.mark.parametrize(
    ("model", "name", "parameters"),
    [
        (Plain, "Plain", 410),
        (Sized, "Sized", 410),
        (Renamed, "Renamed", 400),
        (ClassesOnly, "ClassesOnly", 163),
        (lambda length, classes: nn.Linear(length, classes), "model", 410),
        (functools.partial(Wide, 40, 10, height=1), "Wide", 410),
        (functools.partial(nn.Linear, 40, 10), "Linear", 410),
    ],
)
def test_a_class_or_a_function_is_called_with_what_it_takes(model, name, parameters):
    subject = find_subject(model)
    assert subject.name == name
    assert sum(one.numel() for one in subject.make(40, 10).parameters()) == parameters


def test_a_model_keeps_the_name_it_is_given_and_its_file():
    subject = find_subject(Plain, "mine")
    assert subject.name == "mine"
    assert subject.source.name == "test_subject.py"
    assert find_subject(nn.Identity).source is None


def test_the_name_of_an_architecture_stands_for_it():
    assert (find_subject("cnn").make, find_subject("cnn").name) == ("cnn", "cnn")


@pytest.mark.parametrize("model", [KNeighborsClassifier(3), functools.partial(KNeighborsClassifier, 3)])
def test_a_classifier_is_made_anew_each_time(model):
    subject = find_subject(model)
    assert subject.name == "KNeighborsClassifier"
    first, second = subject.make(40, 10), subject.make(40, 10)
    assert first is not second
    assert first.n_neighbors == second.n_neighbors == 3


def test_a_class_of_classifiers_is_made_with_its_defaults():
    assert find_subject(LogisticRegression).make(40, 10).get_params() == LogisticRegression().get_params()


def test_a_class_in_a_file_is_found_with_what_stands_beside_it(file):
    subject = find_subject("models/my_net.py:MyNet")
    assert (subject.name, subject.source) == ("MyNet", file)
    # Another process does not know the module.
    copy = cloudpickle.loads(cloudpickle.dumps(subject))
    assert copy.make(40, 10)(torch.zeros(2, 40)).shape == (2, 10)
    assert find_subject(f"{file}:make").make(40, 10)(torch.zeros(2, 40)).shape == (2, 10)


def test_a_file_that_has_changed_is_read_again(file):
    before = find_subject(f"{file}:make").make(40, 10)
    file.write_text("from torch import nn\ndef make(length, classes): return nn.Linear(length, classes, bias=False)\n")
    after = find_subject(f"{file}:make").make(40, 10)
    assert (before.bias is None, after.bias is None) == (False, True)


def test_a_class_in_a_module_of_the_current_folder_is_found(empty_folder, monkeypatch):
    monkeypatch.setattr("sys.path", __import__("sys").path[:])
    (empty_folder / "package_of_mine").mkdir()
    (empty_folder / "package_of_mine" / "nets.py").write_text(FILE.replace("from beside import WIDTH", "WIDTH = 2"))
    subject = find_subject("package_of_mine.nets:MyNet")
    assert subject.make(40, 10)(torch.zeros(2, 40)).shape == (2, 10)
    assert subject.source == empty_folder / "package_of_mine" / "nets.py"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Plain(),
            "a Plain that exists cannot be benchmarked, since every seed starts with fresh .*; give the class Plain",
        ),
        (3, r"3 of type int is not a model; give a class or a function that makes a torch.nn.Module"),
        (
            Wide,
            "Wide has to be given width, depth, height; a model may take nothing, final_seq_length and num_classes",
        ),
        ("cnm", "'cnm' is not a model: give one of logistic, mlp, cnn, .*, file.py:Name or package.module:Name"),
        (
            "models/my_net.py",
            r"'models/my_net.py' lacks the name of the model: give models/my_net.py:Name; the file has Sizes",
        ),
        ("models/my_net.py:Net", "models/my_net.py has no 'Net'; it has Sizes, MyNet, make$"),
        ("models/my_net.py:number", "3 of type int is not a model"),
        ("nets/my_net.py:Net", "there is no file nets/my_net.py"),
        ("no_such_package.nets:Net", "there is no module 'no_such_package', neither in .* nor among what is installed"),
        ("json.nets:Net", "there is no module 'json.nets'"),
    ],
    ids=str,
)
def test_what_cannot_be_found_is_said(file, model, message):
    with pytest.raises(ModelError, match=message) as caught:
        find_subject(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def f(:\n", r"broken.py has a syntax error: .*broken.py, line 1: invalid syntax"),
        ("\nimport no_such_module\n", r"cannot be imported: ModuleNotFoundError: No module named 'no_such.*, line 2\)"),
        ("\n\n1 / 0\n", r"broken.py cannot be imported: ZeroDivisionError: division by zero \(.*broken.py, line 3\)"),
        ("import sys\nsys.exit(1)\n", "broken.py cannot be imported: SystemExit: 1"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_imported_is_said_with_its_line(file, code, message):
    (file.parent / "broken.py").write_text(textwrap.dedent(code))
    with pytest.raises(ModelError, match=message) as caught:
        find_subject(f"{file.parent / 'broken.py'}:Net")
    assert "\n" not in str(caught.value)
