"""`bidder events`: the events of bids, and their dead-letter queues."""

import click

from bidder.cli.session import Session, pass_session

QUEUES = ("ledger", "archive", "learning", "frequency", "notices")


@click.group()
def command() -> None:
    """The events of bids, and their dead-letter queues."""


@command.command()
@click.argument("queue", type=click.Choice(QUEUES))
@pass_session
def redrive(session: Session, queue: str) -> None:
    """Move a dead-letter queue back to the queue of its consumer.

    Repeated messages count once.
    """
    from bidder.cli.redrive import redrive as move_back

    move_back(queue, session.service.settings.notices_queue, session.note_stored)
