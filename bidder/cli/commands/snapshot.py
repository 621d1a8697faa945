"""`bidder snapshot`: the published snapshots, and a return to an earlier one."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.group()
def command() -> None:
    """Published snapshots; pins an earlier snapshot."""


@command.command("list")
@click.option("--all", "every", is_flag=True, help="All snapshots.")
@json_option
@pass_session
def list_(session: Session, every: bool, as_json: bool) -> None:
    """The snapshots of the last day, the newest first."""
    from bidder.cli import snapshots

    snapshots.list_snapshots(session.service, every=every, as_json=as_json)


@command.command()
@click.argument("version", type=int)
@click.option("--json", "_json", is_flag=True, help="The output is always JSON.")
@pass_session
def show(session: Session, version: int, _json: bool) -> None:
    """The manifest of a snapshot, as JSON."""
    from bidder.cli import snapshots

    snapshots.show(session.service, version)


@command.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
@json_option
@pass_session
def diff(session: Session, old: int, new: int, as_json: bool) -> None:
    """The changes from OLD to NEW, by campaign."""
    from bidder.cli import snapshots

    snapshots.diff(session.service, old, new, as_json=as_json)


@command.command()
@click.argument("version", type=int)
@pass_session
def pin(session: Session, version: int) -> None:
    """Bid by the campaigns of an older snapshot, within seconds."""
    from bidder.cli import snapshots

    with session.writing("`bidder snapshot list` tells whether it is pinned", f"{version} is pinned"):
        snapshots.pin(session.service, version)


@command.command()
@pass_session
def unpin(session: Session) -> None:
    """Bid by the campaigns as they are stored again."""
    from bidder.cli import snapshots

    with session.writing("`bidder snapshot list` tells whether it is unpinned", "it is unpinned"):
        snapshots.pin(session.service, None)
