"""`render`: a parser reads back every value, and the document is valid by the XSD of its version."""

import pytest
from lxml import etree

from bidder.vast import (
    EMPTY,
    Ad,
    Version,
    document,
    render,
    render_ad,
)
from tests.support.xsd import assert_valid
from tests.unit.vast.ads import AD, FULL, LEAST, MOST, TAG, WRAPPED
from tests.unit.vast.reading import ALL, NAMESPACE, names, parsed, texts


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("ad", [AD, FULL, AD._replace(content=TAG), WRAPPED], ids=["least", "full", "tag", "wrapped"])
def test_every_version_is_valid_and_states_its_number(ad: Ad, version: Version) -> None:
    document = render(ad, version)

    assert_valid(document)
    assert parsed(document).get("version") == version
    assert (NAMESPACE in document) == (version >= "4.0")


def test_a_full_ad_has_every_element() -> None:
    root = parsed(render(FULL))
    inline, linear = root.find("Ad/InLine"), root.find(".//Linear")
    assert inline is not None
    assert linear is not None
    assert dict(root.find("Ad").attrib) == {"id": "c1"}
    assert names(inline) == [
        *("AdSystem", "Error", "Impression", "Impression", "Pricing", "ViewableImpression", "AdServingId", "AdTitle"),
        *("AdVerifications", "Advertiser", "Category", "Creatives", "Expires"),
    ]
    assert texts(inline, "Impression") == list(FULL.impressions)
    assert texts(inline, "ViewableImpression/Viewable") == list(FULL.viewable)
    assert texts(inline, "Error") == [FULL.error]
    assert texts(inline, "Pricing") == ["2.500000"]
    assert dict(inline.find("Pricing").attrib) == {"model": "CPM", "currency": "USD"}
    assert texts(inline, "AdServingId") == ["s1"]
    assert texts(inline, "Expires") == ["300"]
    assert texts(inline, "Advertiser") == ["Brand & Sons"]
    assert texts(inline, ".//UniversalAdId") == ["ABCD0001000H"] * 2
    assert {ad_id.get("idRegistry") for ad_id in inline.iter("UniversalAdId")} == {"ad-id.org"}
    assert dict(linear.attrib) == {"skipoffset": "00:00:05"}
    assert texts(linear, "Duration") == ["00:00:15.020"]
    assert {t.get("event"): t.text for t in linear.findall(".//Tracking")} == {
        event: urls[0] for event, urls in FULL.tracking.items()
    }
    assert texts(linear, "VideoClicks/ClickThrough") == [MOST.click_through]
    assert texts(linear, "VideoClicks/ClickTracking") == list(FULL.click_tracking)
    assert [(dict(f.attrib), f.text) for f in linear.findall(".//MediaFile")] == [
        (
            {
                "id": "720",
                "delivery": "progressive",
                "type": "video/mp4",
                "width": "1280",
                "height": "720",
                "bitrate": "1500",
                "codec": "avc1.64001F",
                "fileSize": "2812500",
            },
            "https://media.example/a.mp4?x=1&y=2",
        ),
        (
            {"delivery": "progressive", "type": "video/webm", "width": "640", "height": "360"},
            "https://media.example/a.webm",
        ),
    ]


@pytest.mark.parametrize("version", [Version.VAST_4_2, Version.VAST_3_0])
def test_the_icon_has_its_program_and_click_through(version: Version) -> None:
    icon = parsed(render(FULL, version)).find(".//Linear/Icons/Icon")
    assert icon is not None
    assert dict(icon.attrib) == {
        "program": "AdChoices",
        "width": "20",
        "height": "21",
        "xPosition": "right",
        "yPosition": "top",
    }
    assert texts(icon, "StaticResource") == ["https://icons.example/a.png"]
    assert icon.find("StaticResource").get("creativeType") == "image/png"
    assert texts(icon, "IconClicks/IconClickThrough") == ["https://choices.example/?a&b"]
    assert texts(icon, "IconViewTracking") == ["https://choices.example/seen"]


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("ad", [FULL, WRAPPED], ids=["inline", "wrapper"])
def test_verification_scripts_are_in_the_element_of_the_version(ad: Ad, version: Version) -> None:
    root = parsed(render(ad, version))
    within = "Ad/*/AdVerifications" if version >= "4.1" else "Ad/*/Extensions/Extension[@type='AdVerifications']/*"
    [element] = root.findall(within)
    first, second = element

    assert element.tag == "AdVerifications"
    assert len(list(root.iter("AdVerifications"))) == 1
    assert first.get("vendor") == "company.example-omid"
    assert dict(first.find("JavaScriptResource").attrib) == {"apiFramework": "omid", "browserOptional": "false"}
    assert texts(first, "JavaScriptResource") == ["https://verify.example/omid.js?a=1&b=2"]
    assert texts(first, "TrackingEvents/Tracking[@event='verificationNotExecuted']") == [
        "https://verify.example/not?reason=[REASON]"
    ]
    assert texts(first, "VerificationParameters") == ['{"a": "]]>"}']
    assert names(second) == ["JavaScriptResource"]
    assert second.find("JavaScriptResource").get("browserOptional") == "true"


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("ad", [FULL, WRAPPED], ids=["inline", "wrapper"])
def test_companions_are_in_a_separate_creative(ad: Ad, version: Version) -> None:
    creatives = parsed(render(ad, version)).findall("Ad/*/Creatives/Creative")
    assert [names(creative)[0] for creative in creatives] == ["Linear", "CompanionAds"]
    side, top = creatives[1].findall("CompanionAds/Companion")

    assert (side.get("width"), side.get("height"), side.get("id")) == ("300", "250", "co1")
    assert (top.get("width"), top.get("height"), top.get("id")) == ("728", "90", None)
    assert texts(side, "StaticResource") == ["https://media.example/side.png"]
    assert texts(side, "AltText") == ["Side & by side"]
    assert texts(side, "CompanionClickThrough") == ["https://brand.example/?side"]
    assert texts(side, "CompanionClickTracking") == (["https://bid.example/e/click"] if version >= "4.0" else [])
    assert side.get("renderingMode") == ("end-card" if version >= "4.1" else None)
    assert names(top) == ["StaticResource"]


