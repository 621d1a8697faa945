"""The glossary names existing files, and each file has its term in its name or in its docstrings."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
ROWS = [row for row in ROW.findall((ROOT / "docs" / "glossary.md").read_text()) if row[0] not in {"term", "---"}]


def first_lines(path: Path) -> str:
    """The path, the module docstring and the first line of each docstring of a class or a function, in lower case."""
    tree = ast.parse(path.read_text())
    documented = [node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    summaries = [(ast.get_docstring(node) or "").partition("\n")[0] for node in documented]
    text = "\n".join([str(path.relative_to(ROOT)), ast.get_docstring(tree) or "", *summaries])
    return re.sub(r"[-_]", " ", text).lower()


def names_of(term: str) -> list[str]:
    """The names in a cell, in lower case: `invalid traffic`, `givt` and `sivt` for `invalid traffic (GIVT, SIVT)`."""
    return [re.sub(r"[-_]", " ", name).strip().lower() for name in re.split(r"[(),]", term) if name.strip()]


@pytest.mark.parametrize(("term", "files"), ROWS, ids=[term for term, _ in ROWS])
def test_the_files_of_a_term_have_the_term_in_their_name_or_docstrings(term: str, files: str) -> None:
    paths = re.findall(r"`([^`]+)`", files)

    assert paths
    for path in paths:
        assert any(name in first_lines(ROOT / path) for name in names_of(term)), path


def test_the_glossary_has_at_least_forty_terms() -> None:
    assert len(ROWS) >= 40
