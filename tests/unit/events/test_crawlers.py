"""Crawlers are recognised by their user agents. Devices, apps and ad insertion servers are not crawlers."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events import crawlers
from bidder.events.crawlers import is_crawler
from bidder.events.ivt_rules import rule_broken_by_sender
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service
from tools import ROOT
from tools.crawlers import LIST, alternatives, contents, literal, required_text

FIXTURES = ROOT / "tests" / "fixtures" / "user_agents"
LISTED = json.loads((files("crawleruseragents") / "crawler-user-agents.json").read_text())
ANDROID = "Mozilla/5.0 (Linux; Android 9; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/74.0.3729.157 Mobile {}"
PEOPLE = [
    ANDROID.format("SM-G960F Build/PPR1.180610.011; wv", "Safari/537.36 Viber/10.8"),
    ANDROID.format("HTC Butterfly Build/JRO03C", "Safari/537.36"),
    ANDROID.format("CUBOT_NOTE_S", "Safari/537.36"),
    ANDROID.format("Sonic 5 Build/KOT49H", "Safari/537.36"),
    ANDROID.format("Genieo", "Safari/537.36"),
    "Swift Nutch (iPhone; iOS 17.5; Scale/3.00)",
    "WhatsApp/2.11.92 Android/4.0.4 Device/HTC-HTC_HD2",
]
SERVERS = [
    *(
        "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
        "Amazon CloudFront",
        "got (https://github.com/sindresorhus/got)",
    ),
    *(
        "python-requests/2.32 (stitcher; +https://ssai.example)",
        "Apache-HttpClient/4.5.13 (Java/11.0.3)",
        "okhttp/4.12.0",
    ),
    *("Go-http-client/2.0", "curl/8.5.0 (x86_64-pc-linux-gnu)", "axios/1.6.0", "undici", "Python/3.11 aiohttp/3.9"),
]
CRAWLERS = [
    *("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bingbot/2.0", "Scrapy/2.11"),
    ANDROID.format(
        "Nexus 5X Build/MMB29P", "Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    ),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
]


@pytest.mark.parametrize("comment", ["(Scrapy/2; Android 9)", "(Android 9; Scrapy/2)", "(Android 9; Scrapy/2.11; x)"])
def test_a_program_with_its_version_counts_anywhere_in_the_comment_of_a_device(comment: str) -> None:
    assert is_crawler(f"Mozilla/5.0 {comment} Mobile Safari/537.36")
    assert not is_crawler(f"Mozilla/5.0 {comment.replace('Scrapy', 'Player')} Mobile Safari/537.36")


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


@pytest.mark.parametrize("agent", [*PEOPLE, *SERVERS])
def test_user_agents_of_people_and_of_ssai_servers_are_not_crawlers(agent: str) -> None:
    assert not is_crawler(agent)


@pytest.mark.parametrize("name", ["uap_core.txt", "npm_user_agents.txt"])
def test_no_user_agent_of_a_person_is_a_crawler(name: str) -> None:
    assert [agent for agent in lines(FIXTURES / name) if is_crawler(agent)] == []


def test_95_percent_of_the_instances_in_the_list_are_recognised() -> None:
    instances = [instance for entry in LISTED for instance in entry["instances"]]

    assert sum(map(is_crawler, instances)) >= 0.95 * len(instances)


def test_the_list_equals_that_of_the_pinned_package() -> None:
    assert LIST.read_text() == contents(), "write it anew: python -m tools.crawlers"
    assert "MIT" in LIST.with_suffix(".LICENSE").read_text()


@pytest.mark.parametrize(
    ("pattern", "parts", "texts"),
    [
        (r"AdsBot([^-]|$)", [r"AdsBot([^-]|$)"], ["AdsBot"]),
        ("[Cc]law|two words|^x", ["[Cc]law", "two words", "^x"], ["law", "two words", "x"]),
        (r"a\|b[|c]d(e|f)gh", [r"a\|b[|c]d(e|f)gh"], ["a|b"]),
        ("ab?cd*e+", ["ab?cd*e+"], ["a"]),
        ("(?i)robot", ["(?i)robot"], [""]),
    ],
)
def test_an_expression_is_split_at_its_bars_and_has_a_required_text(
    pattern: str, parts: list[str], texts: list[str]
) -> None:
    assert alternatives(pattern) == parts
    assert list(map(required_text, parts)) == texts


def test_a_user_agent_that_matches_an_expression_contains_its_required_text() -> None:
    parts = [part for entry in LISTED if literal(entry["pattern"]) is None for part in alternatives(entry["pattern"])]
    instances = [instance for entry in LISTED for instance in entry["instances"]]
    matches = [(part, text) for part in parts for text in instances if re.search(part, text)]

    assert len(matches) > len(parts)
    assert all(required_text(part) in text for part, text in matches)


def test_the_user_agents_of_people_compile_no_expression_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    search = re.search
    monkeypatch.setattr(re, "search", lambda pattern, text: compiled.append(pattern) or search(pattern, text))
    crawlers._is_known.cache_clear()

    assert not any(map(is_crawler, (*PEOPLE, *SERVERS)))
    listed = {pattern for _, pattern in crawlers._rules().expressions}
    assert not listed & set(compiled)
    assert is_crawler("sistrix Crawler")
    assert listed & set(compiled)


@pytest.mark.parametrize("agent", [*CRAWLERS, *PEOPLE, *SERVERS])
def test_bids_and_notices_use_the_same_list_and_a_crawlers_request_has_nbr_3(agent: str) -> None:
    body = json.dumps(video_request(device={"ua": agent})).encode()
    reply = bid(service(compile_snapshot([campaign()])), Call(body, {}, "https://bid.example", NOW, nbr=True))

    document = json.loads(reply.body)
    if agent in CRAWLERS:
        assert (document["seatbid"], document["nbr"]) == ([], 3)
    else:
        assert document["seatbid"]
    assert (rule_broken_by_sender(Kind.IMPRESSION, agent) is not None) == (agent in CRAWLERS)


def test_an_allowed_text_exempts_user_agents_that_contain_it() -> None:
    agent = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36"
    )

    assert is_crawler(agent)
    assert not is_crawler(agent, ["HeadlessChrome"])
    assert is_crawler("Googlebot/2.1 (+http://www.google.com/bot.html)", ["HeadlessChrome"])
    assert rule_broken_by_sender(Kind.IMPRESSION, agent, ["HeadlessChrome"]) is None
