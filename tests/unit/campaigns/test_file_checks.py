"""Senseless values of the right type cause errors or warnings. All errors of a file are reported together."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.campaigns.content_1 import is_content_1
from bidder.campaigns.country_codes import country_meant
from bidder.campaigns.files import CampaignFile, InvalidCampaignFile
from bidder.campaigns.taxonomy import Taxonomy
from bidder.countries import STANDARD
from tests.support.campaigns import creative, media

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PLAIN = {
    "id": "c",
    "name": "C",
    "advertiser": {"name": "Shop", "domain": "shop.example"},
    "cpm": 5,
    "creatives": [creative()],
}


def checked(text: str, name: str = "f", **more: Any) -> CampaignFile:
    return CampaignFile(BytesIO(text.encode()), name, more.pop("media_url", None), now=NOW, **more)


def refusal(**changes: Any) -> str:
    with pytest.raises(InvalidCampaignFile) as error:
        checked(json.dumps({**PLAIN, **changes}))
    return str(error.value)


def warnings(**changes: Any) -> list[str]:
    return checked(json.dumps({**PLAIN, **changes})).warnings


def spot(**changes: Any) -> dict[str, Any]:
    return {"creatives": [creative(**changes)]}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("country: {exclude: [NO]}", ("country", "exclude", ("nor",))),
        ("country: {exclude: NO}", ("country", "exclude", ("nor",))),
        ("bundle: {include: [0123456, 1500000001]}", ("bundle", "include", ("0123456", "1500000001"))),
        ("tag: {include: [12:30:45, 1.10, 1e3, 0x1F]}", ("tag", "include", ("12:30:45", "1.10", "1e3", "0x1f"))),
        (
            "publisher: {include: [yes, on, true, 2026-11-01]}",
            ("publisher", "include", ("yes", "on", "true", "2026-11-01")),
        ),
        ("device_type: {include: [1, 02]}", ("device_type", "include", ("1", "02"))),
        ("rewarded: {include: no}", ("rewarded", "include", ("0",))),
    ],
)
def test_text_values_are_those_in_the_file(written: str, read: tuple[str, str, tuple[str, ...]]) -> None:
    text = f"campaigns:\n- {json.dumps(PLAIN)[:-1]}, targeting: {{{written}}}}}"
    [campaign] = checked(text)

    assert getattr(campaign.targeting[read[0]], read[1]) == read[2]  # type: ignore[index]


@pytest.mark.parametrize(
    ("field", "written", "expected"),
    [("cpm", "010", 10_000_000), ("cpm", "1.10", 1_100_000), ("cpm", "1e1", 10_000_000), ("cpm", "12", 12_000_000)],
)
def test_amounts_are_those_in_the_file(field: str, written: str, expected: int) -> None:
    for text in (f"campaigns:\n- {{{json.dumps({**PLAIN, field: None})[1:-1]}}}", ""):
        if text:
            [campaign] = checked(text.replace(f'"{field}": null', f'"{field}": {written}'))
            assert getattr(campaign, f"{field}_micros") == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targeting": {"country": {"include": ["United States"]}}}, "'United States' is not a country .*: write USA"),
        ({"targeting": {"country": {"include": ["UK"]}}}, "'UK' is not a country of ISO 3166-1: write GBR"),
        ({"targeting": {"country": {"include": ["usa", "Grmany"]}}}, r"country.include\[1\]: 'Grmany' .*: write DEU"),
        ({"targeting": {"country": {"include": ["ZZ"]}}}, "'ZZ' is not a country .*: write two or three letters"),
        ({"targeting": {"region": {"include": ["uk-eng"]}}}, "'uk-eng' is not a country and a region"),
        ({"targeting": {"postcode": {"include": ["94607"]}}}, "'94607' is not a country and a postcode"),
        ({"where": {"or": [{"country": {"exclude": ["UK"]}}]}}, r"where.or\[0\].country.exclude\[0\]: 'UK'"),
        ({"multipliers": {"country": {"Brazil": 2}}}, "multipliers.country.Brazil: 'Brazil' .*: write BRA"),
        (spot(targeting={"country": {"include": ["EL"]}}), r"creatives\[spot\].targeting.*'EL' .*: write GRC"),
        ({"categories": ["IAB27"]}, r"categories\[0\]: 'IAB27' is none of Content Taxonomy 1.0"),
        ({"categories": ["Sports"]}, "'Sports' is none of Content Taxonomy 1.0"),
        ({"targeting": {"category": {"include": ["iab1-99"]}}}, "'iab1-99' is none of Content Taxonomy 1.0"),
        ({"flight": {"start": "2026-12-02T00:00:00Z", "end": "2026-12-01T00:00:00Z"}}, "flight.end: .* is not after"),
        ({"flight": {"start": "2026-12-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}}, "flight.end: .* is not after"),
        ({"flight": {"start": "20261201"}}, "flight.start: '20261201' is not a time such as"),
        ({"flight": {"start": 20261201}}, "flight.start: '20261201' is not a time such as"),
        ({"flight": {"start": "2026-12-01"}}, "flight.start: .* time such as|needs a time zone"),
        (spot(skip_offset=15), "skip_offset: 15 s is past the end: the creative takes 15 s"),
        (spot(skip_offset=5000), "skip_offset: 5000 s is past the end"),
        (spot(media=[media(bitrate=1_200_000)]), r"media\[0\].bitrate: 1,200,000 kbit/s: is it in bits .* write 1200"),
        (spot(media=[media(url="cdn.example/a.mp4")]), "url: 'cdn.example/a.mp4' has no scheme: write https://cdn"),
        (spot(media=[media(url="//cdn.example/a.mp4")]), "url: '//cdn.example/a.mp4' has no scheme: write https://cdn"),
        (spot(media=[media(url="CDN.Example:8080/a.mp4")]), "has no scheme: write https://CDN.Example:8080/a.mp4"),
        (spot(media=[media(url="https:/cdn.example/a.mp4")]), "is not a URL that begins with http"),
        (spot(media=[media(url="ftp://cdn.example/a.mp4")]), "is not a URL that begins with http"),
        (spot(click_through="www.shop.example"), "click_through: .* has no scheme: write https://www.shop.example$"),
        (spot(media=[], click_through=None, tag="ads.example/vast"), "tag: .* has no scheme: write https://ads"),
        (spot(media=[media(url="http://169.254.169.254/a")]), "169.254.169.254 is a link-local address"),
        (spot(media=[media(url="http://[fe80::1]/a")]), "fe80::1 is a link-local address"),
        (spot(media=[media(url="http://[::ffff:169.254.1.1]/a")]), "is a link-local address"),
        (spot(media=[media(url="http://2852039166/a")]), "2852039166 is a link-local address"),
        (spot(media=[media(url="http://0xA9.254.169.254/a")]), "is a link-local address"),
        (spot(media=[media(url="http://0.0.0.0/a")]), "link-local address, or none of a server"),
        (spot(media=[media(url="http://127.0.0.1/a")]), "127.0.0.1 is the viewer's own device"),
        (spot(media=[media(url="http://localhost:4566/a")]), "localhost is the viewer's own device"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone: Europe/Atlantis is not a zone"),
        ({"cpm": "12,50"}, "cpm: '12,50' is not an amount of money: write 12.50"),
        ({"cpm": "9" * 5000}, "cpm: '9{40}…' is more than"),
        ({"cpm": True}, "cpm: 'True' is not an amount"),
        ({"frequency_cap": 3}, "frequency_cap: not known"),
        ({"budgt": {"daily": 3}}, "budgt: not known; did you mean budget?"),
        ({"targetting": {}}, "targetting: not known; did you mean targeting?"),
        ({"maxcpm": 3}, "maxcpm: not known; did you mean max_cpm?"),
        ({"status": "pausd"}, "status: 'pausd' is none of active, paused; did you mean paused?"),
        ({"targeting": {"contry": {}}}, "targeting.contry: not known; did you mean country?"),
        ({"targeting": {"country": {"inclde": ["US"]}}}, "country.inclde: not known; did you mean include?"),
        ({"where": {"country": {"inclde": ["US"]}}}, "where.country.inclde: not known; did you mean include?"),
        ({"targeting": {"country": ["US"]}}, "country: has the keys include, exclude, all; it is a list"),
        (spot(click_thru="x"), r"creatives\[spot\].click_thru: not known; did you mean click_through?"),
        (spot(media=[media(bit_rate=3)]), r"media\[0\].bit_rate: not known; did you mean bitrate?"),
        ({"where": {"and": [{"os": {}, "not": {}}]}}, r"where.and\[0\]: os, not in one condition"),
        (
            {"where": {"and": [{"hour": {"include": ["noon"]}}]}},
            r"where.and\[0\].hour.include\[0\]: 'noon' is not a time",
        ),
    ],
)
def test_an_impossible_value_is_refused_with_its_key(changes: dict[str, Any], message: str) -> None:
    lines = refusal(**changes).splitlines()

    assert lines[-1] == f"{len(lines) - 1} mistake{'s' if len(lines) > 2 else ''} in f: nothing was imported"
    assert all(re.match(r"f:1:\d+: c: ", line) for line in lines[:-1])
    assert any(re.search(message, line) for line in lines[:-1]), lines


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flight": {"end": "2026-11-24T00:00:00Z"}}, "flight.end: the flight ended at 2026-11-24"),
        ({"cpm": 101}, "cpm: 101.00 for a thousand impressions, more than 100.00"),
        ({"deals": [{"id": "d", "cpm": 2000}]}, r"deals\[d\].cpm: 2,000.00 for a thousand"),
        ({"cpm": None, "cpcv": 13, "max_cpm": 12}, "cpcv: 13.00 for one view, as much as max_cpm"),
        ({"budget": {"daily": 500, "total": 50}}, "budget.daily: 500.00 is more than the total, 50.00"),
        ({"targeting": {"language": {"include": ["jp"]}}}, r"language.include\[0\]: 'jp' is not .*did you mean ja"),
        (spot(language="xx"), r"creatives\[spot\].language: 'xx' is not a language"),
        (spot(media=[media(url="http://192.168.1.5/a")]), "192.168.1.5 is a private or reserved address"),
        (spot(media=[media(url="http://10.1/a")]), "10.1 is a private or reserved address"),
        (spot(media=[media(url="https://files.internal/a")]), "files.internal is a name inside a private network"),
        (spot(media=[media(url="https://nas/a")]), "nas is a name inside a private network"),
        ({"categories": ["99"], "cattax": 6}, r"categories\[0\]: taxonomy 6 is not imported"),
        ({"targeting": {"category": {"include": ["6/483"]}}}, "taxonomy 6 is not imported"),
    ],
)
def test_an_unlikely_value_gets_a_warning(changes: dict[str, Any], message: str) -> None:
    [warning] = warnings(**changes)

    assert re.match(r"f:1:\d+: c: ", warning)
    assert re.search(message, warning), warning


def test_a_category_outside_its_taxonomy_gets_a_warning() -> None:
    text = json.dumps({**PLAIN, "categories": ["5", "9"], "cattax": 6})

    [warning] = checked(text, taxonomies={6: Taxonomy(parents={"5": None})}).warnings
    assert warning.endswith("categories[1]: taxonomy 6 has no category 9")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cpm": 100},
        {"flight": {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}},
        {"targeting": {"country": {"include": ["us", "GBR", "xk"]}, "region": {"include": ["us-ca", "gbr-eng"]}}},
        spot(skip_offset=14.9),
        spot(media=[media(bitrate=100_000, url="https://cdn.example:8443/a?b=c")]),
        spot(media=[media(url="https://93.184.216.34/a.mp4")]),
        spot(media=[media(url="https://[2606:2800:220:1:248:1893:25c8:1946]/a.mp4")]),
        {"categories": ["IAB26-4", "iab1"]},
    ],
)
def test_valid_values_get_no_warning(changes: dict[str, Any]) -> None:
    assert warnings(**changes) == []


def test_relative_media_urls_are_accepted_below_a_loopback_media_url() -> None:
    text = json.dumps({**PLAIN, **spot(media=[media(url="media/v1.2/a.mp4")])})

    [campaign] = checked(text, media_url="http://127.0.0.1:4566/creatives/")
    assert campaign.creatives[0].media[0].url == "http://127.0.0.1:4566/creatives/media/v1.2/a.mp4"


def test_all_mistakes_of_all_campaigns_are_reported_in_the_order_of_the_file() -> None:
    text = """campaigns:
