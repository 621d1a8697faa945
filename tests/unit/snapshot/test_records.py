"""Creative targeting is compiled with the index, and old records without it are still read."""

import zlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from bidder.campaigns import request_fields_used
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot import records
from bidder.snapshot.compile import compile_index
from bidder.snapshot.index import Index
from tests.support.campaigns import campaign, campaign_lists, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import video_request

OS = {"os": {"include": ["ios"]}}
WHERE = {"or": [{"hour": {"include": ["mon-fri 9-17"]}}, {"tag": {"exclude": ["side", "top"]}}]}
CREATIVES = [creative(id="plain"), creative(id="ios", targeting=OS), creative(id="where", targeting=OS, where=WHERE)]


def compiled_of(data: bytes) -> dict[str, tuple[Any, ...]]:
    return {
        name: tuple(creative_conjunction)
        for name, creative_conjunction in Index.load([data]).record(0).creative_conjunctions.items()
    }


def compilations(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the creatives compiled from now on, by id."""
    counts: Counter[str] = Counter()
    compile_conjunctions = request_fields_used.creative_conjunctions

    def counting(creative: Any, time_zone: str) -> Any:
        counts[creative.id] += 1
        return compile_conjunctions(creative, time_zone)

    monkeypatch.setattr(request_fields_used, "creative_conjunctions", counting)
    return counts


def without_compiled(first: Campaign) -> bytes:
    """A record in the format without compiled creative targeting."""
    deflate = zlib.compressobj(zdict=records.DICTIONARY)
    return deflate.compress(first.model_dump_json(exclude_defaults=True).encode()) + deflate.flush()


def chosen_creatives(snapshot: Any) -> list[str]:
    request = BidRequest.model_validate(video_request(device={"os": "iOS"}))
    return [offer.fit.creative.id for offer in decided(request, snapshot)]


def test_a_decision_compiles_no_targeting(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = compile_snapshot([campaign(creatives=CREATIVES[1:])])
    counts = compilations(monkeypatch)

    assert chosen_creatives(snapshot) == chosen_creatives(snapshot) != []
    assert not counts


def test_a_record_without_compiled_targeting_is_compiled_once_when_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "encode", without_compiled)
    snapshot = compile_snapshot([campaign(creatives=CREATIVES[1:])])
    counts = compilations(monkeypatch)

    assert chosen_creatives(snapshot) == chosen_creatives(snapshot) == chosen_creatives(snapshot) != []
    assert counts == {"ios": 1, "where": 1}


@examples(0.3)
@given(campaign_lists())
def test_the_compiled_targeting_equals_that_of_the_campaign(campaigns: list[Campaign]) -> None:
    index = Index.load([compile_index(campaigns)])

    for position in range(len(index)):
        record = index.record(position)
        own = {c.id: c for c in record.campaign.creatives if c.targeting or c.where}
        assert record.creative_conjunctions.keys() == own.keys()
        for name, conjunctions in record.creative_conjunctions.items():
            zone = record.campaign.time_zone
            assert tuple(conjunctions) == request_fields_used.creative_conjunctions(own[name], zone)


def test_records_of_both_formats_decode_equally(monkeypatch: pytest.MonkeyPatch) -> None:
    both = campaign(creatives=CREATIVES, time_zone="Europe/Berlin")
    now = compile_index([both])
    monkeypatch.setattr(records, "encode", without_compiled)

    assert compiled_of(now) == compiled_of(compile_index([both]))


def test_a_current_record_is_read_by_older_code() -> None:
    own_campaign = campaign(creatives=CREATIVES)

    inflate = zlib.decompressobj(zdict=records.DICTIONARY)

    assert Campaign.model_validate_json(inflate.decompress(records.encode(own_campaign))) == own_campaign


def test_a_creative_whose_targeting_is_too_long_matches_nothing() -> None:
    pair = {"or": [{"os": {"include": ["ios"]}}, {"tag": {"include": ["top"]}}]}
    long = creative(id="long", where={"and": [pair] * 7})

    assert request_fields_used.compiled_creatives(campaign(creatives=[long])) == {"long": ()}
