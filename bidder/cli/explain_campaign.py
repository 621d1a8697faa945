"""`bidder explain --campaign ID` without a request: whether a campaign can bid, and the reasons against it."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bidder import aws
from bidder.campaigns.campaign import Campaign, Flight
from bidder.campaigns.repository import UnknownCampaign
from bidder.cli.example_request import Example, example_request
from bidder.cli.explain import ExplainOptions
from bidder.cli.options import load_snapshot, moment
from bidder.cli.output import print_json
from bidder.cli.switch_warnings import warn_of_switches
from bidder.delivery.budget import Spend
from bidder.delivery.zones import local
from bidder.money import display
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot

_LATELY = timedelta(hours=1)
_MAX_PAGES = 20
_BID_LOG = "/bid"


class CampaignExplanation(NamedTuple):
    """The explanation of a campaign without a request. `refused` has the rejections by rule, None without a log.

    `counts_invalid` is whether invalid traffic counts against budgets.
    """

    campaign: Campaign
    version: int
    spend: Spend
    counts_invalid: bool
    in_cache: str
    refused: Counter[str] | None
    example: Example | None


def print_campaign(service: Service, campaign_id: str, options: ExplainOptions, *, as_json: bool) -> None:
    """Prints a campaign's status, flight, budget and deals, its state in the cache, its rejections in the last hour,
    and a request that it would bid on. Raises UnknownCampaign, BadCall, BadSnapshot.
    """
    now = moment(options.at) if options.at else datetime.now(UTC)
    account = _account(service, campaign_id, load_snapshot(service, options.snapshot), now)
    if as_json:
        print_json(_document(account, now))
    else:
        print("\n".join(_lines(account, now)))
    warn_of_switches(service)


def _account(service: Service, campaign_id: str, snapshot: Snapshot, now: datetime) -> CampaignExplanation:
    stored = service.campaigns.get(campaign_id)
    campaign = stored.campaign
    if campaign is None:
        raise UnknownCampaign(campaign_id)
    spends = service.ledger.spends({campaign_id: local(now, campaign.time_zone)})
    return CampaignExplanation(
        campaign,
        stored.version,
        spends.get(campaign_id, Spend()),
        service.current_parameters.read_without_secrets().invalid_traffic_counts,
        _in_cache(snapshot, campaign),
        _count_rejections(campaign_id, now),
        example_request(campaign, service.settings.seat, now, snapshot.delivery.rates),
    )


def _in_cache(snapshot: Snapshot, campaign: Campaign) -> str:
    """The state of the campaign in the snapshot."""
    position = snapshot.index.position(campaign.id)
    if position is None:
        return "not in it yet: run `bidder refresh`, and try again in some seconds"
    cached = snapshot.index.campaign(position).model_copy(update={"status": campaign.status})
    reason = snapshot.delivery.withheld(position)
    state = f"may not bid: {reason}" if reason else "may bid"
    return state if cached == campaign else f"{state}; an earlier form of the campaign"


def _count_rejections(campaign_id: str, now: datetime) -> Counter[str] | None:
    """The rejections of the campaign in the last hour by rule, from the logs of the bid function."""
    counts: Counter[str] = Counter()
    try:
        for entry in _log_entries(f'{{ $.event = "no_bids" && $.campaign = "{campaign_id}" }}', now - _LATELY):
            if entry.get("campaign") == campaign_id and "Refusals" in entry:
                counts[str(entry.get("Reason"))] += int(entry["Refusals"])
    except Exception as error:  # without the log, the rest of the explanation is still useful
        from bidder.cli.output import note

        note(f"its recent refusals are unknown: {error}")
        return None
    return counts


def _log_entries(pattern: str, since: datetime) -> Iterator[dict[str, Any]]:
    logs = aws.client("logs")
    groups = [
        group["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
        if group["logGroupName"].endswith(_BID_LOG)
    ]
    for group in groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000), filterPattern=pattern
        )
        for number, page in enumerate(pages):
            if number == _MAX_PAGES:
                break
            for event in page["events"]:
                try:
                    entry = json.loads(event["message"])
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry


def _lines(account: CampaignExplanation, now: datetime) -> Iterator[str]:
    campaign, spend = account.campaign, account.spend
    yield f"{campaign.id} ({campaign.name}), version {account.version}"
    yield f"status    {campaign.status}"
    yield f"flight    {_flight(campaign.flight, now)}"
    if campaign.budget.hourly_micros is not None:
        yield f"this hour {display(spend.hour_micros)} of {_limit(campaign.budget.hourly_micros)}"
    yield f"today     {display(spend.today_micros)} of {_limit(campaign.budget.daily_micros)}"
    yield f"in all    {display(spend.total_micros)} of {_limit(campaign.budget.total_micros)}"
    if spend.invalid_total_micros:
        yield f"invalid   {_invalid(spend, counts=account.counts_invalid)}"
    yield f"open bid  {_open_bid(campaign)}"
    for deal in campaign.deals:
        yield f"deal      {deal.id}: {display(deal.cpm_micros)}"
    yield f"cache     {account.in_cache}"
    for rule, count in account.refused.most_common() if account.refused else ():
        yield f"refused   {rule}: {count:,} in the last hour"
    if account.refused is not None and not account.refused:
        yield "refused   by no rule in the last hour"
    if account.example is None:
        yield "example   none: the campaign may target ids of viewers, or match no request"
        return
    when = f" at {account.example.at:%Y-%m-%dT%H:%M:%S%z}" if account.example.at != now else ""
    through = f", through the exchange {account.example.exchange}" if account.example.exchange else ""
    yield f"example   a request that it would bid on{when}{through}, were it active and within its budget:"
    yield json.dumps(account.example.request)


def _document(account: CampaignExplanation, now: datetime) -> dict[str, Any]:
    campaign, spend, example = account.campaign, account.spend, account.example
    flight, budget = campaign.flight, campaign.budget
    return {
        "campaign": campaign.id,
        "name": campaign.name,
        "version": account.version,
        "status": campaign.status,
        "flight": {"start": flight.start, "end": flight.end, "is_running": flight.covers(now)},
        "spend_micros": spend.today_micros,
        "total_spend_micros": spend.total_micros,
        "hour_spend_micros": spend.hour_micros,
        "invalid": {
            "hour_micros": spend.invalid_hour_micros,
            "today_micros": spend.invalid_today_micros,
            "total_micros": spend.invalid_total_micros,
            "counts": account.counts_invalid,
        },
        "hourly_budget_micros": budget.hourly_micros,
        "daily_budget_micros": budget.daily_micros,
        "total_budget_micros": budget.total_micros,
        "cpm_micros": campaign.cpm_micros,
        "top_open_cpm_micros": campaign.top_open_cpm_micros if campaign.bids_openly else None,
        "deals": [deal.model_dump(mode="json", exclude_none=True) for deal in campaign.deals],
        "cache": account.in_cache,
        "refused": account.refused,
        "example": example and {"request": example.request, "at": example.at, "exchange": example.exchange},
    }


def _invalid(spend: Spend, *, counts: bool) -> str:
    """The price of invalid traffic in words, and whether it counts against budgets."""
    amounts = (spend.invalid_hour_micros, spend.invalid_today_micros, spend.invalid_total_micros)
    hour, today, total = map(display, amounts)
    effect = "counted against its budgets" if counts else "not counted against its budgets"
    return f"{hour} this hour, {today} today, {total} in all: not billed, {effect}"


def _flight(flight: Flight, now: datetime) -> str:
    start = f"from {flight.start:%Y-%m-%d %H:%M %Z} " if flight.start else ""
    end = f"to {flight.end:%Y-%m-%d %H:%M %Z} " if flight.end else ""
    if flight.covers(now):
        return f"{start}{end}(running)"
    return f"{start}{end}({'not begun' if flight.start and now < flight.start else 'over'})"


def _limit(micros: int | None) -> str:
    return "no limit" if micros is None else display(micros)


def _open_bid(campaign: Campaign) -> str:
    if not campaign.bids_openly:
        return "none: deals only"
    return f"up to {display(campaign.top_open_cpm_micros)}" if campaign.goal else display(campaign.cpm_micros or 0)
