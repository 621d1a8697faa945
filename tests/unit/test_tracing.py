import json
import sys
from collections.abc import Iterator

import pytest
from aws_xray_sdk.core import xray_recorder

from bidder import tracing
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service


def make_a_bid() -> int:
    snapshot = compile_snapshot([campaign()])
    return bid(service(snapshot), Call(json.dumps(video_request()).encode(), {}, "https://bid.example", NOW)).status


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    tracing._recorder.cache_clear()
    yield
    xray_recorder.clear_trace_entities()


class Emitter:
    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []

    def send_entity(self, entity: object) -> None:
        self.sent.append(json.loads(entity.serialize()))  # type: ignore[attr-defined]


@pytest.mark.usefixtures("sampled")
def test_a_sampled_bid_has_a_subsegment_for_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    emitter = Emitter()
    monkeypatch.setattr(xray_recorder, "_emitter", emitter)
    xray_recorder.begin_segment("bidder")

    assert make_a_bid() == 200
    xray_recorder.end_segment()

    [segment] = emitter.sent
    assert [step["name"] for step in segment["subsegments"]] == ["parse", "match", "price", "markup"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("sampled")
def test_a_sampled_bid_works_without_a_segment_and_a_daemon() -> None:
    assert make_a_bid() == 200


def test_an_unsampled_bid_does_not_import_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
    monkeypatch.setitem(sys.modules, "aws_xray_sdk.core", None)  # an import would raise
    tracing._recorder.cache_clear()

    assert make_a_bid() == 200
