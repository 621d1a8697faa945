"""`bidder stop`: the switch of all bidding."""

import click

from bidder.cli.session import Session, pass_session


@click.command()
@pass_session
def command(session: Session) -> None:
    """Stop all bidding, in every process within seconds.

    Notices are still counted.
    """
    from datetime import UTC, datetime

    with session.writing("`bidder snapshot show VERSION` shows whether bidding is stopped", "bidding is stopped"):
        session.service.store.stop(datetime.now(UTC), stopped=True)
    click.echo("Bidding is stopped, in every process within the snapshot's check interval.")
