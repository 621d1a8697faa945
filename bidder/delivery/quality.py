"""Best-predicted impressions first: how a paced campaign with a goal spends its participation. Pure.

Outcomes are counted by the type of the viewer's device over the whole account. For each outcome that a goal may value,
the types fall into three classes: the rate is above the account's by `_APART` or more, near it, or below it by as much.
A campaign's participation is spent on its opportunities of the best class first, then on the next. Each class keeps a
part of it, `KEPT`, so that no class is starved, and the worse ones go on being learned.
"""

from collections.abc import Mapping, Sequence

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.participation import WHOLE
from bidder.delivery.prediction import account_rates, predict

CLASSES = 3
MIDDLE = 1
"""The class of devices near the account's rate, and of those without counts."""
KEPT = 0.1
"""The part of the participation that each class has, whatever is predicted of it."""
OUTCOMES: tuple[Outcome, ...] = (Outcome.VIEW, Outcome.COMPLETION, Outcome.CLICK)
"""The outcomes by their codes less 1. Append only: stored objects have the codes."""
_APART = 0.15

Devices = Mapping[int, OutcomeCounts]
"""Outcome counts by device type (AdCOM List: Device Types); 0 where a request names none."""
DeviceClasses = Mapping[Outcome, Mapping[int, int]]
"""The class of each device type by outcome, 0 the best; types of the middle class are left out."""


def device_classes(devices: Devices) -> dict[Outcome, dict[int, int]]:
    """The classes of device types by their predicted rates, as far as they are apart from the account's."""
    rates = account_rates(devices.values())
    classes: dict[Outcome, dict[int, int]] = {}
    for outcome in OUTCOMES:
        of_outcome: dict[int, int] = {}
        for device, counts in sorted(devices.items()):
            lift = predict(outcome, counts, rates[outcome]).rate / max(1, rates[outcome])
            if lift >= 1 + _APART:
                of_outcome[device] = 0
            elif lift <= 1 - _APART:
                of_outcome[device] = CLASSES - 1
        if of_outcome:
            classes[outcome] = of_outcome
    return classes


def class_shares(share: int, opportunities: Sequence[float]) -> tuple[int, ...]:
    """The share of the auctions of each class, in units of `1 / WHOLE`, that together are `share` of all auctions.

    `opportunities` are the campaign's recent ones by class. Without any, each class has the same share.
    """
    total = sum(opportunities)
    if total <= 0 or share >= WHOLE:
        return (share,) * CLASSES
    kept = share * KEPT
    rest = (share - kept) * total
    shares: list[float] = []
    for count in opportunities:
        more = min(WHOLE - kept, rest / count) if count > 0 else share - kept
        rest -= max(0.0, more * count)
        shares.append(kept + more)
    return tuple(min(WHOLE, max(0, round(each))) for each in shares)
