"""`bidder events`: what comes back of bids."""

import click

from bidder.cli.session import Session, pass_session

QUEUES = ("ledger", "archive", "learning", "frequency", "notices")


@click.group()
def command() -> None:
    """What comes back of bids."""


@command.command()
@click.argument("queue", type=click.Choice(QUEUES))
@pass_session
def redrive(session: Session, queue: str) -> None:
    """Put what a consumer set aside back into its queue; repeats count once."""
    from bidder.cli.redrive import redrive as move_back

    move_back(queue, session.service.settings.notices_queue, session.note_stored)
