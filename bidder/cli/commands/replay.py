"""`bidder replay`: the bids on recorded requests, by one snapshot or two."""

from pathlib import Path

import click

from bidder.cli.session import Session, pass_session

_FILE = click.Path(path_type=Path)


@click.command()
@click.option("--requests", metavar="FILE", required=True, type=_FILE, help="JSON Lines, also in gzip.")
@click.option(
    "--snapshot",
    metavar="A",
    multiple=True,
    required=True,
    help="A version, current or a file. Two are compared.",
)
@click.option("--at", metavar="TIME", help="The time; the default is each request's, or the first snapshot's.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@click.option("--save", metavar="FILE", type=_FILE, help="Save the first snapshot, which is a version, in this file.")
@pass_session
def command(
    session: Session,
    requests: Path,
    snapshot: tuple[str, ...],
    at: str | None,
    form: str,
    as_json: bool,
    save: Path | None,
) -> None:
    """Decides recorded requests again, and shows bids by campaign. Ends with status 1 if any request is invalid."""
    from bidder.cli.replay import print_replay

    print_replay(session.service, requests, snapshot, at=at, form="json" if as_json else form, keep=save)
