"""A deal with unreadable terms is dropped; its impression is sold in the other deals and in the open auction."""

from typing import Any

import pytest

from bidder.openrtb.deal import Deal
from bidder.openrtb.pmp import Pmp
from tests.unit.openrtb.documents import faults, read, with_imp

UNREADABLE: list[Any] = [
    {"bidfloor": 1},
    {"id": "d", "bidfloor": "much", "at": "x", "guar": [1], "mincpmpersec": {"a": 1}},
    {"id": "d", "wseat": [{"a": 1}, None], "durfloors": [{"bidfloor": "x"}, None]},
    {"id": "d", "durfloors": [{}] * 201},
    {"id": ""},
    {"id": "\ud83d"},
    ["a"],
    7,
]


@pytest.mark.parametrize("unreadable", UNREADABLE, ids=range(len(UNREADABLE)))
def test_only_the_unreadable_deals_are_dropped(unreadable: Any) -> None:
    deals = [None, {"id": "a", "tmax": "x"}, *[unreadable] * 3, {"id": "b", "bidfloor": 2}, unreadable]

    [imp] = read(with_imp(pmp={"private_auction": 1, "deals": deals})).imp

    assert imp.pmp == Pmp(private_auction=1, deals=(Deal(id="a"), Deal(id="b", bidfloor=2)))


def test_an_impression_without_a_readable_deal_is_sold_in_the_open_auction() -> None:
    [imp] = read(with_imp(pmp={"deals": [{"id": "d", "at": "x"}]})).imp

    assert imp.pmp == Pmp()


def test_other_faults_of_the_impression_remain() -> None:
    assert faults(with_imp(bidfloor="much", pmp={"deals": [{"id": "d"}]})) == ["imp[0].bidfloor"]
    assert faults(with_imp(pmp={"private_auction": "x", "deals": [{"id": "d"}]})) == ["imp[0].pmp.private_auction"]
    assert faults(with_imp(pmp={"deals": {"id": "d"}})) == ["imp[0].pmp.deals"]
