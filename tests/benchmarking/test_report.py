"""What a report says and keeps of a measured model."""

import functools
import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn

from mnist1d_hf import load_model
from mnist1d_hf.baselines import CheckpointError, list_models, protocol
from mnist1d_hf.baselines.data import load_test_tensors
from mnist1d_hf.benchmarking import report as reporting
from mnist1d_hf.benchmarking.card import render_benchmark_card
from mnist1d_hf.benchmarking.measurement import Measurement
from mnist1d_hf.benchmarking.report import Report
from mnist1d_hf.hub import submission
from mnist1d_hf.utils.files import versions
from mnist1d_hf.utils.text import printable, shorten_name

from .measuring import BASELINES, SmallNet, baseline, measure_module, measure_numbers

TWO = (0.9, 0.92)
SOURCE = "raise SystemExit('this was run')\n"


known_versions = functools.cache(versions)  # reading them takes longer than most tests


@pytest.fixture(autouse=True)
def baselines(monkeypatch):
    monkeypatch.setattr(reporting, "read_results", lambda: BASELINES)
    monkeypatch.setattr(protocol, "versions", known_versions)


@pytest.fixture(scope="module")
def trained():
    """A module trained on two tasks."""
    return [measure_module(SmallNet, task) for task in ("default", "few")]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "my_net.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """The folder of that module."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "my_net.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "read_results", lambda: BASELINES)
        return Report("SmallNet", trained, folder / "my_net.py").save(folder / "out" / "net")


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def blocks(report):
    """The title, the tables by task, and the notes joined to lines."""
    title, *tables, notes = str(report).split("\n\n")
    return title, [table.splitlines() for table in tables], notes.replace("\n  ", " ").splitlines()


# Text.


def test_the_model_stands_among_the_baselines_by_its_accuracy_on_fresh_rows():
    title, (table,), notes = blocks(Report("MyNet", [measure_numbers(test=(0.99, 0.99))]))
    assert title == "MyNet under protocol 1: means and 95 % intervals over 2 seeds"
    assert table == [
        "default: rank 3 of 5. The 4000 training rows of the paper.",
        "  rank  model          parameters   MACs  test accuracy %  fresh accuracy %  seconds",
        "  1     resnet                100              98.5 ± 0.0      98.50 ± 0.25     10.0",
        "        human (paper)                          96.0 ± 1.0",
        "  2     cnn                   100              95.5 ± 0.0      95.50 ± 0.25     10.0",
        "> 3     MyNet               1,234  5,678       99.0 ± 0.0     92.00 ± 12.71      2.0",
        "  4     trees                                  82.0 ± 0.0      82.00 ± 0.25     10.0",
        "  5     mlp                   100              70.0 ± 0.0      70.00 ± 0.25     10.0",
    ]
    assert [note.split()[0] for note in notes] == ["Ranks"]


def test_a_task_has_the_baselines_measured_on_it_and_the_human_if_the_paper_has_one():
    report = Report("MyNet", [measure_numbers(task) for task in ("shuffled", "noisy", "few")])
    _, (shuffled, noisy, few), notes = blocks(report)
    assert [line[8:].split("  ")[0] for line in shuffled[2:]] == [
        "MyNet",
        "trees",
        "mlp",
        "cnn",
        "human (paper's guess)",
    ]
    assert [line[8:].split("  ")[0] for line in noisy[2:]] == ["MyNet", "cnn"]
    assert few[0].startswith("few: rank 1 of 1.") and len(few) == 3
    assert notes[-1] == "Warning: no baseline was measured on few"


def test_equal_models_share_a_rank(monkeypatch):
    monkeypatch.setattr(reporting, "read_results", lambda: [baseline("noisy", "cnn", 0.75, spread=0)])
    report = Report("MyNet", [measure_numbers("noisy", (0.75, 0.75), (0.75, 0.75))])
    assert re.findall(r"^[> ] (\d+) ", str(report), flags=re.MULTILINE) == ["1", "1"]


