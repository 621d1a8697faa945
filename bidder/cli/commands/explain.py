"""`bidder explain`: what the current campaign cache bids on a request, and why."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.command()
@click.argument("request", required=False)
@click.option("--campaign", metavar="ID", help="Of this campaign alone; without REQUEST what it is and does.")
@click.option("--exchange", metavar="NAME", help="As in POST /bid?exchange=NAME.")
@click.option("--xml", "as_xml", is_flag=True, help="As for a player that takes VAST alone.")
@click.option("--snapshot", metavar="V", default="current", help="A version, or a file that replay saved.")
@click.option("--at", metavar="TIME", help="The clock; else now, or that of the snapshot that is named.")
@json_option
@pass_session
def command(
    session: Session,
    request: str | None,
    campaign: str | None,
    exchange: str | None,
    as_xml: bool,
    snapshot: str,
    at: str | None,
    as_json: bool,
) -> None:
    """What the current campaign cache bids on REQUEST (OpenRTB as JSON; - is standard input), and why.

    With --campaign and without REQUEST: whether that campaign can bid, what refused it lately, and a request that it
    would take.
    """
    from bidder.cli.explain import ExplainOptions, print_explanation

    options = ExplainOptions(exchange, as_xml, at, snapshot)
    if request is None and campaign is None:
        msg = "name a request, a campaign by --campaign, or both"
        raise click.UsageError(msg)
    if request is None and campaign is not None:
        from bidder.cli.explain_campaign import print_campaign

        print_campaign(session.service, campaign, options, as_json=as_json)
    elif request is not None:
        print_explanation(session.service, request, campaign, options, as_json=as_json)
