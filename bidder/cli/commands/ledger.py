"""`bidder ledger`: the counted spend."""

from datetime import UTC, date, datetime

import click

from bidder.cli.session import Session, json_option, pass_session
from bidder.cli.times import Day


@click.group()
def command() -> None:
    """The counted spend."""


@command.command()
@click.option(
    "--day", metavar="D", type=Day(), required=True, help="The day, such as 2026-11-23, in each campaign's time zone."
)
@json_option
@pass_session
def verify(session: Session, day: date, as_json: bool) -> None:
    """Compare the archived spend with the counters of the ledger."""
    from bidder.cli.ledger import print_verification

    print_verification(session.service, day, datetime.now(UTC), as_json=as_json)


@command.command()
@click.option(
    "--day", metavar="D", type=Day(), required=True, help="The day, such as 2026-11-23, in each campaign's time zone."
)
@pass_session
def recount(session: Session, day: date) -> None:
    """Count archived events that a restored ledger lacks."""
    from bidder.cli.recount import recount as count_again

    with session.writing(
        "some events may be counted; run the command again to continue, repeated events count once", "they are counted"
    ):
        counted = count_again(session.service, day, datetime.now(UTC))
    click.echo(f"{counted} events of {day} were in the archive alone and are counted now")
