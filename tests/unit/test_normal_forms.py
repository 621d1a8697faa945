"""Normal forms are idempotent and equal to literal expected values."""

import unicodedata
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

import idna
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bidder import normal_forms as forms

ONE: list[Callable[[str], str]] = [
    *(forms.domain, forms.category, forms.bundle, forms.language),
    *(forms.country, forms.identifier, forms.mime, forms.ascii_url),
]
LISTS: list[tuple[Callable[[str], tuple[str, ...]], Callable[[str], str]]] = [
    (forms.domains, forms.domain),
    (forms.categories, forms.category),
    (forms.bundles, forms.bundle),
    (forms.languages, forms.language),
    (forms.currencies, lambda text: text.strip().upper()),
    (forms.identifiers, forms.identifier),
    (forms.mimes, forms.mime),
    (forms.texts, str.strip),
]
LIKELY = st.text("aAbZ09.-_/:@*?#[]; ,éßΣς。\u00ad\ud800%", max_size=24)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True, alphabet=st.characters(max_codepoint=127))
names = st.lists(labels, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize("normal_form", ONE, ids=lambda item: item.__name__)
@given(text=st.text(max_size=24) | LIKELY)
@example(text="\u3002[")
def test_normal_forms_are_idempotent(normal_form: Callable[[str], str], text: str) -> None:
    once = normal_form(text)

    assert normal_form(once) == once


@pytest.mark.parametrize(("of_list", "of_value"), LISTS, ids=lambda item: item.__name__)
@given(values=st.lists(st.text("aB9.-_/:é*", min_size=1, max_size=8), max_size=4), comma=st.sampled_from([",", " , "]))
def test_the_normal_form_of_a_list_is_that_of_its_values(
    of_list: Callable[[str], tuple[str, ...]], of_value: Callable[[str], str], values: list[str], comma: str
) -> None:
    assume("*" not in {forms.language(value) for value in values} or of_list is not forms.languages)

    assert of_list(comma.join(values)) == tuple(form for value in values if (form := of_value(value)))
    assert of_list(f"{comma}{comma.join(values)}{comma}") == of_list(comma.join(values))


@given(
    name=names,
    before=st.sampled_from(
        ["", " ", "https://", "HTTP://", "//", "*.", "https://*.", ".", "https://user:pw@", "http:"]
    ),
    after=st.sampled_from(["", ".", "/", "/a/b?c=d#e", ":443", ":8080/x", "?q=//x", "#top", "./", " ", "\\x"]),
    change=st.sampled_from([str.lower, str.upper, str.title]),
)
def test_a_domain_is_extracted_from_urls_and_spellings(
    name: str, before: str, after: str, change: Callable[[str], str]
) -> None:
    assume(before != "http:" or not name.isdigit())  # `http:3` is a host with a port

    assert forms.domain(before + change(name) + after) == name


@given(
    st.lists(st.text(st.characters(max_codepoint=0x3FF, categories=["Ll", "Lu"]), min_size=1, max_size=8), min_size=1)
)
def test_a_unicode_domain_equals_the_result_of_the_idna_package(of_labels: list[str]) -> None:
    name = ".".join(of_labels)
    try:
        expected = idna.encode(name, uts46=True, transitional=False).decode()
    except idna.IDNAError:
        assume(False)

    assert forms.domain(name) == expected
    assert forms.domain(unicodedata.normalize("NFD", name)) == expected


@pytest.mark.parametrize(
    ("normal_form", "text", "expected"),
    [
        (forms.domain, "STRAẞE.example", "xn--strae-oqa.example"),
        (forms.domain, "XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de"),
        (forms.domain, "shop。example\uff0e", "shop.example"),
        (forms.domain, "\ufeffshop\u00ad.example\u200b", "shop.example"),
        (forms.domain, "www.shop.example", "www.shop.example"),
        (forms.domain, "https://[2001:DB8::1]:443/x", "[2001:db8::1]"),
        (forms.domain, "localhost:8000", "localhost"),
        (forms.domain, "*://*.shop.example/*", "shop.example"),
        (forms.domain, "mailto:sales@shop.example", "shop.example"),
        (forms.domain, "https://", ""),
        (forms.domain, " * ", ""),
        (forms.bundle, "com.Example.App ", "com.example.app"),
        (forms.bundle, "id123456789", "123456789"),
        (forms.bundle, "https://apps.apple.com/us/app/some-app/id123456789?mt=8", "123456789"),
        (forms.bundle, "https://itunes.apple.com/app/id123456789", "123456789"),
        (forms.bundle, "https://play.google.com/store/apps/details?hl=en&id=com.Example.App", "com.example.app"),
        (forms.bundle, "market://details?id=com.example.app", "com.example.app"),
        (forms.bundle, "https://www.amazon.com/dp/B00ABCDEFG/ref=x", "b00abcdefg"),
        (forms.bundle, "idle.game", "idle.game"),
        (forms.language, "en-US", "en"),
        (forms.language, "de_AT.UTF-8", "de"),
        (forms.language, "zh-Hans-CN", "zh"),
        (forms.language, "ENG", "en"),
        (forms.language, "ger", "de"),
        (forms.language, "iw", "he"),
        (forms.language, "english", "english"),
        (forms.country, " de ", "DEU"),
        (forms.country, "uk", "GBR"),
        (forms.country, "Usa", "USA"),
        (forms.mime, ' Video/MP4 ; codecs="avc1.42E01E, mp4a.40.2"', "video/mp4"),
        (forms.category, " iab1-3", "IAB1-3"),
        (forms.identifier, " Deal One ", "deal one"),
        (
            forms.ascii_url,
            "https://münchen.de:8443/straße?q=ä b#é",
            "https://xn--mnchen-3ya.de:8443/stra%C3%9Fe?q=%C3%A4%20b#%C3%A9",
        ),
        (forms.ascii_url, "https://a.example/%C3%A9?a=1&b=[x]|{y}", "https://a.example/%C3%A9?a=1&b=[x]|{y}"),
        (forms.ascii_url, "https://a.example/\ud83d\r\nX: y", "https://a.example/%3F%0D%0AX:%20y"),
    ],
)
def test_the_normal_form_of_each_spelling(normal_form: Callable[[str], str], text: str, expected: str) -> None:
    assert normal_form(text) == expected


@given(st.ip_addresses(), st.sampled_from(["{}", "http://{}:80/a", "//user@{}/"]))
def test_an_ip_address_is_the_only_domain_of_its_host(address: IPv4Address | IPv6Address, form: str) -> None:
    host = forms.domain(form.format(address if address.version == 4 else f"[{address}]"))

    assert forms.is_ip_address(host)
    assert ip_address(host.strip("[]")) == address
    assert forms.with_parent_domains(host) == (host,)


@given(
    st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True), max_size=4),
    st.from_regex("[a-z]{2,5}", fullmatch=True),
)
def test_a_domain_has_the_parents_behind_each_of_its_dots(below: list[str], top: str) -> None:
    host = ".".join([*below, top])

    assert forms.with_parent_domains(host) == (host, *(host[at + 1 :] for at, sign in enumerate(host) if sign == "."))


