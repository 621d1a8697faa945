"""`bidder campaigns`: prints, pauses, resumes, deletes and restores the stored campaigns."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from typing import Any, NamedTuple

from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.file_form import changed_fields
from bidder.campaigns.files import as_lines, as_yaml
from bidder.campaigns.repository import UnknownCampaign
from bidder.cli.campaign_filter import Filter
from bidder.cli.output import note, number_of, print_json, print_table
from bidder.cli.progress import Progress
from bidder.cli.refresh import publish_refresh
from bidder.cli.spend_text import spend_text
from bidder.cli.switch_warnings import warn_of_switches
from bidder.delivery.budget import Spend
from bidder.delivery.zones import local
from bidder.errors import UserError
from bidder.money import display
from bidder.service.service import Service

ON_A_TERMINAL = 100
"""The number of campaigns in a list on a terminal without `--limit`."""

Tell = Callable[[str], None]


class NothingChosen(UserError, ValueError):
    """The call names no campaign, or both ids and conditions."""

    exit_status = 2


class NotConfirmed(UserError, RuntimeError):
    """The user did not confirm a deletion."""

    def __init__(self) -> None:
        super().__init__("not confirmed, so nothing was deleted; --yes deletes without a question")


def export(service: Service, form: str, chosen: Filter) -> None:
    """Prints campaigns by id, as a file that can be imported: yaml, or jsonl with one campaign a line.

    The limits of the campaigns' advertisers come first.
    """
    campaigns = sorted(filter(chosen, service.campaigns.all()), key=lambda campaign: campaign.id)
    domains = {campaign.advertiser.domain for campaign in campaigns}
    advertisers = [limits for limits in service.advertisers.all() if limits.domain in domains]
    if form == "yaml":
        print(as_yaml(campaigns, advertisers), end="")
        return
    for line in as_lines(campaigns, advertisers):
        print(line)


def list_campaigns(
    service: Service, chosen: Filter, *, limit: int | None = None, after: str = "", as_json: bool = False
) -> None:
    """Prints the selected campaigns after an id, sorted by id, with their spend of today and in total.

    Without a limit a terminal gets the first `ON_A_TERMINAL`, a pipe all.
    """
    most = limit or (ON_A_TERMINAL if sys.stdout.isatty() and not as_json else None)
    rows = (_row(campaign) for campaign in service.campaigns.all() if campaign.id > after and chosen(campaign))
    by_id = sorted(rows) if most is None else nsmallest(most + 1, rows)
    shown = by_id[:most]
    spends = _spends(service, {row.id: row.time_zone for row in shown})
    if as_json:
        print_json([_record(row, spends.get(row.id, Spend())) for row in shown])
    else:
        head = ("id", "status", "cpm", "today", "daily budget", "in all", "total budget")
        print_table(head, (_cells(row, spends.get(row.id, Spend())) for row in shown), left_aligned=2)
    if len(by_id) > len(shown):
        note(f"there are more: --after {shown[-1].id} continues, --limit N shows N, --where FIELD=VALUE selects")
    warn_of_switches(service)


def show(service: Service, campaign_id: str, *, as_json: bool) -> None:
    """Prints a campaign in the form of a file, its version and its spend. Raises UnknownCampaign."""
    stored = service.campaigns.get(campaign_id)
    campaign = stored.campaign
    if campaign is None:
        raise UnknownCampaign(campaign_id)
    spend = _spends(service, {campaign_id: campaign.time_zone}).get(campaign_id, Spend())
    if as_json:
        document = campaign.model_dump(mode="json", exclude_defaults=True)
        print_json({**_record(_row(campaign), spend), "version": stored.version, "campaign": document})
    else:
        print(f"# version {stored.version}; {spend_text(spend)}")
        print(as_yaml([campaign]), end="")
    warn_of_switches(service)


def set_status(service: Service, ids: Sequence[str], chosen: Filter | None, status: Status, tell: Tell) -> None:
    """Pauses or resumes campaigns, and requests a refresh. Raises UnknownCampaign, NothingChosen."""
    campaigns = _select_campaigns(service, ids, chosen)
    _write(campaigns, service.campaigns.set_status_each(campaigns, status), status, tell)
    publish_refresh(service)


def delete(
    service: Service, ids: Sequence[str], chosen: Filter | None, tell: Tell, is_confirmed: Callable[[str], bool]
) -> None:
    """Deletes campaigns if `is_confirmed`. Raises UnknownCampaign, NothingChosen, NotConfirmed."""
    campaigns = _select_campaigns(service, ids, chosen)
    names = ", ".join(campaign.id for campaign in campaigns[:10])
    question = f"Delete {number_of(len(campaigns), 'campaign')} ({names}{', …' if len(campaigns) > 10 else ''})?"
    if campaigns and not is_confirmed(question):
        raise NotConfirmed
    _write(campaigns, service.campaigns.delete_each(campaigns), "deleted", tell)
    print("`bidder campaigns restore ID` restores one")
    publish_refresh(service)


def restore(service: Service, campaign_id: str, version: int | None) -> None:
    """Restores a campaign from its history. Raises UnknownCampaign, NothingToRestore."""
    restored = service.campaigns.restore(campaign_id, version)
    print(f"{campaign_id} is restored, and {restored.status}")
    publish_refresh(service)


def print_history(service: Service, campaign_id: str, *, as_json: bool) -> None:
    """Prints the changes of a campaign, the latest first: time, author, and each changed field.

    Raises UnknownCampaign.
    """
    changes = list(service.campaigns.history(campaign_id))
    if not changes:
        raise UnknownCampaign(campaign_id)
    if as_json:
        print_json([change._asdict() for change in changes])
        return
    for change in changes:
        print(f"version {change.version}  {change.at}  {change.author}")
        if change.after is None:
            print("  deleted")
            continue
        for line in changed_fields(change.before, change.after):
            print(f"  {line}")


def _select_campaigns(service: Service, ids: Sequence[str], chosen: Filter | None) -> list[Campaign]:
    """The campaigns with these ids, or the campaigns that meet the filter."""
    if bool(ids) == (chosen is not None):
        msg = "name campaigns by their ids, or choose them by --where: one of the two"
        raise NothingChosen(msg)
    if chosen is not None:
        return sorted(filter(chosen, service.campaigns.all()), key=_id)
    there = {campaign.id: campaign for campaign in service.campaigns.get_many(list(dict.fromkeys(ids)))}
    for campaign_id in ids:
        if campaign_id not in there:
            raise UnknownCampaign(campaign_id)
    return list(there.values())


def _write(campaigns: Sequence[Campaign], written: Iterator[tuple[int, list[str]]], become: str, tell: Tell) -> None:
    """Runs the transactions with a progress bar, and prints the new state of the campaigns."""
    progress = Progress(len(campaigns))
    tell(f"0 of {len(campaigns)} campaigns are {become}")
    for done, _ in written:
        progress.at(done)
        tell(f"{done} of {len(campaigns)} campaigns are {become}")
    progress.end()
    if len(campaigns) == 1:
        print(f"{campaigns[0].id} is {become}")
    else:
        print(f"{number_of(len(campaigns), 'campaign')} are {become}")


class _Row(NamedTuple):
    """The columns of a campaign in a list: a hundredth of the campaign's size, so that 100,000 can be sorted."""

    id: str
    name: str
    status: str
    time_zone: str
    cpm_micros: int | None
    top_open_cpm_micros: int | None
    is_goal: bool
    daily_micros: int | None
    total_micros: int | None


