"""Says that a snapshot is pinned, wherever somebody might wonder why changes have no effect."""

from bidder.cli.output import warn
from bidder.service.service import Service


def warn_of_pin(service: Service) -> None:
    """Warns where bids are made by the campaigns of a pinned snapshot."""
    pinned = service.store.pinned()
    if pinned:
        since = f" since {pinned.since:%Y-%m-%d %H:%M} UTC" if pinned.since else ""
        pin = f"campaigns are pinned to snapshot {pinned.manifest.version}{since}"
        warn(f"{pin}: changes of them have no effect, but for pauses and budgets, until `bidder snapshot unpin`")
