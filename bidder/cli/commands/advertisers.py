"""`bidder advertisers`: the limits that the campaigns of an advertiser share."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """Limits that all campaigns of an advertiser share.

    `bidder campaigns import` sets them.
    """


@command.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """The advertisers that have limits, with the spend of their day."""
    from bidder.cli import advertisers

    advertisers.list_advertisers(session.service, as_json=as_json)


@command.command()
@click.argument("domain")
@json_option
@pass_session
def show(session: Session, domain: str, as_json: bool) -> None:
    """One advertiser, such as shop.example: limits, spend, changes."""
    from bidder.cli import advertisers

    advertisers.show(session.service, domain, as_json=as_json)


@command.command()
@click.argument("domain")
@pass_session
def delete(session: Session, domain: str) -> None:
    """Delete the limits of an advertiser. Its campaigns stay."""
    from bidder.cli import advertisers

    advertisers.delete(session.service, domain)
