"""The kept versions of the bid function, and the rollback to a version."""

from functools import partial
from typing import Any, cast

import pytest

from tools.ministack_canary import version_of
from tools.versions import NoSuchVersion, delete_old_versions, roll_back


class FakeFunction:
    """A fake function with these versions. The alias refers to `live`."""

    def __init__(self, versions: list[int], live: int) -> None:
        self.versions, self.live, self.weights = versions, str(live), {"2": 0.1}

    def get_alias(self, **_: Any) -> dict[str, str]:
        return {"FunctionVersion": self.live}

    def get_paginator(self, _: str) -> "FakeFunction":
        return self

    def paginate(self, **_: Any) -> list[Any]:
        names = ["$LATEST", *map(str, self.versions)]
        return [
            {"Versions": [{"Version": name} for name in names[:2]]},
            {"Versions": [{"Version": n} for n in names[2:]]},
        ]

    def delete_function(self, FunctionName: str, Qualifier: str) -> None:  # noqa: N803
        assert FunctionName == "bid"
        self.versions.remove(int(Qualifier))

    def update_alias(self, FunctionVersion: str, RoutingConfig: Any, **_: Any) -> None:  # noqa: N803
        self.live, self.weights = FunctionVersion, RoutingConfig["AdditionalVersionWeights"]


@pytest.mark.parametrize(
    ("live", "remaining"),
    [(12, [7, 8, 9, 10, 11, 12]), (3, [3, 8, 9, 10, 11, 12]), (9, [7, 8, 9, 10, 11, 12])],
)
def test_the_live_version_and_the_five_latest_others_are_kept(live: int, remaining: list[int]) -> None:
    function = FakeFunction([9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8], live)
    delete_old_versions(cast("Any", function), "bid")
    assert sorted(function.versions) == remaining


@pytest.mark.parametrize(("to", "expected"), [(None, 3), (2, 2), (5, 5)])
def test_a_rollback_moves_all_traffic_at_once(to: int | None, expected: int) -> None:
    function = FakeFunction([2, 3, 4, 5], 4)
    assert roll_back(cast("Any", function), "bid", to) == expected
    assert (function.live, function.weights) == (str(expected), {})


@pytest.mark.parametrize(("versions", "to"), [([4], None), ([4, 5], None), ([3, 4], 9), ([3, 4], 4)])
def test_an_unknown_version_is_refused_with_the_existing_versions(versions: list[int], to: int | None) -> None:
    function = FakeFunction(versions, 4)
    with pytest.raises(NoSuchVersion, match="Version 4 is live; others are: "):
        roll_back(cast("Any", function), "bid", to)
    assert function.live == "4"


def test_the_local_alias_selects_versions_by_weight() -> None:
    alias = {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1, "3": 0.2}}}
    versions = [version_of(alias, partial(float, at)) for at in (0, 0.09, 0.11, 0.29, 0.31, 0.99)]
    assert versions == ["2", "2", "3", "3", "1", "1"]
    assert version_of({"FunctionVersion": "7"}) == "7"
