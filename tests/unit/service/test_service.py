"""Service: parameters reach a running process, and invalid or unreadable parameters are handled."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bidder.background_refresh import BackgroundRefreshed
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.health import health
from bidder.parameters import DEFAULTS, SECRETS
from bidder.service import current_parameters as module
from bidder.service.service import Service
from bidder.settings import InvalidSettings
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.fake_ssm import FakeSSM
from tests.support.matchable import video_request
from tests.support.service import SETTINGS, Holder
from tests.unit.test_parameters import BAD, GOOD, SECRET


class Process:
    """A service with its own Parameter Store. `later` is its next request after a lifetime."""

    def __init__(self, ssm: FakeSSM) -> None:
        self.now = 0.0
        self.todo: list[Any] = []
        self.service = Service(SETTINGS)
        parameters = self.service.current_parameters
        parameters.readings = BackgroundRefreshed(
            "all", parameters.read_all, parameters.seconds_left, clock=lambda: self.now, start=self.todo.append
        )
        self.service.keeper = Holder(compile_snapshot([campaign()]))  # type: ignore[assignment]
        self.ssm = ssm

    def later(self) -> None:
        self.now += 600
        _ = self.service.parameters
        while self.todo:
            self.todo.pop()()

    def bids(self, **changes: Any) -> int:
        body = json.dumps(video_request(**changes)).encode()
        return bid(self.service, Call(body, {}, "https://bid.example", NOW)).status


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    ssm = FakeSSM("/bidder", dict(GOOD), SECRETS)
    monkeypatch.setattr(module.aws, "minimal", lambda _: ssm)
    return Process(ssm)  # type: ignore[return-value]


def logged_faults(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    results = [json.loads(record.message) for record in caplog.records if "ParameterKept" in record.message]
    caplog.clear()
    return results


def test_all_changed_parameters_reach_a_running_process_together(process: Process) -> None:
    service = process.service
    assert service.parameters.network_allowance == 30.5
    assert process.bids(tmax=40) == 200
    process.ssm.values |= {"network-allowance": "100", "most-bids-at-once": "1", "snapshot-hard-age": "300"}
    assert process.bids(tmax=40) == 200

    process.later()

    assert process.bids(tmax=40) == 204
    assert service.parameters_or_defaults.ages.hard.total_seconds() == 300
    assert [service.concurrency_limit.enter() for _ in range(2)] == [True, False]


@pytest.mark.parametrize("name", sorted(BAD))
def test_one_invalid_value_keeps_all_current_parameters_and_is_logged_by_name(
    process: Process, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    former_parameters = process.service.parameters
    process.ssm.values |= {"network-allowance": "7", "most-bids-at-once": "9"} | {name: BAD[name]}
    with caplog.at_level(logging.WARNING, logger="bidder"):
        process.later()

    assert process.service.parameters is former_parameters
    [line] = logged_faults(caplog)
    assert (line["event"], line["parameter"], line["Reason"]) == ("parameter.refused", name, "invalid")
    assert SECRET not in json.dumps(line)

    process.ssm.values[name] = GOOD[name]
    process.later()
    assert process.service.parameters.network_allowance == 7 or name == "network-allowance"


def test_parameters_stay_if_they_can_no_longer_be_read(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    former_parameters = process.service.parameters
    process.ssm.broken = True
    with caplog.at_level(logging.WARNING, logger="bidder"):
        process.later()

    assert process.service.parameters is former_parameters
    assert process.bids() == 200
    [line] = logged_faults(caplog)
    assert (line["event"], line["Reason"], line["why"]) == ("parameter.kept", "unread", "ConnectionError")


def test_a_process_without_readable_parameters_does_not_bid(process: Process) -> None:
    process.ssm.broken = True
    assert process.bids() == 204
    assert process.service.parameters_or_defaults is DEFAULTS
    assert health(process.service, NOW).status == 503

    process.ssm.broken = False
    assert process.bids() == 200
    assert health(process.service, NOW).status == 200


def test_a_new_process_replaces_invalid_numbers_by_defaults_and_has_no_invalid_keys(process: Process) -> None:
    process.ssm.values |= {"network-allowance": "-1", "currency-rates": "{", "price-keys": "[]"}
    service = process.service

    assert (service.parameters.network_allowance, service.parameters.currency_rates) == (20, {})
    assert process.bids() == 200
    with pytest.raises(InvalidSettings, match="/bidder/price-keys"):
        _ = service.price_keys


@pytest.mark.parametrize("harm", ["bad", "missing"])
def test_without_signing_keys_there_is_no_bid_until_they_are_valid(process: Process, harm: str) -> None:
    del process.ssm.values["signing-keys"]
    if harm == "bad":
        process.ssm.values["signing-keys"] = BAD["signing-keys"]
    process.ssm.values["most-bids-at-once"] = "none"
    assert process.bids() == 204
    assert health(process.service, NOW).status == 503
    with pytest.raises(InvalidSettings, match="/bidder/signing-keys"):
        _ = process.service.signing_keys

    process.ssm.values["signing-keys"] = GOOD["signing-keys"]
    process.later()

    assert process.bids() == 200, "though another parameter is still wrong"


def test_price_keys_are_optional(process: Process) -> None:
    del process.ssm.values["price-keys"]

    assert process.service.price_keys.keys_of("adx") is None


def test_parameters_are_read_once_per_lifetime(process: Process) -> None:
    for _ in range(3):
        _ = process.service.signing_keys, process.service.price_keys, process.service.parameters
    assert process.ssm.reads == -(-len(GOOD) // 2), "in pages of two"


def test_a_refresh_reads_current_rates_decrypts_no_secret_and_keeps_the_last_valid_rates(process: Process) -> None:
    rates = lambda: process.service.current_parameters.read_without_secrets().currency_rates  # noqa: E731
    process.ssm.values["signing-keys"] = "not opened, so not looked at"
    assert rates() == {"EUR": 1_084_200}

    process.ssm.values["currency-rates"] = '{"EUR": 2}'
    assert rates() == {"EUR": 2_000_000}
    process.ssm.values["currency-rates"] = '{"EUR": "free"}'
    assert rates() == {"EUR": 2_000_000}
    process.ssm.broken = True
    assert rates() == {"EUR": 2_000_000}


def test_a_refresh_without_any_readable_rates_fails(process: Process) -> None:
    process.ssm.broken = True
    with pytest.raises(ConnectionError):
        process.service.current_parameters.read_without_secrets()
