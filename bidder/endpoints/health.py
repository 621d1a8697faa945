"""GET /health: whether this environment can bid, and on how old a snapshot."""

import json
from datetime import datetime

from bidder.endpoints.reply import JSON, Reply
from bidder.service.service import Service


def health(service: Service, now: datetime) -> Reply:
    """200 where bids are made, 503 where all answers are no-bids for want of keys or of a snapshot young enough."""
    try:
        parameters, _ = service.parameters, service.signing_keys
    except Exception as error:  # whatever it is, there are no bids without them
        return Reply(503, json.dumps({"status": f"no keys: {type(error).__name__}", "snapshot": None}), JSON)
    usable = service.keeper.current(now)
    held = service.keeper.held
    if held is None:
        body: dict[str, object] = {"status": "no snapshot", "snapshot": None}
    else:
        age = held.age(now).total_seconds()
        young = age <= parameters.snapshot_warn_age
        body = {
            "status": "ok" if young else "stale" if usable else "too old to bid",
            "snapshot": {
                "version": held.version,
                "age_seconds": round(age, 3),
                "campaigns": len(held.index),
                "bidding": held.delivery.count,
                "pinned": held.pinned,
                "pinned_since": held.pinned_since.isoformat() if held.pinned_since else None,
            },
        }
    return Reply(200 if usable else 503, json.dumps(body), JSON)
