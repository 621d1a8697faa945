"""The pages call only make targets, modules and AWS commands that exist, with options and parameters that they know.

`tests/unit/cli/test_command_docs.py` does the same for the command line `bidder`.
"""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session

from tools.template import join_templates, load_template

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")} - {ROOT / "CHANGELOG.md"}
)
CODE = re.compile(r"^```(\w*)\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
START = r"(?:^|[;|(]|&& |^.*? in )\s*(?:time )?(?:[A-Z_]+=\S* )*(?:env \$\(.*?\) )?(?:\.venv/bin/)?"

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
SOURCES = [path.read_text() for folder in ("loadtest", "tools") for path in (ROOT / folder).glob("*.py")]
VARIABLES = set(re.findall(r"\$\((?:if |filter \w+,)?([A-Z_]+)", MAKEFILE)) | {
    name for source in SOURCES for name in re.findall(r'environ[^"\n]*"([A-Z_]+)"', source)
}
CLI_NAMES = {"deploy": "codedeploy"}
"""Services whose name in the AWS command line differs from that in botocore."""
CUSTOM = {
    ("cloudformation", "deploy"): {"template-file", "stack-name", "capabilities", "parameter-overrides"},
    ("s3", "ls"): set(),
    ("sns", "subscribe"): {"topic-arn", "protocol", "notification-endpoint"},
}
"""Commands that the AWS command line adds or renames, with the options that the pages use."""
GLOBAL_OPTIONS = {"query", "output", "region", "profile"}


def commands(text: str) -> Iterator[str]:
    """Each command in code of a page: in backticks, and the lines of blocks, without comments."""
    for language, block, inline in CODE.findall(text):
        if inline:
            yield inline
        elif language not in {"python", "js", "html", "json", "sql", "mermaid", "xml", "yaml"}:
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                yield re.sub(r"\s# .*", "", line).removeprefix("$ ")


def calls(text: str, program: str) -> Iterator[list[str]]:
    """The words after a program in each command that calls it."""
    for command in commands(text):
        for called in re.finditer(rf"{START}{program} ([^;|&)]+)", command):
            try:
                yield shlex.split(called[1])
            except ValueError:  # a quotation that goes on behind the end
                yield called[1].split()


@cache
def template_names(section: str) -> frozenset[str]:
    """The names in a section, such as Parameters, of the stack and of the templates in `deploy/`."""
    templates = [
        join_templates(ROOT / ".chalice" / "resources"),
        *map(load_template, (ROOT / "deploy").glob("*.yaml")),
    ]
    return frozenset(name for template in templates for name in template.get(section, {}))


def wrong_in_make(words: list[str]) -> Iterator[str]:
    for word in words:
        name, assigned, value = word.partition("=")
        if not assigned:
            yield from () if name in {*TARGETS, "…"} else (name,)
        elif name not in VARIABLES:
            yield name
        elif name == "PARAMETERS":
            yield from (each for each in re.findall(r"(\w+)=", value) if each not in template_names("Parameters"))


@cache
def aws_options(service: str, operation: str) -> frozenset[str] | None:
    """The options of a command of the AWS command line, or None if there is no such command."""
    if (service, operation) in CUSTOM:
        return frozenset(CUSTOM[service, operation])
    session = Session()
    name = CLI_NAMES.get(service, service)
    if name not in session.get_available_services():
        return None
    model = session.get_service_model(name)
    named = {xform_name(each, "-"): each for each in model.operation_names}
    if operation not in named:
        return None
    shape: Any = model.operation_model(named[operation]).input_shape
    return frozenset(xform_name(member, "-") for member in (shape.members if shape else ()))


def wrong_in_aws(words: list[str]) -> Iterator[str]:
    if words[1:] in ([], ["…"]):
        yield from () if words[0] in Session().get_available_services() else words[:1]
        return
    known_options = aws_options(words[0], words[1])
    if known_options is None:
        yield " ".join(words[:2])
        return
    yield from (
        word
        for word in words
        if word.startswith("--") and word[2:].partition("=")[0] not in known_options | GLOBAL_OPTIONS
    )
    for number, word in enumerate(words):
        if word == "--template-file" and not (ROOT / words[number + 1]).is_file():
            yield words[number + 1]
        if word == "--parameter-overrides":
            variables = [each.partition("=")[0] for each in words[number + 1 :] if "=" in each]
            yield from (name for name in variables if name not in template_names("Parameters"))


def wrong_module(words: list[str]) -> Iterator[str]:
    if words[0] == "-m" and find_spec(words[1]) is None:
        yield words[1]


CHECKS = {"make": wrong_in_make, "aws": wrong_in_aws, "python": wrong_module}


def faults(text: str) -> list[tuple[str, str]]:
    """Each call with the words that its program does not know."""
    return [
        (" ".join([program, *words]), wrong)
        for program, check in CHECKS.items()
        for words in calls(text, program)
        for wrong in check(words)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_on_a_page_exists(page: Path) -> None:
    assert faults(page.read_text()) == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("make deplo CONFIRM=yes", ["deplo"]),
        ("AWS_PROFILE=x make deploy CONFRIM=yes", ["CONFRIM"]),
        ('make deploy PARAMETERS="Seat=a Seet=b"', ["Seet"]),
        ("time make rollback && make smok URL=x", ["smok"]),
        ("aws dynamo list-tables", ["dynamo list-tables"]),
        ("aws dynamodb list-table", ["dynamodb list-table"]),
        ("aws dynamodb describe-table --table x", ["--table"]),
        ("aws cloudformation deploy --template-file deploy/role.yaml --stack-name x", ["deploy/role.yaml"]),
        ("aws cloudformation deploy --parameter-overrides Image=x Imaeg=y", ["Imaeg"]),
        (".venv/bin/python -m loadtest.overlode", ["loadtest.overlode"]),
    ],
)
def test_a_wrong_word_is_named(command: str, wrong: list[str]) -> None:
    assert [word for _, word in faults(f"```\n{command}   # a comment\n```\n")] == wrong


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_named_alarm_is_in_a_template(page: Path) -> None:
    assert set(re.findall(r"\b[A-Z]\w+Alarm\b", page.read_text())) <= template_names("Resources") | template_names(
        "Parameters"
    )


