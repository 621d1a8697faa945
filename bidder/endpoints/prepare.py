"""Initializes an environment before its first request, under provisioned concurrency and SnapStart."""

from datetime import datetime

from bidder import cold_start, log
from bidder.endpoints import explain, health, notice, notices  # noqa: F401  so that no request waits for the import
from bidder.service.service import Service

_PATIENCE = 4.0
"""Seconds to wait for the parameters and for the snapshot, each. Lambda limits an initialization to 10 seconds."""


def prepare(service: Service, now: datetime) -> None:
    """Loads the parameters, the snapshot and the clients. A later request repeats a failed load."""
    if cold_start.HOW == cold_start.SNAP_START:
        # the module exists only in Python runtimes with SnapStart
        from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]

        register_after_restore(service.drop_image_state)
    try:
        service.load(now, lambda: _PATIENCE)
        _ = service.signing_keys, service.publisher
    except Exception:  # a later request tries again
        log.error("prepare.failed")