def test_one_seed_has_no_interval_and_a_warning():
    report = Report("MyNet", [measure_numbers(test=(0.9,), fresh=(0.91,))])
    title, ((*_, line, _, _),), notes = blocks(report)
    assert title == "MyNet under protocol 1: one seed"
    assert line.split() == [">", "3", "MyNet", "1,234", "5,678", "90.0", "91.00", "2.0"]
    assert notes[-1].startswith("Warning: with one seed there is no interval")
    assert report.to_dict()["warnings"] == [notes[-1].removeprefix("Warning: ")]


def test_the_gap_by_shuffling_stands_beside_that_of_the_baselines():
    report = Report("MyNet", [measure_numbers("default"), measure_numbers("shuffled", TWO, (0.51, 0.53))])
    _, _, (gap, *_) = blocks(report)
    assert gap.startswith("Shuffling costs MyNet 40.0 points of accuracy")
    assert gap.endswith("It costs the baselines: cnn 35.5, trees 0.0, mlp -1.0.")
    assert report.to_dict()["shuffling_gap"] == pytest.approx(0.4)
    alone = Report("MyNet", [measure_numbers("default"), measure_numbers("noisy")])
    assert "Shuffling" not in str(alone) and alone.to_dict()["shuffling_gap"] is None


def test_what_a_search_tried_is_listed_once_the_best_first():
    search = [
        {"learning_rate": 0.01, "weight_decay": 0.1, "validation_accuracy": 0.85},
        {"learning_rate": 0.03, "weight_decay": 0.1, "validation_accuracy": 0.875},
    ]
    report = Report("MyNet", [measure_numbers("default", search=search), measure_numbers("noisy", search=search)])
    (note,) = (note for note in blocks(report)[2] if note.startswith("Settings tried"))
    assert note.startswith("Settings tried for default, noisy, ")
    assert note.endswith(": learning_rate=0.03 87.5 (chosen); learning_rate=0.01 85.0.")


def test_json_holds_ranks_and_metrics():
    measurement = measure_numbers()
    content = json.loads(Report("MyNet", [measurement]).to_json())
    assert (content["name"], content["protocol"]) == ("MyNet", "1")
    assert (content["tasks"]["default"]["rank"], content["tasks"]["default"]["models"]) == (3, 5)
    assert content["tasks"]["default"]["metrics"] == json.loads(json.dumps(measurement.metrics))


def test_a_report_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one task"):
        Report("MyNet", [])


# Hostile names, and any numbers.


class Reader(HTMLParser):
    """Collects the tags of a document, and its cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.texts.append(data)


NUMBERS = measure_numbers()


def replace(measurement, **metrics):
    """A measurement with other values of some metrics."""
    return Measurement({**measurement.metrics, **metrics}, measurement.model)


NAMES = st.one_of(st.text(min_size=1, max_size=200), st.text("<>|`*_[]()#\\&\"'$\n\r\x1b\u202e:-{}% ", min_size=1))
ACCURACIES = st.lists(st.floats(0, 1), min_size=1, max_size=5)
COUNTS = st.none() | st.integers(0, 10**18)


@settings(max_examples=40, deadline=None)
@given(NAMES, ACCURACIES, COUNTS, COUNTS, st.floats(0, 1e6))
def test_any_name_and_any_numbers_fit_into_the_lines(name, accuracies, parameters, macs, seconds):
    runs = [{"test": {"accuracy": one}, "fresh": {"accuracy": one}, "seconds": seconds} for one in accuracies]
    numbers = {"seeds": accuracies, "runs": runs, "parameters": parameters, "macs": macs}
    text = str(Report(name, [replace(NUMBERS, task=task, **numbers) for task in ("default", "shuffled")]))
    assert max(map(len, text.split("\n"))) <= 120
    assert all(line.isprintable() for line in text.split("\n"))


@settings(max_examples=40, deadline=None)
@given(NAMES)
def test_a_notebook_shows_any_name_as_text(name):
    reader = Reader(Report(name, [NUMBERS])._repr_html_())
    assert reader.tags == {"p", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert shorten_name(name) in reader.texts


def test_a_notebook_shows_the_models_line_in_bold():
    html = Report("MyNet", [measure_numbers()])._repr_html_()
    (line,) = re.findall(r'<tr style="font-weight: bold">(.*?)</tr>', html)
    assert "<td>MyNet</td>" in line


def cells(line):
    """The cells of a line of a Markdown table."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]]


