"""The functions of the stack, their roles, and their queues."""

from typing import Any, NamedTuple


class Consumer(NamedTuple):
    """A consumer: the filter policy of its subscription (None for all events), its batch size and batching window."""

    filter: dict[str, Any] | None
    batch: int = 10
    window: int = 0


CONSUMERS = {
    "Ledger": Consumer({"kind": ["impression", "bill"], "test": ["false"]}, batch=100, window=1),
    "Archive": Consumer(None, batch=1000, window=60),
    "Learning": Consumer(
        {
            "kind": ["impression", "firstQuartile", "complete", "click", "win", "bill", "loss", "traffic"],
            "test": ["false"],
            "invalid": [{"exists": False}],
        }
    ),
    "Frequency": Consumer(
        {"kind": ["impression"], "user": [{"exists": True}], "test": ["false"], "invalid": [{"exists": False}]}
    ),
}
QUEUES = CONSUMERS | {"Notices": Consumer(None)}
"""The queues of consumers, and the fallback queue."""
HOOKS = ("BeforeTraffic", "AfterTraffic", "BeforeLedger")
RARE = (*HOOKS, "StopBidding")
"""The functions that are invoked once per deployment or once per alarm."""
FUNCTIONS = {"APIHandler": "BidRole"} | {name: f"{name}Role" for name in ("Refresh", "ParameterCopy", *QUEUES, *RARE)}