@pytest.mark.parametrize("host", ["1.2.3.0x7f", "0x7f000001", "2130706433", "127.1"])
def test_short_forms_of_an_ip_address_have_no_parents(host: str) -> None:
    assert forms.with_parent_domains(host) == (host,)


@pytest.mark.parametrize(
    ("of_list", "text", "expected"),
    [
        (
            forms.domains,
            "a.example, https://B.example/x;*.c.example\nd.example.,,",
            ("a.example", "b.example", "c.example", "d.example"),
        ),
        (forms.categories, "IAB25,iab7-39 , IAB1", ("IAB25", "IAB7-39", "IAB1")),
        (forms.languages, "en-US, de|fra", ("en", "de", "fr")),
        (forms.languages, "en, *", ()),
        (forms.mimes, 'video/mp4; codecs="avc1, mp4a", VIDEO/WEBM', ("video/mp4", "video/webm")),
        (forms.identifiers, " Seat One ,b", ("seat one", "b")),
        (forms.currencies, "usd, eur", ("USD", "EUR")),
        *((of_list, blank, ()) for of_list, _ in LISTS for blank in ("", " ", ",", " , ,")),
    ],
)
def test_the_normal_form_of_lists(
    of_list: Callable[[str], tuple[str, ...]], text: str, expected: tuple[str, ...]
) -> None:
    assert of_list(text) == expected


@given(st.text(max_size=24) | LIKELY, st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_an_ascii_url_is_a_valid_header_and_equivalent(text: str, path: str) -> None:
    for url in (text, f"https://shop.example/{text}"):
        assert forms.ascii_url(url).isascii()
        assert not {"\r", "\n", " "} & set(forms.ascii_url(url))
    assert forms.ascii_url(f"https://shop.example/{path}") == "https://shop.example/" + quote(
        path, safe="".join(map(chr, range(33, 127)))
    )