@settings(max_examples=40, deadline=None)
@given(NAMES)
def test_any_name_and_any_setting_leave_a_card_valid(name):
    report = Report(name, [replace(NUMBERS, settings={name: name})], Path("my_net.py"))
    text = render_benchmark_card(report, {"my_net.py"})
    card = ModelCard(text)
    assert card.data.library_name == "mnist1d-hf" and card.data.license is None
    assert {"mnist1d", "mnist1d-benchmark", "mnist1d-benchmark-default"} <= set(card.data.tags)
    body = card.content.partition("\n---\n")[2]
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", body)
    assert f"\n# {printable(name)} on MNIST-1D\n" in shown
    assert len({len(cells(line)) for line in body.splitlines() if line.startswith("| **")}) == 1
    # What could be markup is escaped: HTML, links and the ends of cells.
    assert not re.search(r"(?<!\\)(?:\\\\)*<", body.replace("\\\\", ""))


# The card.


def test_the_card_shows_the_best_the_median_and_the_nearest_baseline(saved):
    card = (saved / "README.md").read_text(encoding="utf-8")
    default = card.partition("### default: rank 5 of 5\n")[2].partition("###")[0]
    rows = [cells(line) for line in default.splitlines() if line.startswith("|")][2:]
    assert [row[1] for row in rows] == ["resnet", "trees", "mlp", "**SmallNet**"]
    assert "### few: rank 1 of 1\n" in card
    for text in (
        "under version 1 of\n",
        "mnist1d-hf evaluate NAMESPACE/NAME",
        "from my_net import SmallNet",
        "No code of this repository is ever run",
        "| learning_rate | 0.01 |",
        "![Loss and accuracy during training](curves.png)",
    ):
        assert text in card
    assert "{{" not in card and "\n\n\n" not in card


# Figures.


def test_the_figure_has_a_panel_for_each_task_with_the_best_model_at_the_top():
    figure = Report("My$Net^", [measure_numbers("default"), measure_numbers("noisy"), measure_numbers("few")]).figure()
    default, noisy, _, empty = figure.axes
    assert [axis.get_title() for axis in (default, noisy)] == ["default: rank 3 of 5", "noisy: rank 1 of 2"]
    labels = [label.get_text() for label in default.get_yticklabels()]
    assert labels == ["resnet  100", "human (paper)", "cnn  100", "My$Net^  1,234", "trees", "mlp  100"]
    means = {int(line.get_ydata()[0]): line.get_xdata()[0] for line in default.lines if len(line.get_xdata()) == 1}
    assert [round(means[row], 6) for row in range(6)] == [98.5, 96, 95.5, 92, 82, 70]
    bold = [label.get_text() for label in default.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["My$Net^  1,234"]
    assert default.get_ylim()[0] > default.get_ylim()[1]
    assert not empty.axison
    figure._repr_png_()


def test_a_name_that_the_font_lacks_is_drawn_as_escapes():
    figure = Report("网络", [measure_numbers("few")]).figure()
    assert figure.axes[0].get_yticklabels()[0].get_text() == "\\u7f51\\u7edc  1,234"
    figure._repr_png_()  # a missing glyph would be a warning, which is an error here


# Folders.


def test_a_folder_holds_what_others_need_and_nothing_is_run(saved, trained):
    folder = saved
    of_a_task = {"metrics.json", "model.safetensors", "onnx/model.onnx", "curves.png"}
    assert files(folder) == {
        "README.md",
        "config.json",
        "my_net.py",
        *of_a_task,
        *(f"few/{name}" for name in of_a_task),
    }
    assert json.loads((folder / "config.json").read_text()).keys() == {
        "architecture", "task", "protocol", "data_version", "package_version",
    }  # fmt: skip
    assert json.loads((folder / "config.json").read_text())["architecture"] == "SmallNet"
    assert (folder / "my_net.py").read_text() == SOURCE
    x, _ = load_test_tensors("default")
    for place, measurement in zip((folder, folder / "few"), trained, strict=True):
        assert json.loads((place / "metrics.json").read_text()) == json.loads(json.dumps(measurement.metrics))
        loaded = SmallNet(40, 10)
        loaded.load_state_dict(load_file(place / "model.safetensors"))
        expected = measurement.model(x).detach()
        torch.testing.assert_close(loaded(x).detach(), expected, rtol=0, atol=0)
        (logits,) = onnxruntime.InferenceSession(place / "onnx" / "model.onnx").run(["logits"], {"x": x.numpy()})
        np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)
    assert not [path for path in folder.parent.iterdir() if path != folder]


