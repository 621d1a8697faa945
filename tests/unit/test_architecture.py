"""docs/architecture.md names each room and each module of bidder/, and the rooms that a room imports."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIDDER = ROOT / "bidder"
PAGE = (ROOT / "docs" / "architecture.md").read_text()
ROOMS = {path.parent.name for path in BIDDER.glob("*/__init__.py")}
ROWS = dict(re.findall(r"^\| `bidder/(\w+)/` \|.*\| (.*) \|$", PAGE, re.MULTILINE))


def imported_rooms(room: str) -> set[str]:
    """The other rooms that the modules of a room import, at any place."""
    nodes = [node for path in (BIDDER / room).rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [
        f"bidder.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "bidder"
        for alias in node.names
    ]
    names = {module.split(".")[1] for module in modules if module.startswith("bidder.")}
    return names & ROOMS - {room}


def test_each_room_has_a_row() -> None:
    assert ROWS.keys() == ROOMS


@pytest.mark.parametrize("room", sorted(ROOMS - {"cli"}))
def test_a_row_names_the_rooms_that_the_room_imports(room: str) -> None:
    named = set() if ROWS[room] == "none" else set(ROWS[room].split(", "))

    assert named == imported_rooms(room)


def test_each_module_outside_the_rooms_is_named() -> None:
    modules = {path.name for path in BIDDER.glob("*.py") if not path.name.startswith("__")}

    assert {name for name in modules if f"`{name}`" not in PAGE} == set()
