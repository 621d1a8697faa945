"""`bidder taxonomies`: the category taxonomies, with the ancestors of each category."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """The category taxonomies, with the ancestors of each category."""


@command.command("import")
@click.argument("number", type=int)
@click.argument("file")
@pass_session
def import_(session: Session, number: int, file: str) -> None:
    """Add or replace taxonomy NUMBER by the rows of FILE.

    NUMBER is of AdCOM's list (6 is Content Taxonomy 2.2), FILE is of IAB Tech Lab.
    """
    from bidder.cli.taxonomies import import_taxonomy

    import_taxonomy(session.service, number, file, session.note_stored)


@command.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """The imported taxonomies."""
    from bidder.cli.taxonomies import list_taxonomies

    list_taxonomies(session.service, as_json=as_json)
