from datetime import timedelta

import pytest

from bidder.events.address import address_name
from bidder.events.ivt_rules import IvtRule, SaleHistory, broken_rule, rule_broken_by_sender
from bidder.events.kinds import Kind
from bidder.events.token import CLOCK_SKEW, LIFETIME
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.service import KEYS

SECOND = timedelta(seconds=1)
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
FIRE_TV = "Mozilla/5.0 (Linux; Android 9; AFTS) AppleWebKit/537.36 (KHTML, like Gecko) Silk/126.1 Safari/537.36"
TV_APP = "AppleCoreMedia/1.0.0.21L227 (Apple TV; U; CPU OS 17_5 like Mac OS X; en_us)"


@pytest.mark.parametrize(
    ("delay", "kind", "observed", "rule"),
    [
        (timedelta(), Kind.IMPRESSION, SaleHistory(), None),
        (-CLOCK_SKEW, Kind.IMPRESSION, SaleHistory(), None),
        (-CLOCK_SKEW - SECOND, Kind.IMPRESSION, SaleHistory(), IvtRule.BEFORE_BID),
        (LIFETIME, Kind.IMPRESSION, SaleHistory(), None),
        (LIFETIME + SECOND, Kind.BILL, SaleHistory(), IvtRule.TOO_LATE),
        (LIFETIME + SECOND, Kind.COMPLETE, SaleHistory(), None),
        (timedelta(), Kind.IMPRESSION, SaleHistory(is_within_minute=False), IvtRule.TOO_MANY),
        (timedelta(), Kind.START, SaleHistory(is_within_minute=False), None),
        (timedelta(), Kind.START, SaleHistory(is_known_address=False), IvtRule.REPLAYED),
        (timedelta(), Kind.BILL, SaleHistory(is_known_address=False), None),
    ],
)
def test_each_rule_marks_events_beyond_its_bound(
    delay: timedelta, kind: Kind, observed: SaleHistory, rule: IvtRule | None
) -> None:
    assert broken_rule(event(kind=kind, at=NOW + delay), observed) == rule


def test_a_marked_event_stays_marked_and_bills_nothing() -> None:
    marked = event(invalid=IvtRule.CRAWLER)

    assert broken_rule(marked, SaleHistory()) == "crawler"
    assert not marked.is_billable
    assert marked.attributes()["invalid"]["StringValue"] == "crawler"


def test_an_http_library_is_not_a_crawler_since_it_may_be_an_ssai_server() -> None:
    agents = ("python-requests/2.32", "curl/8.5.0", "Go-http-client/2.0", "okhttp/4.9", "Python/3.11 aiohttp/3.9")
    assert {rule_broken_by_sender(Kind.IMPRESSION, agent) for agent in agents} == {None}


@pytest.mark.parametrize(
    "agent",
    ["Mozilla/5.0 (compatible; Googlebot/2.1)", "bingbot/2.0", "HeadlessChrome/120.0"],
)
def test_a_known_crawler_is_marked_if_a_player_is_expected(agent: str) -> None:
    assert rule_broken_by_sender(Kind.IMPRESSION, agent) is IvtRule.CRAWLER
    assert rule_broken_by_sender(Kind.WIN, agent) is None


@pytest.mark.parametrize("agent", [BROWSER, FIRE_TV, TV_APP, "Roku/DVP-14.0 (14.0.0.1)", "okhttp/4.12.0", "", None])
def test_players_and_callers_without_a_user_agent_are_not_crawlers(agent: str | None) -> None:
    assert rule_broken_by_sender(Kind.IMPRESSION, agent) is None


def test_an_address_has_one_pseudonym_per_bid() -> None:
    name = address_name("192.0.2.7", "bid", KEYS)

    assert name == address_name("192.0.2.7", "bid", KEYS)
    assert name is not None
    assert len(name) == 11
    assert len({name, address_name("192.0.2.8", "bid", KEYS), address_name("192.0.2.7", "other", KEYS)}) == 3
    assert address_name(None, "bid", KEYS) is None