- id: first
  nme: First
  advertiser: {name: A, domain: a.example}
  cpm: abc
  flight: {start: 2026-12-02T00:00:00Z, end: 2026-12-01T00:00:00Z}
  budget: {daily: 0}
  targeting: {country: {include: [Germany]}, planet: {include: [x]}}
  where: {or: [{os: {include: ios}}, {hour: {include: never}}]}
  time_zone: Berlin
  creatives:
  - id: spot
    name: Spot
    duration: fifteen
    media:
    - {url: https://a.example/a.mp4, mime: video/mp4, width: 640, height: 360, bitrate: 500000}
  - {id: other, name: Other, duration: 10, skip_offset: 12}
- id: second
"""
    with pytest.raises(InvalidCampaignFile) as error:
        checked(text, "c.yaml")

    output = [line.split(": ")[:3] for line in str(error.value).splitlines()]
    assert [(where.removeprefix("c.yaml:"), *rest) for where, *rest in output[:-1]] == [
        ("2:3", "first", "name"),
        ("3:3", "first", "nme"),
        ("5:3", "first", "cpm"),
        ("6:41", "first", "flight.end"),
        ("7:12", "first", "budget.daily"),
        ("8:35", "first", "targeting.country.include[0]"),
        ("8:46", "first", "targeting.planet"),
        ("9:46", "first", "where.or[1].hour.include"),
        ("10:3", "first", "time_zone"),
        ("12:5", "first", "creatives[spot]"),
        ("14:5", "first", "creatives[spot].duration"),
        ("16:80", "first", "creatives[spot].media[0].bitrate"),
        ("17:5", "first", "creatives[other]"),
        ("17:44", "first", "creatives[other].skip_offset"),
        ("18:3", "second", "name"),
        ("18:3", "second", "advertiser"),
        ("18:3", "second", "creatives"),
        ("18:3", "second", "give cpm, a goal (cpcv, cpc or cpv) or deals"),
    ]
    assert output[-1][-1] == "nothing was imported"


@pytest.mark.parametrize(
    "where",
    [
        '{"not": ' * 60 + '{"os": {"include": "ios"}}' + "}" * 60,
        '{"or": [' + ",".join(['{"os": {"include": "ios"}}'] * 60_000) + "]}",
        '{"and": [' + ",".join(f'{{"os": {{"include": "{n}"}}}}' for n in range(60_000)) + "]}",
        '{"not": {"or": [' + ",".join(f'{{"os": {{"include": "{n}"}}}}' for n in range(1_100)) + "]}}",
    ],
)
def test_a_huge_expression_gets_one_line_of_error(where: str) -> None:
    text = json.dumps(PLAIN)[:-1] + f', "where": {where}}}'

    with pytest.raises(InvalidCampaignFile) as error:
        checked(text)
    [line, _] = str(error.value).splitlines()
    assert re.search(r"c: where: more than (50 of and, or|1,000 conditions)", line)


def _trees(inner: Any) -> Any:
    keys = st.sampled_from(["id", "country", "include", "and", "not", "or", "url", "media", "tag", "cpm", "start"])
    return st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3)


DEEP = "[" * 400 + "]" * 400
BROKEN = [
    json.dumps(PLAIN)[:-1].replace('"creatives": [', f'"creatives": [{DEEP}, ') + "}",
    json.dumps(PLAIN)[:-1] + f', "targeting": {{"country": {{"include": {DEEP}}}}}}}',
    json.dumps(PLAIN)[:-1] + ', "where": ' + '{"not": ' * 400 + '{"os": {"include": "ios"}}' + "}" * 401,
    json.dumps(PLAIN)[:-1] + ', "x": ' + "[" * 100_000,
    '{"id": "\\ud83d"}',
    '{"id": "a", "creatives": {"id": 3}, "targeting": [], "where": 5, "multipliers": 7, "advertiser": "x"}',
    '{"id": 5, "creatives": [5, null, {"id": 7, "media": "x", "tag": 5}], "deals": [{}], "name": {"a": 1}}',
    '{"id": "a", "targeting": {"country": {"include": [["us"], null, {"a": 1}]}, "os": null, "make": []}}',
    "campaigns:",
    "campaigns: 5",
    "campaigns:\n- 5",
    "campaigns:\n- id: [1, 2]\n  name: {}\n",
    "5",
    "- a",
    "{",
    '{"campaigns": [{"id": "x"}]}',
]


@pytest.mark.parametrize("text", BROKEN)
def test_any_mutated_file_is_refused_with_lines_of_errors(text: str) -> None:
    with pytest.raises(InvalidCampaignFile) as error:
        checked(text)

    lines = str(error.value).splitlines()
    assert all(line.startswith("f:") for line in lines[:-1])
    assert lines[-1].endswith("in f: nothing was imported")
    assert max(map(len, lines)) < 500


@example({"tag": {"id": {"id": None, "country": None}}})  # the comma is only worth a warning
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), _trees, max_leaves=6))
def test_any_value_of_a_campaign_field_is_checked(value: Any) -> None:
    for key in (*PLAIN, "targeting", "where", "budget", "flight", "multipliers", "deals", "categories", "status"):
        with suppress(InvalidCampaignFile):
            checked(json.dumps({**PLAIN, key: value}))


@given(st.sampled_from(sorted(STANDARD)), st.sampled_from([str.lower, str.upper, str.title]))
def test_an_error_on_a_country_name_suggests_its_code(code: str, form: Any) -> None:
    from importlib.resources import files  # parsed independently from the same table

    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text()
    [name] = re.findall(rf"^{code}\t(.*)$", table, re.MULTILINE)

    assert country_meant(form(name)) == STANDARD[code]


def test_content_taxonomy_1_accepts_only_its_ids() -> None:
    assert all(map(is_content_1, ["IAB1", "iab1-7", "IAB7-45", "IAB17-44", "IAB24", "IAB25-7", "IAB26-4"]))
    assert not any(
        map(is_content_1, ["IAB0", "IAB27", "IAB1-8", "IAB24-1", "IAB1-0", "IAB01", "IAB1-", "IAB", "1", ""])
    )


@pytest.mark.parametrize("value", [{"en": "de"}, ["en"]])
def test_a_mapping_or_a_list_is_no_text(value: object) -> None:
    mistakes = refusal(
        advertiser={"name": "S", "domain": value},
        categories=[value],
        creatives=[{**creative(), "language": value, "media": [media(mime=value)]}],
    )

    form = "a mapping" if isinstance(value, dict) else "a list"
    assert mistakes.count(f"should be a text; it is {form}") == 4
