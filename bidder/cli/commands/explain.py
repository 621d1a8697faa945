"""`bidder explain`: the bids of the current snapshot on a request, and the reasons."""

import click

from bidder.cli.session import Session, json_option, pass_session


@click.command()
@click.argument("request", required=False)
@click.option("--campaign", metavar="ID", help="Explain this campaign only. Without REQUEST: its state and rejections.")
@click.option("--exchange", metavar="NAME", help="The caller, as in POST /bid?exchange=NAME.")
@click.option("--xml", "as_xml", is_flag=True, help="Explain the answer to a player that accepts only VAST.")
@click.option("--snapshot", metavar="V", default="current", help="A snapshot version, or a file of `replay --save`.")
@click.option(
    "--at", metavar="TIME", help="The time of the decision. The default is now, or the time of a named snapshot."
)
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
    """The bids of the current snapshot on REQUEST, and the reasons.

    REQUEST is OpenRTB as JSON; - is standard input.

    With --campaign and without REQUEST: whether the campaign can bid, its latest rejections, and a request that it
    would bid on.
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