def test_a_classifier_without_weights_has_a_card_and_metrics(tmp_path):
    folder = Report("Trees", [measure_numbers(parameters=None, macs=None), measure_numbers("few")]).save(
        tmp_path / "trees"
    )
    assert files(folder) == {"README.md", "metrics.json", "few/metrics.json"}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "There are no weights" in card and "evaluate NAMESPACE" not in card and "None" not in card


class Tied(SmallNet):
    """Two layers with the same weights, and a buffer that is a part of another."""

    def __init__(self, length, classes):
        super().__init__(length, classes)
        self.hidden, self.again = nn.Linear(length, length), nn.Linear(length, length)
        self.again.weight = self.hidden.weight
        self.head = nn.Linear(length, classes)
        self.register_buffer("scales", torch.ones(2 * length))
        self.register_buffer("scale", self.scales[:length])

    def forward(self, x):
        return self.head(self.again(torch.relu(self.hidden(x)) * self.scale))


def test_tied_weights_are_saved_as_load_state_dict_wants_them(tmp_path):
    measurement = measure_module(Tied)
    folder = Report("Tied", [measurement]).save(tmp_path / "tied")
    loaded = Tied(40, 10)
    loaded.load_state_dict(load_file(folder / "model.safetensors"))
    assert all(torch.equal(loaded.state_dict()[name], value) for name, value in measurement.model.state_dict().items())


class NotExported(SmallNet):
    """Uses what the exporter does not know."""

    def forward(self, x):
        return super().forward(torch.fft.irfft(torch.fft.rfft(x), n=x.shape[1]))


class FixedBatch(SmallNet):
    """Exports as if every batch were as large as the one it was exported with."""

    def forward(self, x):
        return super().forward(x) * torch.arange(1.0, 1 + int(x.shape[0]))[:, None] ** 0


class Drifting(SmallNet):
    """Computes something else while it is exported."""

    def forward(self, x):
        return super().forward(x) + float(torch.onnx.is_in_onnx_export())


@pytest.mark.parametrize("module", [NotExported, FixedBatch, Drifting])
def test_a_module_that_does_not_export_is_saved_without_onnx(tmp_path, module, capfd):
    measurement = measure_module(module, steps=1)
    capfd.readouterr()
    with pytest.warns(UserWarning, match="^onnx/model.onnx is left out: .") as caught:
        folder = Report("Net", [measurement]).save(tmp_path / "net")
    (warning,) = caught
    assert "\n" not in str(warning.message) and len(str(warning.message)) < 250
    assert warning.filename == __file__
    assert capfd.readouterr() == ("", "")
    assert files(folder) == {"README.md", "config.json", "metrics.json", "model.safetensors", "curves.png"}
    assert "onnx" not in (folder / "README.md").read_text(encoding="utf-8")


def test_a_source_file_that_is_gone_is_left_out(tmp_path):
    with pytest.warns(UserWarning, match=r"^gone.py is left out: .*No such file"):
        folder = Report("Net", [measure_numbers()], tmp_path / "gone.py").save(tmp_path / "net")
    assert files(folder) == {"README.md", "metrics.json"}


