"""How many small mistakes the tests notice: `python benchmarks/mutation.py [--count 60] [--seed 0] [PART OF A PATH ...]`.

Mutants are drawn at random over the package, or over the modules whose path contains one of the arguments, one mistake in
each: a comparison, constant, operator, condition, result or default changed, an argument or a statement left out. Each is
tested in a copy of the tree: first by the tests that mirror its module, then by those of the modules that use it and those
that belong to its room and to no module, and with `--long` by the long ones of all of these. What survives is listed with its
line: some of it changes nothing that anyone could see, which only a reader can tell. The tests have to pass before.

Why not mutmut or cosmic-ray: mutmut 3 leaves out what stands outside of functions and what is decorated, which here are the
settings, recipes and presets, the properties, the commands and the registered architectures. cosmic-ray runs one command for
all mutants, so each would take the whole suite, and it draws no sample.
"""

import argparse
import ast
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "mnist1d_hf"

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
}  # fmt: skip
OMITTED = (ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)
NO_CODE = {"annotation", "returns", "type_params"}


def changed_constant(value):
    """Return another value of the same type, or None where there is nothing to change."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return 2 * value or 1.0
    if isinstance(value, str) and value.strip():
        return f"{value}X"
    return None


def negated(test):
    """Return the opposite of a condition."""
    return ast.UnaryOp(ast.Not(), test)


def mutations(node):
    """Yield the mistakes that can be made at a node, each as its name and a function that makes it in place."""
    match node:
        case ast.Compare(ops=[operator, *_]) if type(operator) in COMPARISONS:
            yield "comparison", lambda: node.ops.__setitem__(0, COMPARISONS[type(operator)]())
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in OPERATORS:
            yield "operator", lambda: setattr(node, "op", OPERATORS[type(operator)]())
        case ast.BoolOp(op=operator):
            yield "and/or", lambda: setattr(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield "condition", lambda: setattr(node, "test", negated(test))
        case ast.comprehension(ifs=[test, *_]):
            yield "condition", lambda: node.ifs.__setitem__(0, negated(test))
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield "result", lambda: setattr(node, "value", ast.Constant(None))
        case ast.Constant(value=value) if (other := changed_constant(value)) is not None:
            yield "constant", lambda: setattr(node, "value", other)
    yield from omissions(node)


def omissions(node):
    """Yield what can be left out at a node: named arguments of a call, and statements that give nothing a name."""
    for place, keyword in enumerate(getattr(node, "keywords", ())):
        if keyword.arg not in (None, "help"):
            yield "argument left out", lambda place=place: node.keywords.pop(place)
    for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
        for place, statement in enumerate(body if isinstance(body, list) else ()):
            is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            if is_call or isinstance(statement, OMITTED):
                yield "statement left out", lambda body=body, place=place: body.__setitem__(place, ast.Pass())


def code(node):
    """Yield the nodes that are executed: no docstrings, annotations, help texts or lists of public names."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in NO_CODE:
            continue
        for child in value if isinstance(value, list) else [value]:
            is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            is_help = isinstance(child, ast.keyword) and child.arg == "help"
            is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            is_public = isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "__all__"
            if isinstance(child, ast.AST) and not (is_text or is_help or is_typing or is_public):
                yield from code(child)


def all_mutations(tree):
    """Return (line, name, function that makes the mistake in the tree) for every mistake in a module."""
    found, line = [], 1
    for node in code(tree):
        line = getattr(node, "lineno", line)
        found += [(line, name, make) for name, make in mutations(node)]
    return found