STACK_PARAMETERS = re.compile(
    r"^\| (?:stack parameter|parameter of `deploy/\S+`) \|.*\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE
)


def test_the_tables_of_stack_parameters_name_parameters() -> None:
    tables = [table for page in PAGES for table in STACK_PARAMETERS.findall(page.read_text())]
    cells = [row.split("|")[1] for table in tables for row in table.splitlines()]
    names = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}

    assert len(tables) >= 2
    assert names <= template_names("Parameters")


def lone_sleeps(text: str) -> list[str]:
    """The commands that sleep for a fixed time, not between the attempts of a loop."""
    return [command for command in commands(text) if re.search(rf"{START}sleep\b", command)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_waits_for_a_result_not_for_a_time(page: Path) -> None:
    assert lone_sleeps(page.read_text()) == []


@pytest.mark.parametrize("command", ["sleep 10; bidder campaigns list", "make smoke URL=x; sleep 5", "(sleep 1)"])
def test_a_sleep_outside_a_loop_is_named(command: str) -> None:
    assert lone_sleeps(f"```\n{command}\n```\n") == [command]
    assert lone_sleeps("```\nuntil curl -s 127.0.0.1; do sleep 1; done\n```\n") == []


def test_the_pages_have_commands_of_each_program() -> None:
    numbers = {program: sum(len(list(calls(page.read_text(), program))) for page in PAGES) for program in CHECKS}

    assert numbers["make"] > 80
    assert numbers["aws"] > 20
    assert numbers["python"] > 8
