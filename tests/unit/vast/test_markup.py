"""render(): what goes in is what a parser reads back, in the order that the XSD wants."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.vast import EMPTY, Ad, Category, MediaFile, Pricing, UniversalAdId, clock, render

XSD = Path(__file__).parents[4] / "shared" / "standards" / "vast" / "vast_4.2.xsd"
NS = {"v": "http://www.iab.com/VAST"}
EVENTS = [
    "start",
    "firstQuartile",
    "midpoint",
    "thirdQuartile",
    "complete",
    "skip",
    "mute",
    "unmute",
    "pause",
    "resume",
]

AD = Ad(
    id="c1",
    ad_serving_id="s1",
    ad_system="bidder",
    title="A title",
    duration=15,
    media_files=(MediaFile(url="https://media.example/a.mp4", type="video/mp4", width=640, height=360),),
    universal_ad_id=UniversalAdId(registry="unknown", value="u1"),
)
FULL = replace(
    AD,
    creative_id="cr1",
    advertiser="Brand & Sons",
    duration=15.02,
    media_files=(
        MediaFile(
            url="https://media.example/a.mp4?x=1&y=2",
            type="video/mp4",
            width=1280,
            height=720,
            bitrate_kbps=1500,
            codec="avc1.64001F",
            id="720",
        ),
        MediaFile(url="https://media.example/a.webm", type="video/webm", width=640, height=360),
    ),
    impressions=("https://bid.example/e/impression/1", "https://other.example/i"),
    tracking={event: (f"https://bid.example/e/{event}",) for event in EVENTS},
    errors=("https://bid.example/e/error?code=[ERRORCODE]",),
    click_through="https://brand.example/?a=1&b=2",
    click_tracking=("https://bid.example/e/click",),
    skip_offset=5,
    pricing=Pricing(value_micros=2_500_000, currency="USD"),
    categories=(Category(authority="https://iabtechlab.com", code="IAB1"),),
    expires=300,
)


def parsed(document: str) -> etree._Element:
    return etree.fromstring(document.encode())


def texts(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in root.findall(path, NS)]


def assert_valid(document: str) -> None:
    if XSD.exists():
        # lxml takes a macro's brackets for no URI; a player replaces it before it is one.
        schema = etree.XMLSchema(etree.parse(XSD))
        schema.assertValid(parsed(document.replace("[ERRORCODE]", "900")))


def test_a_full_ad_says_everything() -> None:
    assert_valid(render(FULL))
    root = parsed(render(FULL))
    inline = root.find("v:Ad/v:InLine", NS)
    linear = root.find(".//v:Linear", NS)
    assert inline is not None
    assert linear is not None
    assert root.attrib == {"version": "4.2"}
    assert dict(root.find("v:Ad", NS).attrib) == {"id": "c1"}
    assert [etree.QName(child).localname for child in inline] == [
        *("AdSystem", "Error", "Impression", "Impression", "Pricing", "AdServingId", "AdTitle", "Advertiser"),
        *("Category", "Creatives", "Expires"),
    ]
    assert texts(inline, "v:Impression") == list(FULL.impressions)
    assert texts(inline, "v:Error") == list(FULL.errors)
    assert texts(inline, "v:Pricing") == ["2.500000"]
    assert dict(inline.find("v:Pricing", NS).attrib) == {"model": "CPM", "currency": "USD"}
    assert texts(inline, "v:Expires") == ["300"]
    assert texts(inline, "v:Advertiser") == ["Brand & Sons"]
    assert dict(linear.attrib) == {"skipoffset": "00:00:05"}
    assert texts(linear, "v:Duration") == ["00:00:15.020"]
    assert {t.get("event"): t.text for t in linear.findall(".//v:Tracking", NS)} == {
        event: urls[0] for event, urls in FULL.tracking.items()
    }
    assert texts(linear, "v:VideoClicks/v:ClickThrough") == [FULL.click_through]
    assert texts(linear, "v:VideoClicks/v:ClickTracking") == list(FULL.click_tracking)
    assert [(dict(f.attrib), f.text) for f in linear.findall(".//v:MediaFile", NS)] == [
        (
            {
                "id": "720",
                "delivery": "progressive",
                "type": "video/mp4",
                "width": "1280",
                "height": "720",
                "bitrate": "1500",
                "codec": "avc1.64001F",
            },
            "https://media.example/a.mp4?x=1&y=2",
        ),
        (
            {"delivery": "progressive", "type": "video/webm", "width": "640", "height": "360"},
            "https://media.example/a.webm",
        ),
    ]


def test_the_least_ad_has_no_empty_elements() -> None:
    assert_valid(render(AD))
    root = parsed(render(AD))
    assert texts(root, ".//v:Impression") == ["about:blank"]
    for name in ("TrackingEvents", "VideoClicks", "Pricing", "Advertiser", "Category", "Expires", "Error"):
        assert root.find(f".//v:{name}", NS) is None
    assert "skipoffset" not in render(AD)


def test_the_empty_document_has_no_ad() -> None:
    assert_valid(EMPTY)
    assert len(parsed(EMPTY)) == 0


nasty = st.text(min_size=1, max_size=20) | st.lists(
    st.sampled_from(
        ["]]>", "]]", "<![CDATA[", "&amp;", "<", ">", '"', "'", "\r\n", "\t", "\x00", "\ufffe", "\u0085", " "]
    ),
    max_size=6,
).map("".join)


def expected(value: str) -> str:
    """What XML 1.0 can hold of `value`: what lxml takes."""

    def legal(char: str) -> bool:
        try:
            etree.Element("a").text = char
        except (ValueError, UnicodeEncodeError):
            return False
        return True

    return "".join(filter(legal, value))


@given(nasty, nasty, nasty, st.sampled_from(EVENTS))
def test_every_value_is_read_back(text: str, attribute: str, url: str, event: str) -> None:
    ad = replace(
        AD,
        id=attribute,
        ad_serving_id=text,
        ad_system=text,
        title=text,
        advertiser=text,
        media_files=(MediaFile(url=url, type=attribute, width=1, height=1, codec=attribute, id=attribute),),
        universal_ad_id=UniversalAdId(registry=attribute, value=text),
        creative_id=attribute,
        impressions=(url,),
        errors=(url,),
        tracking={event: (url, url)},
        click_through=url,
        click_tracking=(url,),
        categories=(Category(authority="https://a.example", code=text),),
    )
    root = parsed(render(ad))
    for name in ("AdServingId", "AdSystem", "AdTitle", "Advertiser", "UniversalAdId", "Category"):
        assert texts(root, f".//v:{name}") == [expected(text)], name
    for name in ("Impression", "Error", "MediaFile", "ClickThrough", "ClickTracking"):
        assert texts(root, f".//v:{name}") == [expected(url)], name
    assert texts(root, ".//v:Tracking") == [expected(url)] * 2
    for path, name in [
        *(("v:Ad", "id"), (".//v:UniversalAdId", "idRegistry"), (".//v:Creative", "id")),
        *((".//v:MediaFile", "type"), (".//v:MediaFile", "codec"), (".//v:MediaFile", "id")),
    ]:
        assert root.find(path, NS).get(name) == expected(attribute)


@pytest.mark.skipif(not XSD.exists(), reason="the XSD is not on this machine")
@given(nasty, nasty, st.floats(0, 86_000), st.none() | st.floats(0, 86_000), st.integers(0, 10**12))
def test_nasty_words_stay_valid(text: str, attribute: str, duration: float, skip: float | None, price: int) -> None:
    assert_valid(
        render(
            replace(
                FULL,
                id=attribute,
                title=text,
                duration=duration,
                skip_offset=skip,
                pricing=Pricing(value_micros=price, currency="EUR"),
            )
        )
    )


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "00:00:00"),
        (15, "00:00:15"),
        (15.02, "00:00:15.020"),
        (59.9999, "00:01:00"),
        (3599.5, "00:59:59.500"),
        (3661, "01:01:01"),
        (86_399.999, "23:59:59.999"),
    ],
)
def test_a_clock(seconds: float, written: str) -> None:
    assert clock(seconds) == written


@pytest.mark.parametrize("seconds", [-1, 86_400, 1e12])
def test_no_clock_shows_that(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 to 24 hours"):
        clock(seconds)


@given(st.integers(0, 86_399_999))
def test_a_clock_reads_back(milliseconds: int) -> None:
    hours, minutes, rest = clock(milliseconds / 1000).split(":")
    assert int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(rest) * 1000) == milliseconds
