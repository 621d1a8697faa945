"""Every event URL of a bid is shorter than 512 bytes, also after macro replacement."""

import json
import re
from decimal import Decimal
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.campaigns.campaign import Campaign, FrequencyCap
from bidder.campaigns.names import too_long
from bidder.delivery.frequency import Exposures
from bidder.delivery.price_segment import MAX_PRICE
from bidder.delivery.shared_budgets import SharedBudgets
from bidder.delivery.win_model import Shading, WinModel
from bidder.endpoints.bid import bid
from bidder.endpoints.call import LONGEST_EXCHANGE, Call
from bidder.events.token import SigningKeys
from bidder.settings import InvalidSettings, read
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from bidder.url_names import HOUSEHOLD_LETTERS, LONGEST_BASE, LONGEST_NAMES, encode_name
from tests.support.campaigns import NOW, campaign, creative
from tests.support.examples import examples
from tests.support.matchable import video_request
from tests.support.service import service
from tests.unit.test_settings import GOOD

KEYS = SigningKeys(current="k" * 8, keys={"k" * 8: "A" * 43})
BASE = "https://" + "b" * (LONGEST_BASE - 8)
EXCHANGE = "e" * LONGEST_EXCHANGE
DEAREST = 10**18
PRICE = "A" * 38 + "%3D%3D"
"""The longest form of an encrypted price: 28 bytes in web-safe base64 with escaped padding."""

FILLED = {
    "${AUCTION_PRICE}": PRICE,
    "${AUCTION_MIN_TO_WIN}": PRICE,
    "${AUCTION_LOSS}": "12345",
    "[ERRORCODE]": "900",
}
COMPANION = {"id": "side", "url": "https://cdn.example/a.png", "mime": "image/png", "width": 300, "height": 250}


def long_names(domain: int, zone: str, spot: int, deal: str, per: str) -> Campaign | None:
    """A campaign whose names have the longest allowed total length. The id has the remaining length."""
    letters_used = domain + len(encode_name(zone)) + spot + len(encode_name(deal))
    maximum = LONGEST_NAMES - (HOUSEHOLD_LETTERS if per == "household" else 0)
    if not 1 <= maximum - letters_used <= 64:
        return None
    return campaign(
        id="c" * (maximum - letters_used),
        frequency_caps=[{"impressions": 1, "window": "day", "per": per}],
        advertiser={"name": "Shop", "domain": "d" * (domain - 4) + ".com"},
        time_zone=zone,
        cpm=None,
        deals=[{"id": deal, "cpm_micros": DEAREST}],
        creatives=[creative(id="s" * spot, companions=[COMPANION])],
    )


longest = st.builds(
    long_names,
    st.integers(5, 130),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia", "Etc/GMT+5"]),
    st.integers(1, 64),
    st.text("ab/é漢💰 ", min_size=1, max_size=60) | st.text("d", min_size=1, max_size=128),
    st.sampled_from(["user", "household"]),
).filter(bool)


class NoStore:
    """A frequency store without viewers."""

    def exposures(self, *_: object) -> Exposures:
        return Exposures()


def urls(
    result: Campaign, protocol: int, *, as_xml: bool, shading: Shading | None = None, advertiser_caps: Any = ()
) -> list[str]:
    index = Index.load([compile_index([result])])
    rates = {"XTS": Decimal("999999999999.999999")}
    shared = SharedBudgets(caps={result.advertiser.domain: tuple(map(FrequencyCap.model_validate, advertiser_caps))})
    delivery = compile_delivery(
        index, {}, NOW, rates, billed_by_notice=[EXCHANGE], shading=shading, shared_budgets=shared
    )
    snapshot = Snapshot(1, index, load_delivery(delivery, index))
    request = video_request(
        cur=["XTS"],
        device={"geo": {"country": "USA"}, "ifa": "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12", "ip": "93.184.216.34"},
    )
    request["imp"][0]["video"] |= {"protocols": [protocol], "companionad": [{"w": 300, "h": 250}]}
    request["imp"][0]["exp"] = 40_000
    for deal in result.deals:
        request["imp"][0]["pmp"] = {"deals": [{"id": deal.id, "bidfloor": 999_999, "bidfloorcur": "XTS"}]}
    if not result.deals:
        request["imp"][0] |= {"bidfloor": 0.000_268, "bidfloorcur": "XTS"}
    request["at"] = 1
    headers = {"accept": "application/xml"} if as_xml else {}
    reply = bid(
        service(snapshot, signing_keys=KEYS, most_exp=43_200, frequency_reader=NoStore()),
        Call(
            json.dumps(request).encode(),
            headers,
            BASE,
            NOW,
            EXCHANGE,
        ),
    )
    assert reply.status == 200
    assert isinstance(reply.body, str)
    if as_xml:
        return in_markup(reply.body)
    [bid_item] = json.loads(reply.body)["seatbid"][0]["bid"]
    return [bid_item["nurl"], bid_item["burl"], bid_item["lurl"], *in_markup(bid_item["adm"])]


