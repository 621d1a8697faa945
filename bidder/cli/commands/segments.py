"""`bidder segments`: the names, sizes and costs of the segments that campaigns target."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """The names, sizes and costs of segments that campaigns target."""


@command.command("import")
@click.argument("file")
@pass_session
def import_(session: Session, file: str) -> None:
    """Add or replace the segments of a YAML FILE.

    The form is segments: [{id, provider, name, size, cost}]. - is standard input.
    """
    from bidder.cli import segments

    segments.import_file(session.service, file, session.note_stored)


@command.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """All segments, as campaigns write them."""
    from bidder.cli import segments

    segments.list_segments(session.service, as_json=as_json)


@command.command()
@click.argument("id")
@json_option
@pass_session
def show(session: Session, id: str, as_json: bool) -> None:  # noqa: A002  the argument's name
    """One segment, such as acme/42, and its changes."""
    from bidder.cli import segments

    segments.show(session.service, id, as_json=as_json)
