"""The modules that a program can import."""

from pathlib import Path

import pytest

from tools.imported_modules import imported_modules


def room(folder: Path, **sources: str) -> None:
    for name, text in sources.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)


@pytest.mark.parametrize(
    "statement",
    [
        "import own.a.b",
        "import own.a.b as c",
        "from own.a import b",
        "from own.a.b import something",
        "def f():\n    from own.a import b",
        "if False:\n    import own.a.b",
    ],
)
def test_a_module_is_found_for_each_form_of_import(tmp_path: Path, statement: str) -> None:
    room(tmp_path, own__a__b="import own.c\nimport json", own__c="from own import a", own__unused="import own.c")
    program = tmp_path / "app.py"
    program.write_text(statement)
    names = {path.relative_to(tmp_path / "own").as_posix() for path in imported_modules([program], "own", tmp_path)}
    assert names - {"__init__.py"} == {"a/b.py", "a/__init__.py", "c.py"}
