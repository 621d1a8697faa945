"""GET /health: whether this process can bid, and the age of its snapshot."""

import json
from datetime import datetime

from bidder.endpoints.reply import JSON, Reply
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot


def health(service: Service, now: datetime) -> Reply:
    """200 if this process can bid; 503 if it can't, since it lacks signing keys or a young enough snapshot."""
    try:
        parameters, _ = service.parameters, service.signing_keys
    except Exception as error:  # without parameters and keys there are no bids
        return Reply(503, json.dumps({"status": f"no keys: {type(error).__name__}", "snapshot": None}), JSON)
    usable_snapshot = service.keeper.current(now)
    snapshot = service.keeper.last_loaded
    if snapshot is None:
        body: dict[str, object] = {"status": "no snapshot", "snapshot": None}
    else:
        age = snapshot.age(now).total_seconds()
        is_young = age <= parameters.snapshot_warn_age
        body = {
            "status": _status(usable_snapshot, is_young=is_young),
            "snapshot": {
                "version": snapshot.version,
                "age_seconds": round(age, 3),
                "campaigns": snapshot.delivery.campaign_count,
                "bidding": snapshot.delivery.count,
                "pinned": snapshot.pinned,
                "pinned_since": snapshot.pinned_since.isoformat() if snapshot.pinned_since else None,
            },
        }
    return Reply(200 if usable_snapshot else 503, json.dumps(body), JSON)


def _status(usable_snapshot: Snapshot | None, *, is_young: bool) -> str:
    if usable_snapshot is None:
        return "too old to bid"
    if usable_snapshot.is_stopped:
        return "stopped"
    return "ok" if is_young else "stale"
