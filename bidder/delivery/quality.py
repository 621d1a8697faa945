"""Quality classes: a paced campaign with a goal takes part first in auctions with a high predicted rate.

Outcomes are counted by device type over the whole account. For each outcome, a device type belongs to one of three
classes. Its rate is above the account's rate by the share `_MIN_LIFT` or more, below it by `_MIN_LIFT` or more, or near
it. A campaign's participation goes to opportunities of the best class first, then to the next. Each class keeps the
share `KEPT_SHARE` of the participation, so that the rates of all classes continue to be learned. All functions are
pure.
"""

from collections.abc import Mapping, Sequence

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.participation import WHOLE
from bidder.delivery.prediction import account_rates, predict

CLASSES = 3
MIDDLE = 1
"""The class of device types near the account's rate, and of those without counts."""
KEPT_SHARE = 0.1
"""The share of the participation that each class keeps for any predicted rate."""
OUTCOMES: tuple[Outcome, ...] = (Outcome.VIEW, Outcome.COMPLETION, Outcome.CLICK)
"""The outcomes in the order of their codes, from 1. New outcomes must be appended: stored objects contain the codes."""
_MIN_LIFT = 0.15

Devices = Mapping[int, OutcomeCounts]
"""The outcome counts by device type (AdCOM List: Device Types); 0 stands for requests without one."""
DeviceClasses = Mapping[Outcome, Mapping[int, int]]
"""The class of each device type by outcome. Class 0 is the best; device types of the middle class are left out."""


def device_classes(devices: Devices) -> dict[Outcome, dict[int, int]]:
    """The classes of device types by their predicted rates relative to the account's."""
    rates = account_rates(devices.values())
    classes: dict[Outcome, dict[int, int]] = {}
    for outcome in OUTCOMES:
        class_by_device: dict[int, int] = {}
        for device, counts in sorted(devices.items()):
            lift = predict(outcome, counts, rates[outcome]).rate / max(1, rates[outcome])
            if lift >= 1 + _MIN_LIFT:
                class_by_device[device] = 0
            elif lift <= 1 - _MIN_LIFT:
                class_by_device[device] = CLASSES - 1
        if class_by_device:
            classes[outcome] = class_by_device
    return classes


def class_shares(share: int, opportunities: Sequence[float]) -> tuple[int, ...]:
    """The participation in each class, whose average over the opportunities is `share`. Units are `1 / WHOLE`.

    `opportunities` are the campaign's recent opportunities by class. Without any, all classes have the same share.
    """
    total = sum(opportunities)
    if total <= 0 or share >= WHOLE:
        return (share,) * CLASSES
    floor = share * KEPT_SHARE
    remaining = (share - floor) * total
    shares: list[float] = []
    for count in opportunities:
        extra_share = min(WHOLE - floor, remaining / count) if count > 0 else share - floor
        remaining -= max(0.0, extra_share * count)
        shares.append(floor + extra_share)
    return tuple(min(WHOLE, max(0, round(class_share))) for class_share in shares)
