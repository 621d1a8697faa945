from pathlib import Path

import pytest

from bidder.cli import environment
from bidder.cli.environment import load_environment, variables_of


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_file_of_make_run_fills_in_what_the_shell_does_not_set() -> None:
    Path(".local").mkdir()
    Path(".local/env").write_text("# local\nBIDDER_SEAT=file\nAWS_ENDPOINT_URL=http://127.0.0.1:4566\n\n")
    environ = {"BIDDER_SEAT": "shell"}

    load_environment(environ)

    assert environ == {"BIDDER_SEAT": "shell", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


def test_without_the_file_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "DEFAULT_FILE", ".local/no-such-file")  # `make run` may have left one
    environ: dict[str, str] = {}

    load_environment(environ)

    assert environ == {}


def test_the_first_line_of_a_name_counts(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("A=1\nexport B = x=y \nA=2\n#C=3\nD\n")

    assert variables_of(path) == {"A": "1", "B": "x=y"}


def test_a_file_that_is_named_must_be_there() -> None:
    with pytest.raises(FileNotFoundError, match=r"prod\.env"):
        load_environment({"BIDDER_ENV": "prod.env"})
