"""Names are specific, class names are unique, and files are short."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
VAGUE = {
    *("it", "its", "that", "them", "these", "they", "this", "those", "what", "who"),
    *("found", "one", "ones", "place", "places", "some", "stuff", "thing", "things"),
    *("answered", "asked", "began", "caught", "gone", "held", "mine", "ours", "ran"),
    *("rich", "said", "sold", "taken", "theirs", "told", "took", "watched"),
    *("alike", "apart", "barred", "bought", "everyone", "fitting", "involved", "matched", "noted"),
    *("picked", "playable", "priced", "ranked", "reached", "stating", "tried", "unpaid", "unpriced", "unreached"),
    *("beyond", "dearest", "densest", "drawn", "fates", "flying", "following", "furthest", "hindered", "less"),
    *("limiting", "narrowed", "owed", "resumes", "rolling", "saying", "spelled", "spoken", "unmended", "widest"),
}


def bound_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the name of each function, class, argument, variable and attribute that a module defines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield 0, name


def is_vague(name: str) -> bool:
    word = name.strip("_")
    return word in VAGUE or word.startswith("its_")


def vague_names(source: str) -> list[tuple[int, str]]:
    return [(line, name) for line, name in bound_names(ast.parse(source)) if is_vague(name)]


def sources() -> list[Path]:
    """The modules that mypy checks, which are all modules of the repository."""
    folders = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
    return [path for name in folders for path in ((ROOT / name).rglob("*.py") if "." not in name else [ROOT / name])]


@pytest.mark.slow
def test_no_name_is_vague() -> None:
    assert len(sources()) > 500

    assert [
        f"{path.relative_to(ROOT)}:{line}: {name}" for path in sources() for line, name in vague_names(path.read_text())
    ] == []


@pytest.mark.slow
def test_class_names_are_unique() -> None:
    """Except in tests, and except private classes."""
    modules: dict[str, list[str]] = defaultdict(list)
    for path in sources():
        if not path.is_relative_to(ROOT / "tests"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    modules[node.name].append(str(path.relative_to(ROOT)))

    assert {name: paths for name, paths in modules.items() if len(paths) > 1} == {}


def test_no_file_is_long() -> None:
    """A file of more than 350 lines has several subjects."""
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in sources()}

    assert {path: length for path, length in lengths.items() if length > 350} == {}
    assert median(lengths.values()) < 100


@pytest.mark.parametrize(
    "source",
    [
        "its = 1",
        "def found(): ...",
        "class those: ...",
        "def f(place): ...",
        "lambda one: one",
        "[thing for thing in ()]",
        "self.its_budget = 2",
        "for number, _found in (): ...",
        "import numpy as this",
        "try: ...\nexcept ValueError as what: ...",
        "match 1:\n    case it: ...",
    ],
)
def test_a_vague_name_is_detected_in_every_binding(source: str) -> None:
    assert len(vague_names(source)) == 1


def test_specific_and_unbound_names_are_accepted() -> None:
    assert vague_names("import pytest\nraise pytest.its(found)\nplacement = one_caller = founded = item") == []
