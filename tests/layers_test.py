# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The order of the rooms: a module imports only what lies below it, and no modules import each other in a circle.

Every import counts: at the top of a module, inside a function, and under TYPE_CHECKING. They are read from the source,
so none may be relative or computed. In pure modules, nothing may be used that reads or changes what lies outside them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the roof down: each room imports only rooms that stand behind it here (docs/architecture.md).
ROOMS: Mapping[str, tuple[str, ...]] = {
    "kubectl_mc": (
        "__main__", "cli", "commands", "changes", "reads", "merge", "access", "fleet", "processes", "command_line",
        "messages", "named_tuples", "type_hints", "__init__",
    ),
    "fixtures": (
        "demo", "__main__", "fleet", "real", "client_files", "api_server", "kubelet", "cluster", "auth", "printers",
        "seeds", "storage", "__init__",
    ),
}  # fmt: skip

# What may lie beside the rooms at the top level.
TOP_LEVEL_FILES: Mapping[str, int] = {"kubectl_mc": 5, "fixtures": 5}


def modules(package: str) -> dict[str, Path]:
    """Each module of a package with its file."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(source: str, names: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in a source text that is of one of the modules `names`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported = {f"{node.module}.{alias.name}" for alias in node.names}
            submodules = imported & set(names)
            if len(submodules) < len(imported) and node.module in names:
                submodules.add(node.module)
            yield from ((node.lineno, module) for module in sorted(submodules))


def room(module: str) -> str:
    """The room in which a module lies: `commands` for kubectl_mc.commands.setup, `__init__` for kubectl_mc itself."""
    return [*module.split("."), "__init__"][1]


def violations(package: str, sources: Mapping[str, str]) -> list[str]:
    """The imports of a package that lead up to a higher room, as `module:line imports module`."""
    order = ROOMS[package].index
    return [
        f"{module}:{line} imports {imported}"
        for module, source in sources.items()
        for line, imported in imports(source, sources)
        if order(room(imported)) < order(room(module))
    ]


def uses(source: str) -> Iterator[tuple[int, str]]:
    """(line, use) of what a source text imports, `import os.path` or `import .x`, and of its names and attributes.

    An attribute is given with dots, `os.path.join`, and by itself, `.join`.
    """
    nodes = list(ast.walk(ast.parse(source)))
    parts = {node.value for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, f"import {alias.name}" + (f".{alias.asname}" if alias.asname else "")
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (f"{node.module}." if node.module else "")
            yield from ((node.lineno, f"import {start}{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, f".{node.attr}"
            if node not in parts and re.fullmatch(r"[\w.]+", name := ast.unparse(node)):
                yield node.lineno, name


def hidden_imports(sources: Mapping[str, str]) -> list[str]:
    """Imports that the other checks can't follow (relative or computed), and those of packages that aren't installed.

    cli.py may compute one: the command that is typed.
    """
    relative, computed = r"import \.", r"import (importlib|pkgutil|runpy)\b|__import__"
    foreign = r"import (fixtures|tests)\b"
    return [
        f"{module}:{line} {use}"
        for module, source in sources.items()
        for line, use in uses(source)
        if re.match(relative, use)
        or (re.match(computed, use) and module != "kubectl_mc.cli")
        or (re.match(foreign, use) and module.startswith("kubectl_mc"))
    ]


# The rooms in which every module is pure; elsewhere its docstring says "Pure".
PURE_ROOMS = ("merge", "command_line", "messages")

IMPURE_MODULES = (
    "asyncio", "fcntl", "getpass", "glob", "pathlib", "plumbum", "random", "secrets", "select", "selectors", "shutil",
    "signal", "socket", "subprocess", "tempfile", "threading", "time", "uuid",
)  # fmt: skip

# Modules of which a pure module may use only this.
PARTLY_PURE = {
    "io": ("io.StringIO",),
    "os": ("os.fsencode", "os.fsdecode", "os.pathsep", "os.sep", "os.path.sep", "os.path.join", "os.path.basename",
           "os.path.dirname", "os.path.normpath", "os.path.split", "os.path.splitext", "os.path.isabs"),
    "sys": ("sys.maxsize",),
}  # fmt: skip

# Functions that read, write or ask the time, and properties of ours that do.
IMPURE_NAMES = (
    "open", "input", "print", ".isatty", ".now", ".utcnow", ".today", ".streams", ".shows_on_terminal",
    ".shows_colours",
)  # fmt: skip


def is_pure(module: str, source: str) -> bool:
    """Whether a module is said to be pure."""
    return room(module) in PURE_ROOMS or bool(re.search(r"\bPure\b", ast.get_docstring(ast.parse(source)) or ""))


def impurities(module: str, source: str) -> list[str]:
    """What a module uses that is not pure, as `module:line use`."""

    def is_impure(use: str) -> bool:
        name = use.removeprefix("import ")
        first, dot, _ = name.partition(".")
        partly = bool(dot) and name not in PARTLY_PURE.get(first, (name,))
        return use in IMPURE_NAMES or partly or (use != name and first in IMPURE_MODULES)

    return [f"{module}:{line} {use}" for line, use in uses(source) if is_impure(use)]


def circle(sources: Mapping[str, str]) -> list[str]:
    """Modules that import each other in a circle, in its order; [] for none."""
    graph = {
        module: {imported for _, imported in imports(source, sources)} - {module} for module, source in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def sources(package: str) -> dict[str, str]:
    return {module: path.read_text(encoding="utf-8") for module, path in modules(package).items()}


@pytest.mark.parametrize("package", ROOMS)
def test_each_room_imports_only_rooms_below_it(package: str) -> None:
    assert violations(package, sources(package)) == []


@pytest.mark.parametrize("package", ROOMS)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    assert circle(sources(package)) == []


@pytest.mark.parametrize("package", ROOMS)
def test_the_rooms_are_packages_and_hardly_a_file_lies_beside_them(package: str) -> None:
    assert {room(module) for module in modules(package)} == set(ROOMS[package])
    assert len(list((ROOT / package).glob("*.py"))) <= TOP_LEVEL_FILES[package]


@pytest.mark.parametrize("package", ROOMS)
def test_no_import_is_hidden(package: str) -> None:
    assert hidden_imports(sources(package)) == []


def test_pure_modules_use_nothing_that_is_not() -> None:
    pure = {module: source for module, source in sources("kubectl_mc").items() if is_pure(module, source)}
    assert {"kubectl_mc.changes.redaction", "kubectl_mc.merge.answers"} <= set(pure)
    assert [found for module, source in pure.items() for found in impurities(module, source)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "from .. import changes",
        "from . import answers",
        "from ..changes import gate",
        'from importlib import import_module\nimport_module("kubectl_mc.changes.gate")',
        "def late():\n    import importlib.util as util",
        '__import__("kubectl_mc.changes.gate")',
        "from fixtures import fleet",
        "import tests.environments",
    ],
)
def test_a_hidden_import_is_seen(statement: str) -> None:
    assert len(hidden_imports({"kubectl_mc.merge.answers": statement})) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "import subprocess",
        "from secrets import token_hex",
        "import socket as network",
        "def late():\n    from time import monotonic",
        "import random",
        "import tempfile",
        "from pathlib import Path",
        "with open(path) as file: pass",
        "import os\nvalue = os.environ",
        "from os import environ",
        "import os\nos.path.exists(path)",
        "from os import path",
        "import os as system",
        "import sys\nsys.stdin",
        "import sys\nsys.stdout.write(text)",
        "stream.isatty()",
        "request.shows_on_terminal",
        "datetime.now(zone)",
    ],
)
def test_what_is_not_pure_is_seen(statement: str) -> None:
    assert impurities("kubectl_mc.merge.answers", statement)


@pytest.mark.parametrize(
    "statement", ["import os\nos.path.join(os.fsdecode(path), os.pathsep)", "import io\nio.StringIO()", "timestamps()"]
)
def test_what_is_harmless_is_pure(statement: str) -> None:
    assert impurities("kubectl_mc.merge.answers", statement) == []


def test_an_import_that_is_turned_round_is_seen() -> None:
    """The same checks, on sources in which a lower room imports a higher one."""
    for statement in (
        "from kubectl_mc.changes import gate",
        "def late():\n    from kubectl_mc.changes.gate import run",
        "if TYPE_CHECKING:\n    import kubectl_mc.changes.gate",
    ):
        changed = {**sources("kubectl_mc"), "kubectl_mc.messages.words": statement}
        (violation,) = violations("kubectl_mc", changed)
        assert violation.startswith("kubectl_mc.messages.words:")
        assert "kubectl_mc.messages.words" in circle(changed)
