import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from mnist1d_hf import GenerationParameters, construction_steps, get_templates, make_dataset
from mnist1d_hf.dataset import figures
from mnist1d_hf.errors import MissingExtraError
from mnist1d_hf.utils.figures import FORMATS, save_figure
from mnist1d_hf.utils.textplot import plot_signal

PARAMETERS = GenerationParameters(num_samples=100, seed=3)
MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def lines(axis):
    return [line.get_xydata().T for line in axis.lines]


def test_templates_are_drawn_upright():
    figure = figures.plot_templates()
    templates = get_templates()
    assert len(figure.axes) == 10
    for digit, axis in enumerate(figure.axes):
        ((x, t),) = lines(axis)
        np.testing.assert_array_equal(x, templates["x"][digit])
        np.testing.assert_array_equal(t, templates["t"])
        assert axis.get_title() == str(digit)
        assert axis.yaxis_inverted()


def test_samples_are_the_first_training_rows_of_each_class():
    figure = figures.plot_samples(PARAMETERS, rows=3)
    dataset = make_dataset(PARAMETERS)
    for index, axis in enumerate(figure.axes):
        ((x, t),) = lines(axis)
        np.testing.assert_array_equal(x, dataset["x"][dataset["y"] == index % 10][index // 10])
        np.testing.assert_array_equal(t, dataset["t"])
        assert axis.get_xlim()[0] <= x.min() and x.max() <= axis.get_xlim()[1]


def test_samples_of_a_class_with_few_rows_leave_panels_empty():
    figure = figures.plot_samples(PARAMETERS.replace(num_samples=20, train_split=0.5))
    assert sum(axis.axison for axis in figure.axes) == 10


def test_construction_draws_every_step_of_every_digit():
    figure = figures.plot_construction(PARAMETERS)
    steps = construction_steps(0, PARAMETERS, seed=3)
    assert [axis.get_ylabel() for axis in figure.axes[::10]] == list(steps)
    for axis, signal in zip(figure.axes[::10], steps.values(), strict=True):
        ((x, position),) = lines(axis)
        np.testing.assert_array_equal(x, signal)
        assert (np.diff(position) > 0).all()


def test_stats_are_the_means_of_each_class():
    figure = figures.plot_stats(PARAMETERS)
    dataset = make_dataset(PARAMETERS)
    for digit, axis in enumerate(figure.axes):
        x = dataset["x"][dataset["y"] == digit]
        mean, position = lines(axis)[0]
        np.testing.assert_allclose(mean, x.mean(axis=0))
        assert position.tolist() == list(range(40))
        band = axis.collections[0].get_paths()[0].get_extents()
        assert band.xmin == pytest.approx((x.mean(axis=0) - x.std(axis=0)).min())
        assert band.xmax == pytest.approx((x.mean(axis=0) + x.std(axis=0)).max())
        assert axis.get_title() == f"{digit}  ({len(x)} rows)"


@pytest.mark.parametrize("name", ["templates", "samples", "construction", "stats"])
def test_all_figures_are_upright_and_name_their_axes(name):
    figure = getattr(figures, f"plot_{name}")(*([] if name == "templates" else [PARAMETERS]))
    assert figure.get_supxlabel().startswith("value")
    assert figure.get_supylabel() == "← position"
    assert all(axis.yaxis_inverted() for axis in figure.axes if axis.axison)
    assert not any(axis.xaxis_inverted() for axis in figure.axes)


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_same_figure_has_the_same_bytes(file_format, tmp_path):
    contents = []
    for name in ("a", "b"):
        path = save_figure(figures.plot_templates(), tmp_path / f"{name}.{file_format}")
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    assert contents[0].startswith(MAGIC[file_format])
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_another_ending_raises(tmp_path):
    with pytest.raises(ValueError, match=r"the file name of a figure must end in .png, .svg or .pdf, got '.*a.bmp'"):
        save_figure(figures.plot_templates(), tmp_path / "a.bmp")


def test_a_figure_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    figure = figures.plot_templates()

    def savefig(unfinished, **_):
        unfinished.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", savefig)
    with pytest.raises(OSError, match="No space left"):
        save_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"needs matplotlib, .* run: pip install 'mnist1d-hf\[plot\]'"):
        figures.plot_templates()


@given(
    x=st_numpy.arrays(np.float32, st.integers(1, 80), elements=st.floats(-1e6, 1e6, width=32)),
    height=st.integers(2, 12),
)
def test_a_text_plot_marks_every_point_within_its_height(x, height):
    rows = plot_signal(x, height).split("\n")
    assert len(rows) == height
    assert {len(row) for row in rows} == {len(x)}
    assert all(sum(row[column] == "*" for row in rows) == 1 for column in range(len(x)))
    if np.ptp(x):
        assert rows[0][int(np.argmax(x))] == "*"
        assert rows[-1][int(np.argmin(x))] == "*"


@pytest.mark.parametrize("draw", [figures.plot_templates, figures.plot_stats])
def test_a_figure_shows_itself_in_a_notebook(draw):
    assert draw()._repr_png_().startswith(MAGIC["png"])
