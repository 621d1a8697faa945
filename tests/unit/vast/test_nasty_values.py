"""`render` with values that XML must escape or cannot contain: a parser reads every value back."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.vast import (
    Ad,
    Category,
    CompanionElement,
    IconElement,
    InLine,
    MediaFile,
    Pricing,
    UniversalAdIdElement,
    VerificationElement,
    Version,
    Wrapper,
    render,
)
from tests.support.xsd import assert_valid
from tests.unit.vast.ads import FULL
from tests.unit.vast.reading import ALL, parsed

nasty = st.text(min_size=1, max_size=20) | st.lists(
    st.sampled_from(
        ["]]>", "]]", "<![CDATA[", "&amp;", "<", ">", '"', "'", "\r\n", "\t", "\x00", "\ufffe", "\u0085", " "]
    ),
    max_size=6,
).map("".join)


def expected(value: str) -> str:
    """The characters of `value` that XML 1.0 allows, by lxml."""

    def legal(char: str) -> bool:
        try:
            etree.Element("a").text = char
        except (ValueError, UnicodeEncodeError):
            return False
        return True

    return "".join(filter(legal, value))


def nasty_ad(text: str, attribute: str, url: str, *, wrapped: bool) -> Ad:
    """An ad with each of its strings replaced."""
    inline = InLine(
        ad_serving_id=text,
        title=text,
        duration=1,
        media_files=(MediaFile(url=url, type=attribute, width=1, height=1, codec=attribute, id=attribute),),
        universal_ad_id=UniversalAdIdElement(registry=attribute, value=text),
        advertiser=text,
        click_through=url,
        categories=(Category(authority="https://a.example", code=text),),
    )
    return Ad(
        id=attribute,
        ad_system=text,
        content=Wrapper(ad_tag=url) if wrapped else inline,
        creative_id=attribute,
        impressions=(url,),
        tracking={"start": (url, url)},
        error=url,
        click_tracking=(url,),
        icon=IconElement(
            program=attribute,
            url=url,
            type=attribute,
            width=1,
            height=1,
            click_through=url,
            view_tracking=url,
        ),
        verifications=(VerificationElement(vendor=attribute, url=url, parameters=text, not_executed=url),),
        companions=(
            CompanionElement(
                url=url,
                type=attribute,
                width=1,
                height=1,
                id=attribute,
                alt_text=text,
                click_through=url,
                click_tracking=(url,),
            ),
        ),
    )


TEXTS = {
    *("AdServingId", "AdSystem", "AdTitle", "Advertiser", "UniversalAdId", "Category"),
    *("VerificationParameters", "AltText"),
}
URLS = {
    *("Impression", "Error", "MediaFile", "ClickThrough", "ClickTracking", "Tracking", "VASTAdTagURI"),
    *("StaticResource", "IconClickThrough", "IconViewTracking", "JavaScriptResource"),
    *("CompanionClickThrough", "CompanionClickTracking"),
}
ATTRIBUTES = {"id", "idRegistry", "idValue", "type", "codec", "program", "vendor", "creativeType"}


@given(nasty, nasty, nasty, st.booleans(), st.sampled_from(ALL))
def test_every_value_is_read_back(text: str, attribute: str, url: str, wrapped: bool, version: Version) -> None:
    root = parsed(render(nasty_ad(text, attribute, url, wrapped=wrapped), version))

    results = {element.tag for element in root.iter("*")}
    assert results >= ({"VASTAdTagURI"} if wrapped else {"MediaFile", "AdTitle"})
    for element in root.iter("*"):
        if element.tag in TEXTS | URLS:
            assert (element.text or "") == expected(text if element.tag in TEXTS else url), element.tag
        for name, value in element.attrib.items():
            if element.tag in {"CompanionClickTracking", "Extension"}:
                continue
            if name in ATTRIBUTES:
                assert value == expected(text if name == "idValue" else attribute), (element.tag, name)


@given(
    nasty,
    nasty,
    st.floats(0, 86_000),
    st.none() | st.floats(0, 86_000),
    st.integers(0, 10**12),
    st.booleans(),
    st.sampled_from(ALL),
)
def test_texts_with_markup_give_a_valid_document(
    text: str, attribute: str, duration: float, skip: float | None, price: int, wrapped: bool, version: Version
) -> None:
    ad = nasty_ad(text, attribute, "https://a.example/?x=1&y=%20", wrapped=wrapped)._replace(
        skip_offset=skip,
        tracking=FULL.tracking,
        pricing=Pricing(value_micros=price, currency="EUR"),
    )
    if isinstance(ad.content, InLine):
        ad = ad._replace(content=ad.content._replace(duration=duration))
    assert_valid(render(ad, version))
