"""`bidder campaigns`: the campaigns (line items)."""

import sys

import click

from bidder.cli.session import Session, json_option, pass_session

where_option = click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A condition such as status=active or id~summer-*, by = != ~ (with * and ?) < > <= >=. Repeat it to combine.",
)


@click.group()
def command() -> None:
    """Campaigns (line items): import, list, pause, delete, restore."""


@command.command("import")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Print the changes by field, and store nothing.")
@pass_session
def import_(session: Session, file: str, dry_run: bool) -> None:
    """Add or replace the campaigns of a FILE.

    FILE is YAML, JSON Lines or CSV; - is standard input.
    """
    from bidder.cli.campaign_import import import_file

    import_file(session.service, file, dry_run=dry_run, tell_stored=session.note_stored)


@command.command()
@click.option("--format", "form", type=click.Choice(["yaml", "jsonl"]), default="yaml", show_default=True)
@where_option
@pass_session
def export(session: Session, form: str, where: tuple[str, ...]) -> None:
    """Print campaigns as a file to import."""
    from bidder.cli import campaigns
    from bidder.cli.campaign_filter import campaign_filter

    campaigns.export(session.service, form, campaign_filter(where))


@command.command("list")
@where_option
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most N campaigns. The default is 100 on a terminal, else all.",
)
@click.option("--after", default="", metavar="ID", help="Only campaigns after this id, for the next page.")
@json_option
@pass_session
def list_(session: Session, where: tuple[str, ...], limit: int | None, after: str, as_json: bool) -> None:
    """All campaigns by id, with the spend of their day."""
    from bidder.cli import campaigns
    from bidder.cli.campaign_filter import campaign_filter

    campaigns.list_campaigns(session.service, campaign_filter(where), limit=limit, after=after, as_json=as_json)


@command.command()
@click.argument("id")
@json_option
@pass_session
def show(session: Session, id: str, as_json: bool) -> None:  # noqa: A002  the argument's name
    """One campaign, with its version and its spend."""
    from bidder.cli import campaigns

    campaigns.show(session.service, id, as_json=as_json)


@command.command()
@click.argument("id")
@json_option
@pass_session
def history(session: Session, id: str, as_json: bool) -> None:  # noqa: A002  as above
    """The changes of a campaign: time, author and fields."""
    from bidder.cli import campaigns

    campaigns.print_history(session.service, id, as_json=as_json)


@command.command()
@click.argument("ids", nargs=-1)
@where_option
@pass_session
def pause(session: Session, ids: tuple[str, ...], where: tuple[str, ...]) -> None:
    """Make campaigns stop bidding, by their IDS or by --where."""
    _set_status(session, ids, where, "paused")


@command.command()
@click.argument("ids", nargs=-1)
@where_option
@pass_session
def resume(session: Session, ids: tuple[str, ...], where: tuple[str, ...]) -> None:
    """Make paused campaigns bid again, by their IDS or by --where."""
    _set_status(session, ids, where, "active")


@command.command()
@click.argument("ids", nargs=-1)
@where_option
@click.option("--yes", is_flag=True, help="Don't ask.")
@pass_session
def delete(session: Session, ids: tuple[str, ...], where: tuple[str, ...], yes: bool) -> None:
    """Delete campaigns, by their IDS or by --where. Their history stays."""
    from bidder.cli import campaigns
    from bidder.cli.campaign_filter import campaign_filter

    def is_confirmed(question: str) -> bool:
        if yes:
            return True
        try:
            return click.confirm(question, err=True)
        except click.Abort:
            if sys.stdin.isatty():  # Ctrl-C
                raise
            click.echo(err=True)  # standard input has ended without an answer
            return False

    chosen = campaign_filter(where) if where else None
    campaigns.delete(session.service, ids, chosen, session.note_stored, is_confirmed)


@command.command()
@click.argument("id")
@click.option("--version", type=int, metavar="N", help="A version in the campaign's history.")
@pass_session
def restore(session: Session, id: str, version: int | None) -> None:  # noqa: A002  as above
    """Bring a deleted campaign back, or an earlier version of one."""
    from bidder.cli import campaigns

    with session.writing(f"`bidder campaigns show {id}` tells whether it is restored", f"{id} is restored"):
        campaigns.restore(session.service, id, version)


@command.command()
def schema() -> None:
    """Print the JSON Schema of campaign files, for editors."""
    from bidder.campaigns.file_schema import file_schema
    from bidder.cli.output import print_json

    print_json(file_schema())


def _set_status(session: Session, ids: tuple[str, ...], where: tuple[str, ...], status: str) -> None:
    from bidder.campaigns.campaign import Status
    from bidder.cli import campaigns
    from bidder.cli.campaign_filter import campaign_filter

    chosen = campaign_filter(where) if where else None
    campaigns.set_status(session.service, ids, chosen, Status(status), session.note_stored)


@command.command()
@click.argument("id", required=False)
@json_option
@pass_session
def health(session: Session, id: str | None, as_json: bool) -> None:  # noqa: A002  as above
    """Plan, spend and projection, and the reasons of shortfalls."""
    from bidder.cli.health import print_health

    print_health(session.service, id, as_json=as_json)
