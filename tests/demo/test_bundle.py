"""JavaScript modules joined into one script."""

import pytest

from mnist1d_hf.demo.bundle import bundle


@pytest.fixture
def modules(tmp_path):
    """Writes modules, by their names, and joins what main.js imports."""

    def modules(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name}.js").write_text(source, encoding="utf-8")
        return bundle(tmp_path, "main.js")

    return modules


def test_each_module_stands_once_after_what_it_needs(modules):
    script = modules(
        main='import { b } from "./b.js";\nimport { a, A } from "./a.js";\n\nb(a, new A());\n',
        a="export const a = 1;\nexport class A {}\n",
        b='import { a } from "./a.js";\n\nexport async function b() {\n  return a;\n}\n',
        unused="export const c = 1;\n",
    )
    assert script == (
        '"use strict";\n'
        "\n// a.js\nconst a = 1;\nclass A {}\n"
        "\n// b.js\nasync function b() {\n  return a;\n}\n"
        "\n// main.js\nb(a, new A());\n"
    )


def test_comments_that_fill_their_lines_are_left_out(modules):
    source = '// One.\nlet a = 1; // two\n/** Three. */\nlet b = "// four";\n  /*\n * x */\n/**\n * Five\n */\nf();\n  // six\n'
    kept = 'let a = 1; // two\nlet b = "// four";\n  /*\n * x */\nf();\n'
    assert modules(main=source).partition("// main.js\n")[2] == kept


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"a": "export const x = 1;", "b": "function x() {}"}, "'x' is at the top of a.js and of b.js; rename one of them"),
        ({"a": "export let x = 1;\nasync function x() {}", "b": ""}, "'x' is at the top of a.js and of a.js"),
        ({"a": 'import { x } from "./b.js";', "b": 'import { y } from "./a.js";'}, "import each other: a.js -> b.js -> a.js"),
        ({"a": 'import { x } from "./a.js";', "b": ""}, "import each other: a.js -> a.js"),
        ({"a": 'import { x } from "./c.js";', "b": ""}, "a.js imports c.js, which does not exist"),
        ({"a": 'import { x, y } from "./b.js";', "b": "export const x = 1;\nconst y = 2;"}, "a.js imports y from b.js, which"),
        ({"a": 'import x from "./b.js";', "b": ""}, "a.js, line 1: 'import x from"),
        ({"a": 'import { x as y } from "./b.js";', "b": ""}, "a.js, line 1: "),
        ({"a": 'import { x } from "https://b.c/b.js";', "b": ""}, "a.js, line 1: "),
        ({"a": "\nexport default 1;", "b": ""}, "a.js, line 2: 'export default 1;' is not in a form"),
        ({"a": "export { x };", "b": ""}, "a.js, line 1: "),
        ({"a": "const { x } = y;", "b": ""}, "a.js, line 1: "),
        ({"a": "const [x] = y;", "b": ""}, "a.js, line 1: "),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_named(modules, sources, message):
    with pytest.raises(ValueError, match=message) as raised:
        modules(main=importing(sources), **sources)
    assert "\n" not in str(raised.value)


def importing(sources):
    """A module that imports others for nothing but their presence: a name that each of them exports is added."""
    for name in sources:
        sources[name] += f"\nexport const the_{name} = 0;"
    return "".join(f'import {{ the_{name} }} from "./{name}.js";\n' for name in sources)


def test_a_missing_entry_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"imports main\.js, which does not exist"):
        bundle(tmp_path, "main.js")
