"""`bidder report`: the outcomes of bids, from the archive of events."""

from datetime import date

import click

from bidder.cli.session import Session, pass_session
from bidder.cli.times import Day

BY = ("campaign", "day", "hour", "advertiser", "deal", "creative", "country", "device", "exchange", "error")


@click.command()
@click.option("--day", metavar="D", type=Day(), help="One day; short for --from D --to D.")
@click.option("--from", "first", metavar="D", type=Day(), help="The first day, such as 2026-11-01.")
@click.option("--to", "last", metavar="D", type=Day(), help="The last day, inclusive.")
@click.option("--by", type=click.Choice(BY), default="campaign", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True, metavar="ZONE", help="The time zone of days and hours.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@pass_session
def command(
    session: Session,
    day: date | None,
    first: date | None,
    last: date | None,
    by: str,
    time_zone: str,
    form: str,
    as_json: bool,
) -> None:
    """The outcomes of the bids of some days.

    The report reads the archive of events.

    Processes count their bids, and a process that ends loses the count of its last minute.
    """
    from bidder.cli.report import period, print_report
    from bidder.events.report import By

    days = period(day, first, last, time_zone)
    print_report(session.service, days, By(by), "json" if as_json else form)
