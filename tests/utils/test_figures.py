"""Figures: their files are reproducible, and what they share is the same."""

import pytest

from mnist1d_hf.utils.figures import check_format, drawable, new_figure, new_grid, save_figure, tidy


@pytest.mark.parametrize(("name", "found"), [("a.png", "png"), ("b/a.SVG", "svg"), ("a.b.pdf", "pdf")])
def test_the_format_is_that_of_the_name(name, found):
    assert check_format(name) == found


@pytest.mark.parametrize("name", ["a", "a.jpg", ".png/a", "png"])
def test_other_formats_are_refused(name):
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg or \.pdf, got "):
        check_format(name)


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_the_same_figure_gives_the_same_bytes(name, start, tmp_path):
    contents = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        figure = new_figure((2, 1))
        figure.subplots().plot([1, 2], label="one")
        assert save_figure(figure, tmp_path / folder / name) == tmp_path / folder / name
        contents.append((tmp_path / folder / name).read_bytes())
    assert contents[0] == contents[1]
    assert contents[0].startswith(start)
    assert b"Date" not in contents[0].partition(b"<dc:")[0] if name == "a.pdf" else b"dc:date" not in contents[0]


def test_a_figure_has_150_dots_per_inch(tmp_path):
    from PIL import Image

    save_figure(new_figure((2, 1)), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (300, 150)


def test_a_grid_has_ticks_only_if_asked_for():
    figure, axes = new_grid(2, 3, size=(4, 2))
    assert axes.shape == (2, 3)
    assert tuple(figure.get_size_inches()) == (4, 2)
    assert not any(len(axis.get_xticks()) or len(axis.get_yticks()) for axis in axes.flat)
    _, axes = new_grid(1, 2, size=(4, 2), ticks=True)
    axes[0, 0].set_xlim(0, 7)
    assert axes[0, 1].get_xlim() == (0, 7)
    assert len(axes[0, 0].get_xticks())


def test_tidy_hides_two_spines_and_sets_the_sizes_that_are_given():
    axes = new_figure((2, 1)).subplots()
    axes.set(xlabel="x", ylabel="y", title="t")
    sizes = [text.get_size() for text in (axes.xaxis.label, axes.title)]
    tidy([axes])
    assert {name: spine.get_visible() for name, spine in axes.spines.items()} == {
        "left": True, "bottom": True, "right": False, "top": False,
    }  # fmt: skip
    assert [text.get_size() for text in (axes.xaxis.label, axes.title)] == sizes
    tidy([axes], tick_size=3, label_size=4, title_size=5)
    assert axes.xaxis.label.get_size() == axes.yaxis.label.get_size() == 4
    assert axes.title.get_size() == 5
    assert {label.get_size() for label in axes.get_xticklabels()} == {3}


def test_names_are_drawn_with_the_characters_of_the_font():
    assert drawable("Réseau α") == "Réseau α"
    assert drawable("网\n") == "\\u7f51\\n"
    assert drawable("x" * 50, 10) == "x" * 9 + "…"
