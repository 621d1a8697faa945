"""The bid object, with its win, billing and loss notice URLs (`nurl`, `burl`, `lurl`) (OpenRTB 2.6, section 4.2.3)."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict


class Bid(TypedDict):
    """Bid, section 4.2.3: an offer for one impression, as sent in the response.

    `price` is a CPM in the response's currency, `dur` and `exp` are seconds. `bundle` is the advertised app.
    `slotinpod` is absent for any slot.
    """

    id: str
    impid: str
    price: float
    mtype: int
    adm: str
    adomain: list[str]
    crid: str
    cid: str
    dur: int
    protocol: int
    bundle: NotRequired[str]
    cat: NotRequired[list[str]]
    cattax: NotRequired[int]
    attr: NotRequired[list[int]]
    apis: NotRequired[list[int]]
    language: NotRequired[str]
    dealid: NotRequired[str]
    exp: NotRequired[int]
    w: NotRequired[int]
    h: NotRequired[int]
    nurl: NotRequired[str]
    burl: NotRequired[str]
    lurl: NotRequired[str]
    slotinpod: NotRequired[int]
    ext: NotRequired[Mapping[str, object]]
