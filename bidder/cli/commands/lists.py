"""`bidder lists`: first-party and lookalike lists of ids."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """First-party and lookalike lists of ids."""


@command.command("import")
@click.argument("name")
@click.argument("file")
@click.option("--hashed", is_flag=True, help="The ids are SHA-256 hashes in hex.")
@click.option("--dry-run", is_flag=True, help="Print the first five parsed ids, and store nothing.")
@pass_session
def import_(session: Session, name: str, file: str, hashed: bool, dry_run: bool) -> None:
    """Add or replace the list NAME by the ids of FILE.

    The ids are hashed here. - is standard input.
    """
    from bidder.cli.lists import import_list

    import_list(session.service, name, file, hashed=hashed, dry_run=dry_run, tell_stored=session.note_stored)


@command.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """All lists, with the campaigns that name them."""
    from bidder.cli.lists import list_lists

    list_lists(session.service, as_json=as_json)


@command.command()
@click.argument("name")
@pass_session
def delete(session: Session, name: str) -> None:
    """Drop a list; campaigns that name it stop bidding."""
    from bidder.cli.lists import delete_list

    with session.writing(f"`bidder lists list` tells whether {name} is deleted", f"{name} is deleted"):
        delete_list(session.service, name)
