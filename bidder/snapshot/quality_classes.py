"""The sections of a delivery state that keep the best-predicted impressions (`bidder.delivery.quality`).

`goals` has a byte for each campaign: 0, or the code of the outcome that a paced campaign values. `class_share.<class>`
has the share of auctions of each campaign in a class, and `class.<class>.buckets.<tier>` the campaigns with a goal by
bucket, as `bidder.snapshot.bucket_sets` has them. Delivery states without classes have none of these sections.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bidder.campaigns.goal import Outcome
from bidder.delivery.allowance import Pace
from bidder.delivery.participation import WHOLE
from bidder.delivery.quality import CLASSES, MIDDLE, OUTCOMES, DeviceClasses, class_shares
from bidder.snapshot import sets
from bidder.snapshot.bucket_sets import BucketSets, bucket_sections
from bidder.snapshot.container import Sections
from bidder.snapshot.index import Index
from bidder.snapshot.sets import Set
from bidder.snapshot.tier import Tier

GOALS, _SHARE, PREFIX = "goals", "class_share.{}", "class.{}."

Classes = tuple[int, ...]
"""The class of an auction for each outcome, in the order of `OUTCOMES`."""


class Quality(NamedTuple):
    """The quality of impressions at a refresh: the class of each device type by outcome.

    `opportunities` are the recent opportunities by class, by campaign id.
    """

    devices: DeviceClasses
    opportunities: Mapping[str, Sequence[float]]


class QualityClasses:
    """The shares of paced campaigns with a goal, by the class of an auction."""

    def __init__(self, sections: Sections, tiers: Sequence[Tier], devices: DeviceClasses, buckets: BucketSets) -> None:
        self.goals = sections[GOALS]
        self._devices = devices
        self._tiers = tiers
        self._shares = [array("q", bytes(sections[_SHARE.format(number)])) for number in range(CLASSES)]
        self._buckets = [BucketSets(sections, tiers, PREFIX.format(number)) for number in range(CLASSES)]
        self._all_buckets = buckets
        self._with_goal: dict[tuple[int, int], Set] = {}
        self._participants: dict[tuple[int, int, Classes], Set] = {}

    def classes(self, device: int) -> Classes:
        """The classes of an auction on a type of device."""
        return classes_of(self._devices, device)

    def share(self, position: int, classes: Classes) -> int | None:
        """The share of auctions of these classes that a campaign takes part in; None if it has no goal."""
        goal = self.goals[position]
        return self._shares[classes[goal - 1]][position] if goal else None

    def participants(self, tier: int, bucket: int, classes: Classes) -> Set:
        """The campaigns of a tier that can take part in the auctions of a bucket and of these classes."""
        key = (tier, bucket, classes)
        campaigns = self._participants.get(key)
        if campaigns is None:
            campaigns = self._all_buckets.participants(tier, bucket)
            for code, number in enumerate(classes, start=1):
                with_goal = self._campaigns_with_goal(tier, code)
                if with_goal:
                    class_participants = self._buckets[number].participants(tier, bucket)
                    campaigns = sets.without(campaigns, with_goal) | (class_participants & with_goal)
            self._participants[key] = campaigns
        return campaigns

    def _campaigns_with_goal(self, tier: int, code: int) -> Set:
        key = (tier, code)
        campaigns = self._with_goal.get(key)
        if campaigns is None:
            tier_columns = self._tiers[tier]
            goals = self.goals[tier_columns.start : tier_columns.start + tier_columns.count]
            campaigns = sets.set_of((offset for offset, goal in enumerate(goals) if goal == code), tier_columns.size)
            self._with_goal[key] = campaigns
        return campaigns


def _sections(
    goals: Mapping[int, int],
    shares: Mapping[int, Sequence[int]],
    count: int,
    tiers: Sequence[Tier],
    campaign_id: Callable[[int], str],
) -> dict[str, bytes]:
    """The sections for paced campaigns with a goal: the outcome's code and the share of each class, by position."""
    codes = bytearray(count)
    for position in shares:
        codes[position] = goals[position]
    sections = {GOALS: bytes(codes)}
    for number in range(CLASSES):
        column = array("q", [0]) * count
        for position, shares_by_class in shares.items():
            column[position] = shares_by_class[number]
        sections[_SHARE.format(number)] = column.tobytes()
        class_sections = bucket_sections(dict(enumerate(column)), tiers, campaign_id)
        sections |= {PREFIX.format(number) + name: section for name, section in class_sections.items()}
    return sections


def quality_sections(index: Index, paces: Mapping[str, Pace], quality: Quality | None) -> dict[str, bytes]:
    """The sections of the quality classes; none where no paced campaign with a goal has opportunities by class."""
    shares: dict[int, Sequence[int]] = {}
    for campaign_id, pace in paces.items() if quality else ():
        position = index.position(campaign_id)
        if quality and position is not None and index.goal(position) and pace.share < WHOLE:
            shares[position] = class_shares(pace.share, quality.opportunities.get(campaign_id, ()))
    if not shares:
        return {}
    goals = {position: index.goal(position) for position in shares}
    return _sections(goals, shares, len(index), index.tiers_by_number, index.campaign_id)


def load_quality(
    sections: Sections, tiers: Sequence[Tier], devices: DeviceClasses, buckets: BucketSets | None
) -> QualityClasses | None:
    """Reads the sections; None if there are none."""
    if GOALS not in sections or buckets is None:
        return None
    return QualityClasses(sections, tiers, devices, buckets)


def parse_device_classes(document: Mapping[str, Mapping[str, int]]) -> DeviceClasses:
    """The classes of device types, as the meta data of a delivery state have them."""
    return {
        Outcome(name): {int(device): number for device, number in numbers.items()} for name, numbers in document.items()
    }


def classes_of(devices: DeviceClasses, device: int) -> Classes:
    """The class of a type of device for each outcome."""
    return tuple(devices.get(outcome, {}).get(device, MIDDLE) for outcome in OUTCOMES)