def mutate(source, number):
    """Return the line, the name and the changed lines, and the module with the mistake of a number."""
    tree = ast.parse(source)
    before = ast.unparse(tree).splitlines()
    line, name, make = all_mutations(tree)[number]
    make()
    mutant = ast.unparse(ast.fix_missing_locations(tree))
    after = mutant.splitlines()
    first = next(place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    return line, name, f"- {before[first].strip()}\n+ {after[first].strip()}", mutant


def own_folder(module):
    """Return whether a module is part of an experiment in a folder, which is tested as a whole."""
    return module.parts[1] == "experiments" and len(module.parts) > 3


def mirrors(tree, module):
    """Return the tests that mirror a module: its file, or the folder of its experiment."""
    folder = tree / "tests" / module.parent.relative_to(PACKAGE)
    if own_folder(module):
        return [folder]
    return [path for path in [folder / f"test_{module.stem}.py"] if path.is_file()]


def importers(files, module):
    """Return the files that import a module, or anything else of its name."""
    name = module.parent.name if module.stem == "__init__" else module.stem
    importing = re.compile(rf"^(?:from|import) .*\b{name}\b", flags=re.MULTILINE)
    return [path for path in files if importing.search(path.read_text(encoding="utf-8"))]


def tests_of(tree, module):
    """Return the paths of the nearest tests of a module, and of those around: of its users and of its whole room."""
    files = sorted((tree / "tests").rglob("test_*.py"))
    users = [] if own_folder(module) else importers(sorted((tree / PACKAGE).rglob("*.py")), module)
    of_users = [path for user in users for path in mirrors(tree, user.relative_to(tree))]
    room = module.relative_to(PACKAGE).parts[0]
    names = {path.stem for path in (tree / PACKAGE / room).rglob("*.py")}
    of_room = [path for path in files if path.parent.name == room and path.stem.removeprefix("test_") not in names]
    own = [] if own_folder(module) else importers(files, module)
    near = mirrors(tree, module) or [path for path in own if room in path.parts] or of_room or of_users or own
    wide = {path for path in (*own, *of_users, *of_room) if path not in near and path.parent not in near}
    return near, sorted(wide)


def first_failure(tree, tests, seconds, marker=None):
    """Return the test that fails first, or what else went wrong; nothing if all pass, or none is selected."""
    if not tests:
        return ""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command += [*(["-m", marker] if marker else []), *map(str, tests)]
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output,
        subprocess.Popen(
            command, cwd=tree, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            if process.wait(seconds) in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
                return ""
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "out of time"
        output.seek(0)
        failures = re.findall(r"^(?:FAILED|ERROR) (?:.*/)?(\S+)", output.read(), flags=re.MULTILINE)
        return failures[0] if failures else "no test could run"


def caught_by(tree, module, arguments):
    """Return the test that notices what is wrong with a module of the tree, or nothing."""
    near, wide = tests_of(tree, module)
    return (
        first_failure(tree, near, arguments.timeout)
        or first_failure(tree, wide, arguments.timeout)
        or (arguments.long and first_failure(tree, [*near, *wide], arguments.timeout, "long and not slow"))
    )


def draw(sources, count, seed):
    """Return modules and numbers of mutants in a random order: the kind first, since most mutants change constants."""
    by_kind = {}
    for module, source in sources.items():
        for number, (_, name, _) in enumerate(all_mutations(ast.parse(source))):
            by_kind.setdefault(name, []).append((module, number))
    generator, drawn = random.Random(seed), []
    while len(drawn) < count and by_kind:
        kind = generator.choice(sorted(by_kind))
        drawn.append(by_kind[kind].pop(generator.randrange(len(by_kind[kind]))))
        by_kind = {name: mutants for name, mutants in by_kind.items() if mutants}
    return drawn


def main():
    """Test mutants in a random order, and print what survives."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("paths", nargs="*", help="parts of the paths of modules; all modules if none is given")
    parser.add_argument("--count", type=int, default=60, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--timeout", type=float, default=600, help="seconds per set of tests; who takes longer is caught"
    )
    parser.add_argument("--long", action="store_true", help="run the long tests, too, before a mutant survives")
    arguments = parser.parse_args()
    modules = [path.relative_to(ROOT) for path in sorted((ROOT / PACKAGE).rglob("*.py"))]
    modules = [path for path in modules if not arguments.paths or any(part in str(path) for part in arguments.paths)]
    sources = {module: (ROOT / module).read_text(encoding="utf-8") for module in modules}
    drawn = draw(sources, arguments.count, arguments.seed)
    print(f"{len(drawn)} mutants in {len(modules)} modules, seed {arguments.seed}", flush=True)
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__", "dist"))
        for count, (module, number) in enumerate(drawn, 1):
            line, name, difference, mutant = mutate(sources[module], number)
            start = time.monotonic()
            (tree / module).write_text(mutant, encoding="utf-8")
            found = caught_by(tree, module, arguments)
            (tree / module).write_text(sources[module], encoding="utf-8")
            survivors += not found
            print(
                f"{count:4} {found or 'SURVIVED'}: {module}:{line} {name}, {time.monotonic() - start:.0f} s", flush=True
            )
            if not found:
                print(difference, flush=True)
    print(f"{len(drawn) - survivors} of {len(drawn)} were caught; {survivors} survived, of which some change nothing")


if __name__ == "__main__":
    main()
