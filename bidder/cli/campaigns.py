"""`python -m bidder campaigns …`."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.differences import differences
from bidder.campaigns.files import CampaignFile, as_lines, as_yaml
from bidder.campaigns.repository import UnknownCampaign, merged
from bidder.cli.lists import missing_lists
from bidder.cli.progress import Progress
from bidder.cli.refresh import publish_refresh
from bidder.cli.segments import warnings
from bidder.cli.table import table
from bidder.delivery.budget import Spend
from bidder.delivery.zones import local
from bidder.files.opened import open_binary, shown_name
from bidder.money import MICROS, display
from bidder.service.service import Service

_COMPARED_AT_ONCE = 100
_MOST_WARNINGS = 100
VERBS = {"pause": Status.PAUSED, "resume": Status.ACTIVE}


def import_file(service: Service, path: str, *, dry_run: bool = False) -> None:
    """Checks the whole file, then stores its campaigns; a dry run says what that would change.

    Raises InvalidCampaignFile, OSError.
    """
    campaigns = _file(service, path)
    for warning in campaigns.warnings[:_MOST_WARNINGS]:
        print(f"warning: {warning}", file=sys.stderr)
    if len(campaigns.warnings) > _MOST_WARNINGS:
        print(f"warning: and {len(campaigns.warnings) - _MOST_WARNINGS:,} more warnings", file=sys.stderr)
    for note in missing_lists(service, campaigns):
        print(f"note: {note}", file=sys.stderr)
    if dry_run:
        _print_changes(service, campaigns)
        for line in warnings(service, iter(campaigns)):
            print(f"warning: {line}", file=sys.stderr)
        return
    progress = Progress(len(campaigns))
    stored, changed = 0, 0
    try:
        for done, its in service.campaigns.put_each(campaigns):
            stored, changed = done, changed + len(its)
            progress.at(done)
    except BaseException:
        progress.end()
        print(f"{stored} of {len(campaigns)} campaigns are stored, {changed} of them new or changed.", file=sys.stderr)
        print("Import the file again to go on: what is stored is passed over.", file=sys.stderr)
        raise
    progress.end()
    print(f"{len(campaigns)} campaigns imported from {path}, {changed} of them new or changed")
    publish_refresh(service)


def _file(service: Service, path: str) -> CampaignFile:
    warn_cpm_micros = int(service.plain_parameters().import_warn_cpm * MICROS)
    taxonomies, media_url = service.taxonomies.all(), service.settings.media_url
    with open_binary(path) as file:
        return CampaignFile(file, shown_name(path), media_url, taxonomies, warn_cpm_micros)


def export(service: Service, form: str) -> None:
    """Prints all campaigns by id, as a file that `import_file` reads: yaml, or jsonl with one campaign a line."""
    campaigns = sorted(service.campaigns.all(), key=lambda campaign: campaign.id)
    if form == "yaml":
        print(as_yaml(campaigns), end="")
        return
    for line in as_lines(campaigns):
        print(line)


def _print_changes(service: Service, campaigns: CampaignFile) -> None:
    new, changed = 0, 0
    for campaign, old in _beside_stored(service, campaigns):
        if old is None:
            new += 1
            print(f"{campaign.id}: new")
            continue
        lines = list(differences(_document(old), _document(merged(campaign, old))))
        changed += bool(lines)
        for line in lines:
            print(f"{campaign.id}: {line}")
    same = len(campaigns) - new - changed
    print(f"{len(campaigns)} campaigns: {new} new, {changed} changed, {same} as they are stored. Nothing was written.")


def _beside_stored(service: Service, campaigns: Iterable[Campaign]) -> Iterator[tuple[Campaign, Campaign | None]]:
    left = iter(campaigns)
    while batch := list(islice(left, _COMPARED_AT_ONCE)):
        stored = {its.id: its for its in service.campaigns.get_many([campaign.id for campaign in batch])}
        for campaign in batch:
            yield campaign, stored.get(campaign.id)


def _document(campaign: Campaign) -> dict[str, object]:
    return campaign.model_dump(mode="json", exclude_defaults=True)


def list_all(service: Service, *, as_json: bool) -> None:
    """Prints campaigns by id, with what they have spent today and in all."""
    campaigns = sorted(service.campaigns.all(), key=lambda campaign: campaign.id)
    now = datetime.now(UTC)
    spends = service.ledger.spends({campaign.id: local(now, campaign.time_zone) for campaign in campaigns})
    rows = [(campaign, spends.get(campaign.id, Spend())) for campaign in campaigns]
    if as_json:
        print(json.dumps([_record(campaign, spend) for campaign, spend in rows], indent=2))
    else:
        head = ("id", "status", "cpm", "today", "daily budget", "in all", "total budget")
        print(table(head, map(_cells, rows), left=2))


def change_status(service: Service, campaign_id: str, status: Status) -> None:
    """Pauses or resumes, and asks for a refresh, so that bids follow at once. Raises UnknownCampaign."""
    service.campaigns.set_status(campaign_id, status)
    print(f"{campaign_id} is {status}")
    publish_refresh(service)


def delete(service: Service, campaign_id: str) -> None:
    """Deletes a campaign, which `restore` brings back, and asks for a refresh. Raises UnknownCampaign."""
    service.campaigns.delete(campaign_id)
    print(f"{campaign_id} is deleted; python -m bidder campaigns restore {campaign_id} brings it back")
    publish_refresh(service)


def restore(service: Service, campaign_id: str, version: int | None) -> None:
    """Makes a campaign what one of its versions was, by default the last, and asks for a refresh.

    Raises UnknownCampaign.
    """
    restored = service.campaigns.restore(campaign_id, version)
    print(f"{campaign_id} is as it was in version {restored}")
    publish_refresh(service)


def print_history(service: Service, campaign_id: str) -> None:
    """Prints the changes of a campaign, the latest first: when, who, and each field that was not what it became."""
    found = False
    for change in service.campaigns.history(campaign_id):
        found = True
        print(f"version {change.version}  {change.at}  {change.who}")
        for line in differences(change.before or {}, change.after or {}):
            print(f"  {line}")
    if not found:
        raise UnknownCampaign(campaign_id)


def _record(campaign: Campaign, spend: Spend) -> dict[str, object]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "spend_micros": spend.today_micros,
        "total_spend_micros": spend.total_micros,
        "daily_budget_micros": campaign.budget.daily_micros,
        "total_budget_micros": campaign.budget.total_micros,
    }


def _cells(row: tuple[Campaign, Spend]) -> tuple[str, ...]:
    campaign, spend = row
    return (
        campaign.id,
        campaign.status,
        _bid(campaign),
        display(spend.today_micros),
        _amount(campaign.budget.daily_micros, "no limit"),
        display(spend.total_micros),
        _amount(campaign.budget.total_micros, "no limit"),
    )


def _bid(campaign: Campaign) -> str:
    if campaign.goal:
        return f"up to {display(campaign.top_cpm_micros)}"
    return _amount(campaign.cpm_micros, "deals only")


def _amount(micros: int | None, absent: str) -> str:
    return absent if micros is None else display(micros)
