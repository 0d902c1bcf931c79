"""Tables as HTML, and values that fit into their cells."""

import re

import pytest

from mnist1d_hf.utils.tables import align, html_table, shorten


def test_a_table_has_a_head_and_lines():
    html = html_table([("name", "rows"), ("cnn", 5), ("gru", "")], "sizes")
    assert html.startswith("<table><caption>sizes</caption><thead><tr><th>name</th><th>rows</th></tr></thead>")
    assert re.findall(r"<tr><th>(\w+)</th><td>(\w*)</td></tr>", html) == [("cnn", "5"), ("gru", "")]


def test_the_first_columns_of_a_text_table_are_aligned_left():
    lines = [("a", "bb", "c"), ("aa", "b", "cc")]
    assert align(lines) == "a   bb   c\naa   b  cc"
    assert align(lines, left=2) == "a   bb   c\naa  b   cc"


def test_one_line_of_a_table_is_bold():
    lines = re.findall("<tr[^<]*<th>", html_table([("n",), ("a",), ("b",)], bold=1))
    assert lines == ["<tr><th>", "<tr><th>", '<tr style="font-weight: bold"><th>']


def test_text_from_elsewhere_is_escaped():
    evil = "<script>alert('&\"')</script>"
    html = html_table([(evil, evil), (evil, evil)], evil)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;") == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (3, "3"),
        ([1.0, 2.5, 1e-9, 4.0], "[1, 2.5, 1e-09, ...]"),
        ([[1.0], [2.0]], "[[1], [2]]"),
        ({"a": [0.5]}, "{'a': [0.5]}"),
        ("x" * 1000, f"'{'x' * 17}...{'x' * 18}'"),
    ],
)
def test_values_are_shortened(value, text):
    assert shorten(value) == text