def _row(campaign: Campaign) -> _Row:
    return _Row(
        campaign.id,
        campaign.name,
        campaign.status,
        campaign.time_zone,
        campaign.cpm_micros,
        campaign.top_open_cpm_micros if campaign.bids_openly else None,
        campaign.goal is not None,
        campaign.budget.daily_micros,
        campaign.budget.total_micros,
    )


def _spends(service: Service, zones: Mapping[str, str]) -> Mapping[str, Spend]:
    """The spend of campaigns. `zones` are the campaigns' time zones by id."""
    now = datetime.now(UTC)
    return service.ledger.spends({name: local(now, zone) for name, zone in zones.items()})


def _record(row: _Row, spend: Spend) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "time_zone": row.time_zone,
        "cpm_micros": row.cpm_micros,
        "top_open_cpm_micros": row.top_open_cpm_micros,
        "spend_micros": spend.today_micros,
        "total_spend_micros": spend.total_micros,
        "daily_budget_micros": row.daily_micros,
        "total_budget_micros": row.total_micros,
    }


def _cells(row: _Row, spend: Spend) -> tuple[str, ...]:
    return (
        row.id,
        row.status,
        f"up to {_amount(row.top_open_cpm_micros, '')}" if row.is_goal else _amount(row.cpm_micros, "deals only"),
        display(spend.today_micros),
        _amount(row.daily_micros, "no limit"),
        display(spend.total_micros),
        _amount(row.total_micros, "no limit"),
    )


def _amount(micros: int | None, absent: str) -> str:
    return absent if micros is None else display(micros)


def _id(campaign: Campaign) -> str:
    return campaign.id
