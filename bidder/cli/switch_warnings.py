"""Warnings of the switches that apply to all campaigns, for commands whose changes then have no effect."""

from bidder.cli.output import warn
from bidder.service.service import Service


def warn_of_switches(service: Service) -> None:
    """Prints a warning if all bidding is stopped, and one if a snapshot is pinned."""
    if service.store.is_stopped():
        warn("all bidding is stopped: every request gets a no-bid, until `bidder go`")
    pinned = service.store.read_pinned()
    if pinned:
        since = f" since {pinned.since:%Y-%m-%d %H:%M} UTC" if pinned.since else ""
        pin = f"campaigns are pinned to snapshot {pinned.manifest.version}{since}"
        warn(f"{pin}: changes of them have no effect, but for pauses and budgets, until `bidder snapshot unpin`")