def test_existing_files_are_kept(tmp_path):
    report, folder = Report("Net", [measure_numbers()]), tmp_path / "net"
    folder.mkdir()
    assert report.save(folder) == folder  # an empty one is filled
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    with pytest.raises(
        FileExistsError, match=r"net holds README.md, metrics.json; existing files are kept: name another"
    ):
        report.save(folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"files that a benchmark does not write \(notes.txt\)"):
        report.save(folder, overwrite=True)
    assert {name: (folder / name).read_bytes() for name in files(folder)} == {**before, "notes.txt": b"mine"}
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="is a file; name another folder"):
        report.save(tmp_path / "file", overwrite=True)


def test_overwriting_replaces_the_folder_of_another_report(tmp_path, source):
    Report("Net", [measure_numbers(), measure_numbers("few")], source).save(tmp_path / "net")
    Report("Other", [measure_numbers()], source).save(tmp_path / "net", overwrite=True)
    assert files(tmp_path / "net") == {"README.md", "metrics.json", "my_net.py"}
    assert "# Other on" in (tmp_path / "net" / "README.md").read_text(encoding="utf-8")


def test_a_save_that_fails_leaves_everything_as_it_was(tmp_path, monkeypatch):
    folder = Report("Net", [measure_numbers()]).save(tmp_path / "net")
    before = (folder / "README.md").read_bytes()

    def rename(path, target, rename=Path.rename):
        if ".incomplete" in path.name and Path(target).name == "net" and (path / "few").exists():
            raise OSError(28, "No space left on device", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="No space left on device"):
        Report("Other", [measure_numbers(), measure_numbers("few")]).save(folder, overwrite=True)
    assert (folder / "README.md").read_bytes() == before
    assert list(tmp_path.iterdir()) == [folder]


def test_a_built_in_architecture_is_one_that_load_model_reads(tmp_path):
    measurement = measure_module("logistic", "noisy")
    folder = Report("logistic", [measurement]).save(tmp_path / "net")
    model = load_model(folder)
    assert model.metadata["dataset_config"] == "custom-noise" and model.metadata["task"] == "noisy"
    assert all(torch.equal(model.state_dict()[name], value) for name, value in measurement.model.state_dict().items())
    assert "load_model(" in (folder / "README.md").read_text(encoding="utf-8")


# Loading what is not known.


def test_load_model_says_what_can_be_done_with_the_model_of_somebody_else(saved):
    with pytest.raises(CheckpointError) as caught:
        load_model(saved)
    message = str(caught.value)
    assert "names the architecture 'SmallNet'; known are " + ", ".join(list_models()) in message
    assert f"evaluate its onnx/model.onnx (mnist1d-hf evaluate {saved})" in message
    assert "SmallNet.from_pretrained" in message


@pytest.mark.parametrize("name", ["\x1b[2J", "x; rm -rf ~", "‮evil", "a" * 5000, None, 5, ["x"], "<script>"])
def test_a_hostile_architecture_is_one_short_line_of_the_error(tmp_path, name):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": name}))
    with pytest.raises(CheckpointError) as caught:
        load_model(tmp_path)
    message = str(caught.value).replace(str(tmp_path), "")
    assert message.isprintable() and len(message) < 900
    assert "rm -rf ~.from_pretrained" not in message and "onnx/model.onnx" in message


# The Hub.


def test_pushing_submits_the_saved_folder(monkeypatch, source):
    seen = {}

    def submit(folder, repo_id, **options):
        seen.update(repo_id=repo_id, options=options, files=files(Path(folder)), folder=folder)
        return "https://huggingface.co/ada/mynet/commit/1"

    monkeypatch.setattr(submission, "submit", submit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        url = Report("Net", [measure_numbers()], source).push_to_hub("ada/mynet", private=True)
    assert url == "https://huggingface.co/ada/mynet/commit/1"
    assert (seen["repo_id"], seen["options"]) == ("ada/mynet", {"private": True})
    assert seen["files"] == {"README.md", "metrics.json", "my_net.py"}
    assert not Path(seen["folder"]).exists()