def in_markup(text: str) -> list[str]:
    results = [str(node.text).strip() for node in etree.fromstring(text.encode()).iter() if node.text]
    return [url for url in results if url.startswith(BASE)]


def longest_of(event_urls: list[str]) -> int:
    """The length of the longest URL in bytes, before or after the macros are filled in."""
    filled = [re.sub("|".join(map(re.escape, FILLED)), lambda macro: FILLED[macro[0]], url) for url in event_urls]
    return max(len(url.encode()) for url in [*event_urls, *filled])


HOUSEHOLD_CAP = {"impressions": 9, "window": "day", "level": "advertiser", "per": "household"}


@examples(0.3)
@given(longest, st.sampled_from([2, 3, 13]), st.booleans())
def test_the_longest_names_fit_in_every_url_beside_a_household_cap_of_the_advertiser(
    result: Campaign, protocol: int, as_xml: bool
) -> None:
    assert longest_of(urls(result, protocol, as_xml=as_xml, advertiser_caps=[HOUSEHOLD_CAP])) < 512


@given(longest, st.sampled_from([2, 3, 7, 11, 13]), st.booleans())
def test_the_longest_allowed_names_fit_in_every_url(result: Campaign, protocol: int, as_xml: bool) -> None:
    assert too_long(result) is None
    results = urls(result, protocol, as_xml=as_xml)

    assert len(results) >= 10
    assert longest_of(results) < 512


@given(longest, st.sampled_from([0.3, 1.0, MAX_PRICE / 1e6 - 1e-6]), st.integers(1, 9))
def test_the_value_of_a_shaded_bid_fits_in_every_url(result: Campaign, cheap: float, slope: int) -> None:
    [deal] = result.deals
    letters_used = len(encode_name(deal.id))
    open_bid = result.model_copy(
        update={
            "deals": (),
            "cpm_micros": MAX_PRICE - 1,
            "id": result.id + "i" * min(letters_used, 64 - len(result.id)),
        }
    )
    shading = Shading({"*": WinModel(level=-slope * log(cheap), slope=slope)}, 0.0)
    assert too_long(open_bid) is None
    results = urls(open_bid, 7, as_xml=False, shading=shading)

    assert len(results) >= 10
    assert longest_of(results) < 512


@given(longest)
def test_names_one_letter_longer_are_refused_with_advice(result: Campaign) -> None:
    longer = result.model_copy(update={"id": result.id + "c"})

    assert "at most" in (too_long(longer) or "")
    assert "shorten" in (too_long(longer) or "")


def test_the_public_url_has_a_maximum_length() -> None:
    with pytest.raises(InvalidSettings, match="BIDDER_PUBLIC_URL"):
        read({**GOOD, "BIDDER_PUBLIC_URL": BASE + "b"})
    assert read({**GOOD, "BIDDER_PUBLIC_URL": BASE}).public_url == BASE

    request: dict[str, Any] = video_request()
    index = Index.load([compile_index([campaign()])])
    snapshot = Snapshot(1, index, load_delivery(compile_delivery(index, {}, NOW), index))
    for base, status in ((BASE, 200), (BASE + "b", 204)):
        assert bid(service(snapshot), Call(json.dumps(request).encode(), {}, base, NOW)).status == status
