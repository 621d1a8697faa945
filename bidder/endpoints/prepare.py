"""An environment that is made before anybody asks: under provisioned concurrency, and for SnapStart's image."""

from datetime import datetime

from bidder import cold_start, log
from bidder.endpoints import explain, health, notice, notices  # noqa: F401  so that no request waits for the import
from bidder.service.service import Service

_PATIENCE = 4.0
"""Seconds that the parameters and the snapshot are waited for, each: Lambda gives an initialization 10 seconds."""


def prepare(service: Service, now: datetime) -> None:
    """Makes what first requests would wait for. What fails here is made again by the request that needs it."""
    if cold_start.HOW == cold_start.SNAP_START:
        # in every Python runtime that has SnapStart, and in no other
        from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]

        register_after_restore(service.woken)
    try:
        service.load(now, lambda: _PATIENCE)
        _ = service.signing_keys, service.publisher
    except Exception:  # whatever is wrong, a request may find it mended
        log.error("prepare.failed")