@pytest.mark.parametrize("version", ALL)
def test_a_wrapper_has_the_tag_and_its_own_tracking(version: Version) -> None:
    wrapper = parsed(render(WRAPPED, version)).find("Ad/Wrapper")
    assert wrapper is not None
    assert texts(wrapper, "VASTAdTagURI") == [TAG.ad_tag]
    assert texts(wrapper, "Impression") == list(WRAPPED.impressions)
    assert texts(wrapper, "Error") == [WRAPPED.error]
    assert texts(wrapper, ".//ClickTracking") == list(WRAPPED.click_tracking)
    assert "https://bid.example/e/midpoint" in texts(wrapper, ".//Tracking")
    for name in ("MediaFiles", "ClickThrough", "Duration", "AdTitle", "UniversalAdId", "AdServingId"):
        assert wrapper.find(f".//{name}") is None
    assert wrapper.find(".//Linear").get("skipoffset") == ("00:00:05" if version >= "4.0" else None)


# The versions that have each element, from their specifications.
@pytest.mark.parametrize(
    ("path", "since"),
    [
        (".//Creative/UniversalAdId", "4.0"),
        (".//MediaFiles/Mezzanine", "4.0"),
        (".//MediaFiles/Mezzanine[@fileSize='900000000']", "4.1"),
        (".//MediaFile[@fileSize='2812500']", "4.1"),
        ("Ad/InLine/Category", "4.0"),
        ("Ad/InLine/AdServingId", "4.1"),
        ("Ad/InLine/Expires", "4.1"),
        ("Ad/InLine/Advertiser", "3.0"),
        ("Ad/InLine/Pricing", "3.0"),
        (".//Icons", "3.0"),
        (".//Linear[@skipoffset]", "3.0"),
        (".//Linear//Tracking[@event='skip']", "3.0"),
        (".//MediaFile[@codec]", "3.0"),
    ],
)
def test_an_element_that_a_version_lacks_is_omitted(path: str, since: str) -> None:
    for version in ALL:
        assert (parsed(render(FULL, version)).find(path) is not None) == (version >= since), version


@pytest.mark.parametrize("version", [Version.VAST_2_0, Version.VAST_3_0])
def test_older_versions_have_the_mezzanine_and_the_ad_id_in_extensions(version: Version) -> None:
    extensions = "Ad/InLine/Extensions/Extension"
    inline = parsed(render(FULL, version))

    assert inline.findtext(f"{extensions}[@type='Mezzanine']/Mezzanine") == "https://media.example/original.mov?x=1&y=2"
    assert inline.find(f"{extensions}[@type='Mezzanine']/Mezzanine").attrib == {
        "delivery": "progressive",
        "type": "video/quicktime",
        "width": "1920",
        "height": "1080",
        "codec": "apch",
        "fileSize": "900000000",
    }
    assert inline.findtext(f"{extensions}[@type='UniversalAdId']/UniversalAdId") == "ABCD0001000H"


def test_older_versions_have_their_own_spellings() -> None:
    older = {version: parsed(render(FULL, version)) for version in ALL}

    assert texts(older[Version.VAST_2_0], ".//Duration") == ["00:00:15"]
    assert older[Version.VAST_3_0].find(".//Pricing").get("model") == "cpm"
    assert older[Version.VAST_4_0].find(".//UniversalAdId").get("idValue") == "ABCD0001000H"
    assert older[Version.VAST_4_1].find(".//UniversalAdId").get("idValue") is None
    assert older[Version.VAST_3_0].find(".//Creative").get("AdID") == "ABCD0001000H"
    assert older[Version.VAST_4_0].find(".//Creative").get("AdID") is None
    assert "AdID" not in render(AD, Version.VAST_3_0)


def test_the_shortest_ad_in_vast_2_has_a_duration() -> None:
    short_ad = AD._replace(content=LEAST._replace(duration=0.4))
    assert texts(parsed(render(short_ad, Version.VAST_2_0)), ".//Duration") == ["00:00:01"]


@pytest.mark.parametrize("version", ALL)
def test_an_ad_with_the_fewest_fields_has_no_empty_elements(version: Version) -> None:
    for ad in (AD, AD._replace(content=TAG)):
        document = render(ad, version)
        root = parsed(document)
        assert texts(root, ".//Impression") == ["about:blank"]
        assert [
            element.tag for element in root.iter("*") if not len(element) and not element.text and not element.attrib
        ] in ([], ["Linear"])
        assert "skipoffset" not in document


@pytest.mark.parametrize("version", ALL[1:])
def test_the_ads_of_a_pod_have_sequence_numbers(version: Version) -> None:
    pod = document([render_ad(FULL, version, 1), render_ad(WRAPPED, version, 2)], version)

    assert_valid(pod)
    root = parsed(pod)
    assert [(ad.get("sequence"), ad[0].tag) for ad in root] == [("1", "InLine"), ("2", "Wrapper")]
    for ad in root:
        del ad.attrib["sequence"]
    alone = parsed(render(FULL, version))[0], parsed(render(WRAPPED, version))[0]
    assert list(map(etree.tostring, root)) == list(map(etree.tostring, alone))


def test_the_empty_document_has_no_ad() -> None:
    assert_valid(EMPTY)
    assert len(parsed(EMPTY)) == 0
