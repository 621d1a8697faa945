"""The preparation of an environment before its first request."""

import sys
from types import ModuleType
from typing import Any

import pytest

from bidder import cold_start
from bidder.endpoints.prepare import prepare
from tests.support.campaigns import NOW
from tests.support.service import service


class Loaded:
    """A service that records its loads, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[str] = []
        self.failure = failure

    def load(self, _now: Any, patience: Any) -> None:
        self.calls.append("snapshot")
        assert 0 < patience() < 10
        if self.failure:
            raise self.failure

    @property
    def signing_keys(self) -> None:
        self.calls.append("signing keys")

    @property
    def publisher(self) -> None:
        self.calls.append("publisher")


def test_snapshot_keys_and_publisher_are_loaded_before_the_first_request() -> None:
    loaded: Any = Loaded()
    prepare(loaded, NOW)
    assert loaded.calls == ["snapshot", "signing keys", "publisher"]


def test_a_failed_load_is_repeated_by_the_first_request(caplog: pytest.LogCaptureFixture) -> None:
    failing: Any = Loaded(OSError("down"))
    prepare(failing, NOW)
    assert '"prepare.failed"' in caplog.text


def test_a_restored_snapstart_image_replaces_the_state_of_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks: list[Any] = []
    runtime: Any = ModuleType("snapshot_restore_py")
    runtime.register_after_restore = hooks.append
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", runtime)
    monkeypatch.setattr(cold_start, "HOW", cold_start.SNAP_START)
    bidder_service = service(None)
    before = bidder_service.bids, bidder_service.traffic
    bidder_service.load = lambda _now, _patience: None  # type: ignore[method-assign,assignment]

    prepare(bidder_service, NOW)
    [restored] = hooks
    restored()

    assert bidder_service.bids is not before[0]
    assert bidder_service.traffic is not before[1]
    assert "current_parameters" not in vars(bidder_service)
