"""The warning that a snapshot is pinned, for commands whose changes then have no effect."""

from bidder.cli.output import warn
from bidder.service.service import Service


def warn_of_pin(service: Service) -> None:
    """Prints a warning if a snapshot is pinned."""
    pinned = service.store.pinned()
    if pinned:
        since = f" since {pinned.since:%Y-%m-%d %H:%M} UTC" if pinned.since else ""
        pin = f"campaigns are pinned to snapshot {pinned.manifest.version}{since}"
        warn(f"{pin}: changes of them have no effect, but for pauses and budgets, until `bidder snapshot unpin`")
