"""Pacing of campaigns under the budgets of their advertisers."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.estimates import Report
from bidder.delivery.pacing import Memory


def report_together(reports: Mapping[str, Mapping[int, Report]], campaign_ids: Iterable[str]) -> dict[int, Report]:
    """The sums of several campaigns' counts, by minute."""
    opportunities: Counter[int] = Counter()
    bids: Counter[int] = Counter()
    for campaign_id in campaign_ids:
        for minute, report in reports.get(campaign_id, {}).items():
            opportunities[minute] += report.opportunities
            bids[minute] += report.bids
    return {minute: Report(count, bids[minute]) for minute, count in opportunities.items()}


def paces_within(
    paces: Mapping[str, Pace], members: Mapping[str, Iterable[str]], of_advertisers: Mapping[str, Pace]
) -> dict[str, Pace]:
    """The paces of campaigns, with shares limited to the share of their advertiser.

    `members` holds the ids of an advertiser's campaigns by domain, and `of_advertisers` the paces of advertisers by
    domain. The amounts of an advertiser's pace are not copied, since the advertiser has its own allowance.
    """
    limited = dict(paces)
    for domain, pace in of_advertisers.items():
        for campaign_id in members[domain]:
            own = limited.get(campaign_id, Pace(pace.share, Allowance.NO_LIMIT, Allowance.NO_LIMIT))
            limited[campaign_id] = own._replace(share=min(own.share, pace.share))
    return limited


def remember_shares(
    memories: Mapping[str, Memory], members: Mapping[str, Iterable[str]], advertisers: Mapping[str, Memory]
) -> None:
    """Limits the participation in each campaign's state to that of its advertiser, as processes apply it."""
    for domain, memory in advertisers.items():
        for campaign_id in members[domain]:
            if own := memories.get(campaign_id):
                own.participation = min(own.participation, memory.participation)
