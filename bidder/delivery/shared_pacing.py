"""Pacing of campaigns under the budgets of their advertisers. Pure."""

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
    """The paces of campaigns, none with a larger share than that of its advertiser.

    `members` are the ids of an advertiser's campaigns, and `of_advertisers` the paces of those that are paced, by
    domain. The advertiser's own amounts bound each process, so they are no campaign's.
    """
    held = dict(paces)
    for domain, pace in of_advertisers.items():
        for campaign_id in members[domain]:
            own = held.get(campaign_id, Pace(pace.share, Allowance.NO_LIMIT, Allowance.NO_LIMIT))
            held[campaign_id] = own._replace(share=min(own.share, pace.share))
    return held


def remember_shares(
    memories: Mapping[str, Memory], members: Mapping[str, Iterable[str]], advertisers: Mapping[str, Memory]
) -> None:
    """Tells each campaign's controller the participation that holds: no more than its advertiser's."""
    for domain, memory in advertisers.items():
        for campaign_id in members[domain]:
            if own := memories.get(campaign_id):
                own.participation = min(own.participation, memory.participation)
