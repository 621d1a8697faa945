from pathlib import Path

import pytest

from bidder.cli import environment
from bidder.cli.environment import load_environment, variables_of


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_file_of_make_run_sets_variables_that_the_shell_lacks() -> None:
    Path(".local").mkdir()
    Path(".local/env").write_text("# local\nBIDDER_SEAT=file\nAWS_ENDPOINT_URL=http://127.0.0.1:4566\n\n")
    environ = {"BIDDER_SEAT": "shell"}

    load_environment(environ)

    assert environ == {"BIDDER_SEAT": "shell", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


def test_without_the_file_no_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "DEFAULT_FILE", ".local/no-such-file")  # a file of an earlier `make run` may exist
    environ: dict[str, str] = {}

    load_environment(environ)

    assert environ == {}


def test_the_first_line_for_a_variable_applies(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("A=1\nexport B = x=y \nA=2\n#C=3\nD\n")

    assert variables_of(path) == {"A": "1", "B": "x=y"}


def test_a_named_file_must_exist() -> None:
    with pytest.raises(FileNotFoundError, match=r"prod\.env"):
        load_environment({"BIDDER_ENV": "prod.env"})
