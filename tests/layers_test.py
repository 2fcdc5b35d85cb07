"""The order of the rooms: a module imports only what lies below it, and no modules import each other in a circle.

Every import counts: at the top of a module, inside a function, and under TYPE_CHECKING. They are read from the source.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the roof down: each room imports only rooms that stand behind it here (docs/architecture.md).
ROOMS: Mapping[str, tuple[str, ...]] = {
    "kubectl_mc": (
        "__main__", "cli", "commands", "changes", "reads", "merge", "access", "fleet", "processes", "command_line",
        "messages", "__init__",
    ),
    "fixtures": (
        "demo", "__main__", "fleet", "real", "client_files", "api_server", "kubelet", "cluster", "auth", "printers",
        "seeds", "storage", "__init__",
    ),
}  # fmt: skip

# What may lie beside the rooms at the top level.
TOP_LEVEL_FILES: Mapping[str, int] = {"kubectl_mc": 3, "fixtures": 5}


def modules(package: str) -> dict[str, Path]:
    """Each module of a package with its file."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(source: str, names: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in a source text that is of one of the modules `names`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
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
