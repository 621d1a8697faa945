"""`bidder campaigns import`: checks the whole file, then stores its campaigns."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from bidder.aws.batches import batches_of
from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.file_form import changed_fields
from bidder.campaigns.files import CampaignFile
from bidder.campaigns.merged import merge_with_stored
from bidder.cli.campaign_uploads import send_uploads, uploads_of
from bidder.cli.lists import missing_lists
from bidder.cli.output import note, number_of, warn
from bidder.cli.progress import Progress
from bidder.cli.refresh import publish_refresh
from bidder.cli.reused_ids import reused_ids
from bidder.cli.segments import unknown_segments
from bidder.cli.switch_warnings import warn_of_switches
from bidder.files.opened import open_binary, shown_name
from bidder.money import MICROS
from bidder.service.service import Service

_COMPARED_AT_ONCE = 100
_MAX_WARNINGS = 100


def import_file(
    service: Service, path: str, *, dry_run: bool = False, tell_stored: Callable[[str], None] = lambda _: None
) -> None:
    """Checks the whole file, then stores its campaigns. A dry run prints the changes and stores nothing.

    After each transaction, `tell_stored` gets the number of stored campaigns. Raises InvalidCampaignFile, OSError.
    """
    campaigns = read_file(service, path)
    uploads = uploads_of(campaigns, path)
    for warning in campaigns.warnings[:_MAX_WARNINGS]:
        warn(warning)
    if len(campaigns.warnings) > _MAX_WARNINGS:
        warn(f"and {number_of(len(campaigns.warnings) - _MAX_WARNINGS, 'more warning')}")
    for missing in missing_lists(service, campaigns):
        note(missing)
    warn_of_switches(service)
    for line in islice(reused_ids(service, campaigns), _MAX_WARNINGS):
        warn(line)
    if dry_run:
        _print_changes(service, campaigns)
        for line in unknown_segments(service, iter(campaigns)):
            warn(line)
        return
    if campaigns.advertisers:  # before the campaigns, so that none bids without its advertiser's limits
        limited = service.advertisers.put_many(campaigns.advertisers)
        advertisers = number_of(len(campaigns.advertisers), "advertiser")
        print(f"limits of {advertisers} imported from {path}, {limited} of them new or changed")
    changed = _store(service, campaigns, tell_stored)
    print(f"{number_of(len(campaigns), 'campaign')} imported from {path}, {changed} of them new or changed")
    send_uploads(service, uploads)
    publish_refresh(service)


def read_file(service: Service, path: str) -> CampaignFile:
    """The file, checked by the stored taxonomies and parameters. Raises InvalidCampaignFile, OSError."""
    warn_cpm_micros = int(service.current_parameters.read_without_secrets().import_warn_cpm * MICROS)
    taxonomies, media_url = service.taxonomies.all(), service.settings.media_url
    with open_binary(path) as file:
        return CampaignFile(file, shown_name(path), media_url, taxonomies, warn_cpm_micros)


def _store(service: Service, campaigns: CampaignFile, tell_stored: Callable[[str], None]) -> int:
    """Stores all campaigns, with a progress bar. Returns the number of new and changed campaigns."""
    progress = Progress(len(campaigns))
    done, changed = 0, 0

    def progress_text() -> str:
        stored = f"{done} of {len(campaigns)} campaigns are stored, {changed} of them new or changed"
        return f"{stored}. Import the file again to go on: what is stored is passed over"

    try:
        for done, changed_ids in service.campaigns.put_each(campaigns):
            changed += len(changed_ids)
            progress.at(done)
            tell_stored(progress_text())
    except Exception:
        note(progress_text())
        raise
    finally:
        progress.end()
    return changed


def _print_changes(service: Service, campaigns: CampaignFile) -> None:
    new, changed = 0, 0
    known = {limits.domain: limits for limits in service.advertisers.all()} if campaigns.advertisers else {}
    for limits in campaigns.advertisers:
        before = known.get(limits.domain)
        for line in changed_fields(_document(before) if before else None, _document(limits)):
            print(f"{limits.domain}: {line}")
    for campaign, old in _beside_stored(service, campaigns):
        if old is None:
            new += 1
            print(f"{campaign.id}: new")
            continue
        lines = list(changed_fields(_document(old), _document(merge_with_stored(campaign, old))))
        changed += bool(lines)
        for line in lines:
            print(f"{campaign.id}: {line}")
    same = len(campaigns) - new - changed
    total = number_of(len(campaigns), "campaign")
    print(f"{total}: {new} new, {changed} changed, {same} as they are stored. Nothing was written.")


def _beside_stored(service: Service, campaigns: Iterable[Campaign]) -> Iterator[tuple[Campaign, Campaign | None]]:
    for batch in batches_of(campaigns, _COMPARED_AT_ONCE):
        stored = {campaign.id: campaign for campaign in service.campaigns.get_many([campaign.id for campaign in batch])}
        for campaign in batch:
            yield campaign, stored.get(campaign.id)


def _document(campaign: Campaign | AdvertiserLimits) -> dict[str, object]:
    return campaign.model_dump(mode="json", exclude_defaults=True)
