"""The functions of the stack, their roles, and the queues that they take from."""

from typing import Any, NamedTuple


class Consumer(NamedTuple):
    """What a consumer's subscription lets through, None for everything; its batch and how long that is waited for."""

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
"""Those of consumers, and what waits for SNS."""
HOOKS = ("BeforeTraffic", "AfterTraffic", "BeforeLedger")
RARE = (*HOOKS, "StopBidding")
"""Those that are invoked once a deployment, and once an alarm."""
FUNCTIONS = {"APIHandler": "BidRole"} | {name: f"{name}Role" for name in ("Refresh", "ParameterCopy", *QUEUES, *RARE)}
