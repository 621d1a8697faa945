"""`bidder explain`: decides a request locally on the current snapshot, and prints the reasons. No bid is made."""

from datetime import UTC, datetime
from typing import NamedTuple

from bidder.auction.explain import Explanation, explain
from bidder.auction.offer import Offer
from bidder.auction.shading import in_words
from bidder.campaigns.repository import UnknownCampaign
from bidder.cli.options import CURRENT, load_snapshot, moment
from bidder.cli.output import print_json, warn
from bidder.cli.parameter_read import read_parameters
from bidder.cli.segments import unknown_segments
from bidder.cli.switch_warnings import warn_of_switches
from bidder.cli.table import table
from bidder.endpoints.bid import no_auction
from bidder.endpoints.call import decode_body, exchange_name
from bidder.endpoints.explanation_document import document
from bidder.errors import UserError, shown
from bidder.files.opened import naming_file, open_binary, shown_name
from bidder.files.text import text_of
from bidder.money import display
from bidder.openrtb.parse import parse
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot
from bidder.viewer.fill_in import prepare_request

MAX_SHOWN = 30
"""The most campaigns in a table, the highest bids first."""


class NotInSnapshot(UserError, LookupError):
    """The snapshot does not have the campaign; the message has the likely reason."""


class NoAdminKey(UserError, LookupError):
    """There is no admin key; the message shows how to make one."""


class ExplainOptions(NamedTuple):
    """The options of an explanation.

    `exchange` is the name of the caller. `as_xml` explains the answer to a player that takes a single VAST document.
    `at` is the time of the decision. `snapshot` is a version, a file, or the current snapshot.
    """

    exchange: str | None = None
    as_xml: bool = False
    at: str | None = None
    snapshot: str = CURRENT


def print_explanation(
    service: Service, file: str, campaign_id: str | None, options: ExplainOptions, *, as_json: bool
) -> None:
    """Prints an explanation of each impression, with the rule that removed each campaign.

    The time is `options.at`, else now for the current snapshot, else the time of the snapshot. Raises BadCall,
    NotInSnapshot, UnknownVersion, InvalidRequest, BadBody, BadSnapshot, OSError.
    """
    with open_binary(file) as opened, naming_file(file):
        request = prepare_request(parse(text_of(decode_body(opened.read(), ""), shown_name(file)).encode()))
    snapshot = load_snapshot(service, options.snapshot)
    if campaign_id is not None and snapshot.index.position(campaign_id) is None:
        raise NotInSnapshot(_absent(service, snapshot, campaign_id))
    now = moment(options.at) if options.at else datetime.now(UTC) if options.snapshot == CURRENT else snapshot.as_of
    explained = explain(
        request,
        snapshot,
        service.settings.seat,
        now,
        exchange=exchange_name(options.exchange),
        max_verdicts=None if as_json else MAX_SHOWN,
        campaign_id=campaign_id,
        as_xml=options.as_xml,
    )
    refused = no_auction(request, snapshot, service.current_parameters.read_without_secrets(), waited_ms=0)
    if as_json:
        print_json(document(request, snapshot, refused, explained))
        return
    print(f"Request {request.id}, snapshot {snapshot.version} of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC")
    if refused:
        print(f"No bid ({refused.nbr}): {refused.words}. The auction would be:")
    print("\n\n".join(map(_page, explained)) or "No impression has video: nothing is bid.")
    position = None if campaign_id is None else snapshot.index.position(campaign_id)
    for line in unknown_segments(service, iter([] if position is None else [snapshot.index.campaign(position)])):
        warn(line)
    warn_of_switches(service)


def _absent(service: Service, snapshot: Snapshot, campaign_id: str) -> str:
    """The message for a campaign that is not in the snapshot."""
    cache_name = f"the campaign cache of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC"
    try:
        service.campaigns.get(campaign_id)
    except UnknownCampaign:
        return f"no campaign {shown(campaign_id)}, nor one in {cache_name}; `bidder campaigns list` shows the ids"
    return f"{campaign_id} is not in {cache_name} yet: `bidder refresh`, and ask again in some seconds"


def print_admin_key(service: Service) -> None:
    """Prints the admin key of `POST /explain`. Raises NoAdminKey, ParametersNotRead."""
    key = read_parameters(service).value().admin_key
    if key is None:
        msg = f"there is no {service.settings.parameters}/admin-key; `make deploy` makes one"
        raise NoAdminKey(msg)
    print(key)


def _page(explanation: Explanation) -> str:
    values = "; ".join(f"{name} {', '.join(values)}" for name, values in explanation.values.items())
    untold = explanation.funnel[0][1] - len(explanation.campaigns) if len(explanation.campaigns) == MAX_SHOWN else 0
    return "\n".join(
        [
            f"\nImpression {explanation.imp_id}: {values}",
            *(f"  bids {_describe_offer(offer)}" for offer in explanation.bids),
            *([] if explanation.bids else ["  no bid"]),
            *([f"  runner-up {_describe_offer(explanation.runner_up)}"] if explanation.runner_up else []),
            "",
            table(("rule", "campaigns left"), ((rule, str(left)) for rule, left in explanation.funnel)),
            "",
            table(
                ("campaign", "rule", "CPM", "reason", "seen", "wanted", "shading"),
                (
                    (
                        verdict.campaign_id,
                        verdict.rule,
                        display(verdict.best_offer.price.cpm_micros) if verdict.best_offer else "",
                        verdict.reason,
                        verdict.seen,
                        verdict.wanted,
                        in_words(verdict.shaded_bid) if verdict.shaded_bid else "",
                    )
                    for verdict in explanation.campaigns
                ),
                left_aligned=7,
            ),
            *([f"… and {untold} campaigns more: --campaign ID, or --json"] if untold else []),
        ]
    )


def _describe_offer(offer: Offer) -> str:
    deal = f" in deal {offer.price.deal_id}" if offer.price.deal_id else ""
    return f"{display(offer.price.cpm_micros)} for {offer.fit.creative.id} of {offer.campaign.id}{deal}"
