"""`bidder admin-key`: the key that POST /explain requires."""

import click

from bidder.cli.session import Session, pass_session


@click.command()
@pass_session
def command(session: Session) -> None:
    """Print the key that POST /explain requires."""
    from bidder.cli.explain import print_admin_key

    print_admin_key(session.service)
