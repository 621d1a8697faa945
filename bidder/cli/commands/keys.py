"""`bidder keys`: the rotation of the signing key of event URLs."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """Rotate the signing key of event URLs without losing an event."""


@command.command()
@json_option
@pass_session
def status(session: Session, as_json: bool) -> None:
    """The keys by their ids, and the next step of a rotation."""
    from bidder.cli import keys

    keys.print_status(session.service, as_json=as_json)


@command.command()
@click.option("--force", is_flag=True, help="Do the next step now, even if events are lost.")
@pass_session
def rotate(session: Session, force: bool) -> None:
    """Make the next of three steps of a rotation.

    Add a key, sign by it, drop the old one: call it once for each.
    """
    from bidder.cli import keys

    with session.writing("`bidder keys status` shows the keys", "the step is made"):
        keys.rotate(session.service, force=force)
