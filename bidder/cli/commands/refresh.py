"""`bidder refresh`: rebuild the campaign cache."""

import click

from bidder.cli.session import Session, pass_session


@click.command()
@pass_session
def command(session: Session) -> None:
    """Rebuild the campaign cache now, not at the next minute."""
    from bidder.cli.refresh import publish_refresh

    publish_refresh(session.service)
