"""Joins JavaScript modules into one script with one scope, so that a page needs no other file.

Modules import by single lines `import { a, b } from "./x.js";` and export by a word before a declaration at the beginning of a
line. Both are taken away, so names at the top of modules must differ. Comments that fill their lines are left out: the page has
little room, and they are in the modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_IMPORT = re.compile(r'import \{ (\w+(?:, \w+)*) \} from "\./([\w-]+\.js)";')
_DECLARATION = re.compile(r"(export )?(?:async )?(?:function\*?|class|const|let|var) (\w+)")
_COMMENT = re.compile(r"^ *(?://.*|/\*\*(?s:.*?)\*/)\n", flags=re.MULTILINE)
_STATEMENT = re.compile(r"(?:import|export|(?:async )?function|class|const|let|var)\b")


@dataclass(frozen=True)
class _Module:
    """What a module imports, by the file it comes from, what it declares and exports, and its other lines."""

    imports: list[tuple[str, list[str]]]
    names: list[str]
    exports: list[str]
    text: str


def bundle(folder: Path, entry: str) -> str:
    """Return the script of a module and of all that it imports, each after what it needs.

    Raises ValueError, with file and line, for an import or an export of another form, for a file or a name that is not there,
    for modules that import each other, and for a name that two of them have at their top.
    """
    modules: dict[str, _Module] = {}
    _add(folder, entry, modules, ())
    owners: dict[str, str] = {}
    for file, module in modules.items():
        for name in module.names:
            if name in owners:
                raise ValueError(f"{name!r} is at the top of {owners[name]} and of {file}; rename one of them")
            owners[name] = file
    return '"use strict";\n' + "".join(f"\n// {file}\n{module.text}\n" for file, module in modules.items())


def _add(folder: Path, file: str, modules: dict[str, _Module], importers: tuple[str, ...]) -> None:
    """Add a module after those that it imports."""
    if file in importers:
        raise ValueError(f"modules import each other: {' -> '.join([*importers[importers.index(file) :], file])}")
    if file in modules:
        return
    if not (folder / file).is_file():
        raise ValueError(f"{importers[-1] if importers else folder} imports {file}, which does not exist")
    module = _parse(file, (folder / file).read_text(encoding="utf-8"))
    for imported, names in module.imports:
        _add(folder, imported, modules, (*importers, file))
        missing = [name for name in names if name not in modules[imported].exports]
        if missing:
            raise ValueError(f"{file} imports {', '.join(missing)} from {imported}, which does not export it")
    modules[file] = module


def _parse(file: str, source: str) -> _Module:
    """Read a module; what is not at the beginning of a line is left alone."""
    module = _Module([], [], [], "")
    lines = []
    for number, line in enumerate(source.splitlines(), 1):
        if imported := _IMPORT.fullmatch(line):
            module.imports.append((imported[2], imported[1].split(", ")))
            continue
        if declared := _DECLARATION.match(line):
            module.names.append(declared[2])
            if declared[1]:
                module.exports.append(declared[2])
                line = line.removeprefix("export ")
        elif _STATEMENT.match(line):
            raise ValueError(f"{file}, line {number}: {line!r} is not in a form that can be joined with other modules")
        lines.append(line)
    return _Module(module.imports, module.names, module.exports, _COMMENT.sub("", "\n".join(lines) + "\n").strip())
