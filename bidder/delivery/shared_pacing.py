"""Pacing of campaigns under the budgets of their advertisers."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.estimates import Report
from bidder.delivery.pacing import Memory


def sum_reports(reports: Mapping[str, Mapping[int, Report]], campaign_ids: Iterable[str]) -> dict[int, Report]:
    """The sums of several campaigns' counts, by minute."""
    opportunities: Counter[int] = Counter()
    bids: Counter[int] = Counter()
    for campaign_id in campaign_ids:
        for minute, report in reports.get(campaign_id, {}).items():
            opportunities[minute] += report.opportunities
            bids[minute] += report.bids
    return {minute: Report(count, bids[minute]) for minute, count in opportunities.items()}


def limit_paces(
    paces: Mapping[str, Pace], members: Mapping[str, Iterable[str]], advertiser_paces: Mapping[str, Pace]
) -> dict[str, Pace]:
    """The paces of campaigns, with shares limited to the share of their advertiser.

    `members` holds the ids of an advertiser's campaigns by domain, and `advertiser_paces` the paces of advertisers by
    domain. The amounts of an advertiser's pace are not copied, since the advertiser has its own allowance.
    """
    limited_paces = dict(paces)
    for domain, pace in advertiser_paces.items():
        for campaign_id in members[domain]:
            campaign_pace = limited_paces.get(campaign_id, Pace(pace.share, Allowance.NO_LIMIT, Allowance.NO_LIMIT))
            limited_paces[campaign_id] = campaign_pace._replace(share=min(campaign_pace.share, pace.share))
    return limited_paces


def remember_shares(
    memories: Mapping[str, Memory], members: Mapping[str, Iterable[str]], advertisers: Mapping[str, Memory]
) -> None:
    """Limits the participation in each campaign's state to the participation of its advertiser, as processes do."""
    for domain, memory in advertisers.items():
        for campaign_id in members[domain]:
            if campaign_memory := memories.get(campaign_id):
                campaign_memory.participation = min(campaign_memory.participation, memory.participation)
