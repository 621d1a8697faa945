"""The simulated traffic: the number of requests at each moment, and the requests."""

import csv
import json
from functools import cached_property
from math import exp, sqrt
from pathlib import Path
from random import Random
from typing import Any

from bidder.delivery.curve import FLAT, HOUR, HOURS, Curve, hour_of_week
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.simulator.scenario import InvalidScenario, Scenario

_PLAIN: dict[str, Any] = {
    "id": "request",
    "at": 1,
    "imp": [
        {
            "id": "1",
            "video": {
                "mimes": ["video/mp4", "video/webm"],
                "protocols": [2, 3, 5, 6, 7, 8, 11, 12, 13, 14],
                "minduration": 1,
                "maxduration": 120,
                "w": 1280,
                "h": 720,
            },
        }
    ],
    "site": {"id": "site", "domain": "news.example", "publisher": {"id": "publisher"}},
    "device": {"devicetype": 2, "geo": {"country": "USA"}},
}


class SimulatedTraffic:
    """The requests of a scenario. `folder` is the folder of the scenario file."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self._scenario = scenario
        self._folder = folder
        self._kinds = [_parse_request(kind.openrtb, scenario.market.at) for kind in scenario.requests]
        self._weights = [kind.weight for kind in scenario.requests]
        self._number = 0
        self.price_factor = 1.0
        """The factor on competitors' prices for the latest request."""
        users = scenario.traffic.users
        self._users = max(1, round(users * scenario.scale)) if users else 0

    @cached_property
    def curve(self) -> Curve:
        """The weekly curve, in hours of the traffic's time zone."""
        traffic = self._scenario.traffic
        shares = traffic.curve
        if traffic.curve_file is not None:
            shares = _of_file(self._folder / traffic.curve_file, traffic.region or "")
        if shares is None:
            return FLAT
        return Curve(shares if len(shares) == HOURS else shares * 7)

    def per_minute(self, at: float) -> float:
        """The expected number of simulated requests in the minute that starts at `at`, before events."""
        traffic = self._scenario.traffic
        average = traffic.requests_per_day * self._scenario.scale / 1440
        return average * self.curve.between(at, at + 60, traffic.time_zone) * 60

    def request(self, rng: Random) -> BidRequest:
        """The next request."""
        self._number += 1
        numbers = range(len(self._kinds))
        number = 0 if len(self._kinds) == 1 else rng.choices(numbers, self._weights)[0]
        kind, self.price_factor = self._kinds[number], self._scenario.requests[number].price_factor
        changes: dict[str, Any] = {"id": f"a{self._number}"}
        if kind.user is not None:
            name = f"u{rng.randrange(self._users)}" if self._users else None
            changes["user"] = kind.user.model_copy(update={"id": name})
        return kind.model_copy(update=changes)


def in_zone(curve: Curve, zone: str, other: str, at: float) -> Curve:
    """A curve by the hours of `zone`, converted to the hours of `other` by their offsets at a moment."""
    if zone == other:
        return curve
    monday = at - hour_of_week(at, other) * HOUR
    return Curve([curve.between(monday + n * HOUR, monday + (n + 1) * HOUR, zone) for n in range(HOURS)])


def request_document(changes: dict[str, Any], at: int) -> dict[str, Any]:
    """The OpenRTB document of a kind of request: a plain request with the given changes."""
    document: dict[str, Any] = _merge({**_PLAIN, "at": at, "user": {"id": "u"}}, changes)
    return document


def _parse_request(changes: dict[str, Any], at: int) -> BidRequest:
    return parse(json.dumps(request_document(changes, at)).encode())


def _merge(base: Any, changes: Any) -> Any:
    """The base with the changes. Objects are merged, lists of objects item by item; other values are replaced."""
    if isinstance(base, dict) and isinstance(changes, dict):
        return {**base, **{key: _merge(base.get(key), value) for key, value in changes.items()}}
    if isinstance(base, list) and isinstance(changes, list) and all(isinstance(item, dict) for item in changes):
        return [_merge(base[n] if n < len(base) else base[-1], item) for n, item in enumerate(changes)]
    return changes


def _of_file(path: Path, region: str) -> list[float]:
    shares = [0.0] * HOURS
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            if row["region"] == region:
                shares[(int(row["weekday"]) - 1) * 24 + int(row["hour"])] = float(row["share"])
    if not any(shares):
        msg = f"{path}: no row has the region {region!r}, or all its shares are 0"
        raise InvalidScenario(msg)
    return shares


def poisson(expected: float, rng: Random) -> int:
    """A Poisson-distributed number with the mean `expected`, by a normal distribution above 60."""
    if expected > 60:
        return max(0, round(rng.gauss(expected, sqrt(expected))))
    limit, number, product = exp(-expected), 0, rng.random()
    while product > limit:
        number += 1
        product *= rng.random()
    return number
