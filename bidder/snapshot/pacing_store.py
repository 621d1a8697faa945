"""The store of pacing's memory between refreshes: three objects in S3, gzip JSON.

`memory` is written by every refresh; `traffic`, the learned curves, once an hour. A refresh that is lost or runs twice
loses a minute's learning at most: the next refresh reads spend and counts again. `members` has all campaigns that an
advertiser with limits ever had. The spend of an advertiser is counted by this object, so no failure may shorten it.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bidder import log
from bidder.aws.conditional_put import put_if_unchanged
from bidder.aws.whole_object import read_object
from bidder.delivery.estimates import Flow, Minute, Ratio
from bidder.delivery.learned_traffic import LearnedTraffic, WeekCounts
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.overspend import LimitState
from bidder.delivery.pacers import Account
from bidder.delivery.pacing import Memory
from bidder.delivery.plan import Anchor
from bidder.snapshot.keys import PACING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MEMORY, _TRAFFIC, _MEMBERS = PACING + "memory", PACING + "traffic", PACING + "members"

Members = Mapping[str, Mapping[str, str]]
"""The time zone of each campaign of an advertiser, by the domain of the advertiser and the id of the campaign."""


class PacingStore:
    """Reads and writes the memory of pacing. An object that can't be read is replaced by an empty one."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._hour = -1
        self._traffic: LearnedTraffic | None = None

    def read(self) -> tuple[Account, LearnedTraffic]:
        """The memory of the refresh before, and the learned curves; the curves are read once a process."""
        memory = self._get(_MEMORY)
        account = Account()
        try:
            if memory is not None:
                account = _parse_account(memory)
            if self._traffic is None:
                self._traffic = _parse_traffic(self._get(_TRAFFIC) or {})
        except (KeyError, TypeError, ValueError) as error:
            log.warning("pacing.unread", reason=str(error), then="pacing learns anew")
        traffic = self._traffic or LearnedTraffic()
        self._traffic = traffic
        return account, traffic

    def write(self, account: Account, traffic: LearnedTraffic) -> None:
        """Writes both for the next refresh."""
        self._s3.put_object(**self._object(_MEMORY, asdict(account)))
        if traffic.account.hour != self._hour:
            self._s3.put_object(**self._object(_TRAFFIC, asdict(traffic)))
            self._hour = traffic.account.hour

    def members(self) -> Members:
        """All campaigns that an advertiser with limits ever had. Raises the errors of S3."""
        return self._read_members()[0]

    def add_members(self, *members: Members) -> Members:
        """Adds campaigns of advertisers to the stored members, and returns all members. Raises the errors of S3.

        A conditional write keeps the campaigns that a concurrent refresh adds.
        """
        while True:
            stored, etag = self._read_members()
            merged_members = _merge_members(stored, *members)
            if merged_members == stored or put_if_unchanged(self._s3, etag, **self._object(_MEMBERS, merged_members)):
                return merged_members

    def _read_members(self) -> tuple[Members, str | None]:
        """The stored members, and the ETag of their object; None without an object."""
        try:
            body, answer = read_object(self._s3, Bucket=self._bucket, Key=_MEMBERS)
        except self._s3.exceptions.NoSuchKey:
            return {}, None
        stored: Members = json.loads(gzip.decompress(body))
        return stored, answer["ETag"]

    def _get(self, key: str) -> dict[str, Any] | None:
        try:
            body, _ = read_object(self._s3, Bucket=self._bucket, Key=key)
            document: dict[str, Any] = json.loads(gzip.decompress(body))
        except self._s3.exceptions.NoSuchKey:
            return None
        except Exception as error:  # pacing learns anew instead of stopping bids
            log.warning("pacing.unread", key=key, reason=type(error).__name__, then="pacing learns anew")
            return None
        return document

    def _object(self, key: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a write."""
        body = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), compresslevel=1, mtime=0)
        return {"Bucket": self._bucket, "Key": key, "Body": body, "ContentType": "application/gzip"}


def _merge_members(*members: Members) -> Members:
    merged_members: dict[str, dict[str, str]] = {}
    for zones_by_domain in members:
        for domain, zones in zones_by_domain.items():
            merged_members.setdefault(domain, {}).update(zones)
    return merged_members


def _parse_account(document: dict[str, Any]) -> Account:
    return Account(
        {name: _parse_memory(memory) for name, memory in document["memories"].items()},
        document["delays"],
        {
            name: {int(minute): count for minute, count in delays.items()}
            for name, delays in document["delays_seen"].items()
        },
        document.get("requests", 0.0),
        document.get("members", {}),
        document.get("in_flight", 0.0),
        {
            name: {goal: LimitState(*limit) for goal, limit in goals.items()}
            for name, goals in document.get("limits", {}).items()
        },
    )


def _parse_memory(document: dict[str, Any]) -> Memory:
    flow = document.pop("flow")
    minutes = [Minute(**minute) for minute in flow.pop("minutes")]
    counted_until = flow.pop("counted_until")
    if bid_ratio := flow.pop("micros_per_bid", None):  # memory of older code, which did not learn prices separately
        flow["micros_per_impression"] = {"above": bid_ratio["above"], "below": flow["impressions_per_bid"]["above"]}
    ratios = {name: Ratio(**ratio) for name, ratio in flow.items()}
    anchors = {name: Anchor(*anchor) for name, anchor in document.pop("anchors").items()}
    starts = {name: (start, spend_before) for name, (start, spend_before) in document.pop("starts").items()}
    flow = Flow(minutes=minutes, counted_until=counted_until, **ratios)
    obstacles = Obstacles(**document.pop("obstacles", {}))
    return Memory(flow=flow, anchors=anchors, starts=starts, obstacles=obstacles, **document)


def _parse_traffic(document: dict[str, Any]) -> LearnedTraffic:
    if not document:
        return LearnedTraffic()
    campaigns = {name: WeekCounts(**counts) for name, counts in document["campaigns"].items()}
    return LearnedTraffic(WeekCounts(**document["account"]), campaigns, document["until"])
