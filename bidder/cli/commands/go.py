"""`bidder go`: the switch of all bidding."""

import click

from bidder.cli.session import Session, pass_session


@click.command()
@pass_session
def command(session: Session) -> None:
    """Bid again after `bidder stop`."""
    from datetime import UTC, datetime

    with session.writing("`bidder snapshot show VERSION` shows whether bidding is stopped", "bidding continues"):
        session.service.store.stop(datetime.now(UTC), stopped=False)
    click.echo("Bidding continues in every process within the snapshot's check interval.")
