"""`bidder cost`: the cost of a rate of requests on AWS."""

from pathlib import Path

import click

ENTRANCES = ("rest-api", "http-api", "function-url", "load-balancer", "container")


@click.command()
@click.option("--qps", type=float, required=True, help="Bid requests a second.")
@click.option("--bid-rate", type=float, required=True, help="Bids per request, from 0 to 1.")
@click.option("--win-rate", type=float, required=True, help="The share of bids that win, from 0 to 1.")
@click.option("--region", default="us-east-1", show_default=True, help="An AWS region in the table of prices.")
@click.option("--entrance", type=click.Choice(ENTRANCES), default="rest-api", show_default=True)
@click.option("--arm", is_flag=True, help="arm64 processors instead of x86_64.")
@click.option("--memory", "memory_mb", type=click.IntRange(128, 10240), default=1769, show_default=True, metavar="MB")
@click.option("--bid-ms", type=float, default=2.0, show_default=True, help="Billed milliseconds of a bid in Lambda.")
@click.option("--event-ms", type=float, default=12.0, show_default=True, help="Billed milliseconds of a notice.")
@click.option("--events-per-win", type=float, default=6.0, show_default=True, help="Notices and pixels of a win.")
@click.option(
    "--events-per-call", type=float, default=1.0, show_default=True, help="Events of one POST /e, ten at most."
)
@click.option(
    "--sampling", type=float, default=0.05, show_default=True, help="The share of traces beyond one a second."
)
@click.option("--log-level", type=click.Choice(["INFO", "WARN"]), default="INFO", help="Lambda's system log level.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A plot of all entrances: .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, amounts in dollars.")
def command(
    qps: float,
    bid_rate: float,
    win_rate: float,
    region: str,
    entrance: str,
    memory_mb: int,
    bid_ms: float,
    event_ms: float,
    events_per_win: float,
    events_per_call: float,
    sampling: float,
    log_level: str,
    out: Path | None,
    arm: bool,
    as_json: bool,
) -> None:
    """The cost of a rate of requests on AWS.

    By month and by a million requests, with the largest items and possible savings.


    It needs no AWS: prices come from a dated table.
    """
    from bidder.cli.cost import printing
    from bidder.cli.cost.plot import draw
    from bidder.cli.cost.prices import UnknownRegion, price_table
    from bidder.cli.cost.usage import Entrance, InvalidLoad, Load

    if out is not None and out.suffix not in {".svg", ".png"}:
        msg = f"--out {out}: the plot's name ends with .svg or .png"
        raise click.UsageError(msg)
    if out is not None and not out.absolute().parent.is_dir():
        msg = f"--out {out}: there is no folder {out.parent}"
        raise click.UsageError(msg)
    try:
        load = Load(
            qps,
            bid_rate,
            win_rate,
            arm=arm,
            memory_mb=memory_mb,
            bid_ms=bid_ms,
            event_ms=event_ms,
            events_per_win=events_per_win,
            events_per_call=events_per_call,
            sampling=sampling,
            log_bytes=Load.log_bytes if log_level == "INFO" else 0,
        )
    except InvalidLoad as wrong:
        raise click.UsageError(f"--{wrong}") from None
    prices = price_table()
    try:
        of_region = prices.of(region)
    except UnknownRegion as wrong:
        msg = f"--region: {wrong}"
        raise click.UsageError(msg) from None
    answer = printing.as_json if as_json else printing.as_text
    click.echo(answer(load, Entrance(entrance), region, prices))
    if out is not None:
        draw(
            load,
            of_region,
            f"{printing.percent(bid_rate)} bid on, {printing.percent(win_rate)} won, {region}, {prices.date}",
            out,
        )
