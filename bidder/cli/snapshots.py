"""`bidder snapshot`: prints the published snapshots and their differences, and pins a snapshot."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.file_form import changed_fields
from bidder.cli.output import print_json, print_table
from bidder.cli.refresh import publish_refresh
from bidder.service.service import Service
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot import Snapshot

_MAX_LISTED = 20


def list_snapshots(service: Service, *, every: bool, as_json: bool = False) -> None:
    """Prints the stored snapshots, the newest first."""
    manifests = sorted(service.store.manifests(), key=lambda manifest: -manifest.version)
    current = service.store.current()
    if as_json:
        shown = manifests if every else manifests[:_MAX_LISTED]
        fields = {"version", "at", "campaigns", "bidding", "pinned", "pinned_since"}
        is_current = {current.version} if current else set()
        print_json([{**m.model_dump(mode="json", include=fields), "current": m.version in is_current} for m in shown])
        return
    head = ("version", "at", "campaigns", "bidding", "")
    shown = manifests if every else manifests[:_MAX_LISTED]
    print_table(head, (_cells(manifest, current) for manifest in shown), left_aligned=2)
    if len(shown) < len(manifests):
        print(f"and {len(manifests) - len(shown)} more; --all lists them")


def show(service: Service, version: int) -> None:
    """Prints the manifest of a snapshot. Raises UnknownVersion."""
    print(service.store.manifest(version).model_dump_json(indent=2))


def diff(service: Service, old: int, new: int, *, as_json: bool) -> None:
    """Prints the differences of two snapshots, campaign by campaign. Raises UnknownVersion, BadSnapshot."""
    before, after = (service.store.snapshot(service.store.manifest(version)) for version in (old, new))
    lines = list(changes(before, after))
    if as_json:
        print_json(lines)
        return
    print("\n".join(lines) if lines else "no campaign differs")


def pin(service: Service, version: int | None) -> None:
    """Pins the campaigns to a version, or unpins them with None, and requests a refresh. Raises UnknownVersion."""
    service.store.pin(version, datetime.now(UTC))
    print("unpinned: bids use the stored campaigns" if version is None else f"pinned: campaigns as of {version}")
    if version is not None:
        print("current pauses and budgets still apply; `bidder snapshot unpin` ends it")
    publish_refresh(service)


def changes(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """A line for each changed value of a campaign, and for each campaign that may bid now or no more."""
    olds, news = _latest(before), _latest(after)
    for campaign_id in sorted({*olds, *news}):
        old, new = olds.get(campaign_id), news.get(campaign_id)
        if old is None or new is None:
            yield f"{campaign_id}: {'added' if old is None else 'gone'}"
            continue
        was, now = before.delivery.withheld(old), after.delivery.withheld(new)
        if was != now:
            yield f"{campaign_id}: {was or 'may bid'} -> {now or 'may bid'}"
        for line in changed_fields(_document(before.index.campaign(old)), _document(after.index.campaign(new))):
            yield f"{campaign_id}: {line}"


def _latest(snapshot: Snapshot) -> dict[str, int]:
    """The position of each campaign's latest version in the index."""
    index = snapshot.index
    ids = {index.campaign_id(position) for position in range(len(index))}
    return {name: position for name in ids if (position := index.position(name)) is not None}


def _document(campaign: Campaign) -> dict[str, object]:
    return campaign.model_dump(mode="json", exclude_defaults=True)


def _cells(manifest: Manifest, current: Manifest | None) -> tuple[str, ...]:
    notes = [
        "current" if current and manifest.version == current.version else "",
        f"pinned to {manifest.pinned}" if manifest.pinned else "",
    ]
    at = manifest.at.isoformat(timespec="seconds") if manifest.at else ""
    return str(manifest.version), at, str(manifest.campaigns), str(manifest.bidding), ", ".join(filter(None, notes))
