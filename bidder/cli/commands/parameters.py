"""`bidder parameters`: keys, rates, intervals and limits in Parameter Store."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """Keys, rates, intervals and limits in Parameter Store."""


@command.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """Each parameter with its value and default. Secrets are not shown."""
    from bidder.cli import parameters

    parameters.list_parameters(session.service, as_json=as_json)


@command.command()
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Print a secret.")
@json_option
@pass_session
def get(session: Session, name: str, reveal: bool, as_json: bool) -> None:
    """One parameter's value, or its default."""
    from bidder.cli import parameters

    parameters.print_parameter(session.service, name, reveal=reveal, as_json=as_json)


@command.command()
@pass_session
def check(session: Session) -> None:
    """Check all stored parameters."""
    from bidder.cli import parameters

    parameters.check(session.service)


# A value may begin with a hyphen: a number, or a key in base64url.
@command.command("set", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("name")
@click.argument("value")
@click.option("--force", is_flag=True, help="Replace signing keys even if existing keys are lost.")
@pass_session
def set_(session: Session, name: str, value: str, force: bool) -> None:
    """Change a parameter, for running processes too.

    - as VALUE reads standard input, for secrets.
    """
    from bidder.cli import parameters

    with session.writing(f"`bidder parameters get {name}` tells whether it is changed", f"{name} is changed"):
        parameters.change(session.service, name, value, force=force)
