"""The help of the commands, and the imports that it needs."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bidder.cli.main import bidder

ROOT = Path(__file__).parents[3]
COMMANDS = sorted(path.stem.replace("_", "-") for path in (ROOT / "bidder/cli/commands").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_file_is_a_command_with_a_line_of_help_and_every_listing_takes_json(name: str) -> None:
    answer = CliRunner().invoke(bidder, ["--help"])
    assert f"\n  {name} " in answer.output
    command = bidder.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help
    listings = [
        subcommand
        for key, subcommand in getattr(command, "commands", {}).items()
        if key in {"list", "show", "history", "status"}
    ]
    assert all(
        "as_json" in {p.name for p in subcommand.params} or "_json" in {p.name for p in subcommand.params}
        for subcommand in listings
    )


def test_every_command_has_its_complete_help_line_at_80_columns() -> None:
    groups: list[tuple[str, ...]] = [()]
    for path in groups:
        answer = CliRunner(env={"COLUMNS": "80"}).invoke(bidder, [*path, "--help"])
        help_lines = re.findall(r"^  ([a-z-]+)  +(\S.*)$", answer.output.partition("Commands:\n")[2], re.MULTILINE)
        assert not [f"{' '.join(path)} {name}: {line}" for name, line in help_lines if line.endswith("...")]
        if not path:
            names = [name for name, _ in help_lines]
            groups += [(name,) for name in names if isinstance(bidder.get_command(None, name), click.Group)]  # type: ignore[arg-type]
    assert len(groups) > 8


def test_help_and_completions_import_no_aws() -> None:
    code = (
        "import sys; from bidder.cli.main import main; s = [main(a) for a in (['--help'], ['campaigns', '--help'], "
        "['completions', 'bash'], ['--version'])]\n"
        "print(s, [m for m in sys.modules if m.startswith(('boto', 'pydantic'))])"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603

    assert answer.stdout.splitlines()[-1] == "[0, 0, 0, 0] []"
    assert "_BIDDER_COMPLETE" in answer.stdout


def test_the_module_is_the_same_command_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bidder", "campaigns", "--help"]
    answer = subprocess.run(  # noqa: S603  our own command
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )

    assert answer.stdout.startswith("Usage: bidder campaigns ")
