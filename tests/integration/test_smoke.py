"""The smoke suite passes on a deployed bidder, and reports each fault that is injected into its answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.drill import Drill
from tests.smoke.checks import CHECKS
from tests.smoke.run import main, run
from tests.smoke.target import Answer, Target

Fault = Callable[[str, str, Answer], Answer]


class Recorded(Target):
    """A target with cached answers of a bidder, and a fault that is injected into them."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.base)
        self.fault: Fault = lambda _method, _path, answer: answer
        self._target = target
        self._answers: dict[str, Answer] = {}

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        request_key = json.dumps([method, path, body, dict(headers or {})])
        if request_key not in self._answers:
            self._answers[request_key] = self._target.ask(method, path, body, headers)
        return self.fault(method, path, self._answers[request_key])


def lines(target: Target) -> tuple[int, str]:
    message: list[str] = []
    return run(target, CHECKS, message.append), "\n".join(message)


@pytest.fixture(scope="module")
def recorded_answers(drilled: Drill) -> Recorded:
    return Recorded(drilled.target)


def test_a_deployed_bidder_passes_the_smoke_suite(recorded_answers: Recorded) -> None:
    recorded_answers.fault = lambda _method, _path, answer: answer
    faults, message = lines(recorded_answers)
    assert faults == 0, message
    assert message.count("ok ") == len(CHECKS)


def at(method: str, start: str, change: Callable[[Answer], Answer]) -> Fault:
    return lambda request_method, path, answer: (
        change(answer) if request_method == method and path.startswith(start) else answer
    )


def without(header: str) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, headers={n: v for n, v in answer.headers.items() if n != header})


def body(old: str, new: str) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=answer.body.replace(old, new))


ORIGIN = "access-control-allow-origin"


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        (at("GET", "/health", body('"ok"', '"stale"')), "status 'stale'"),
        (at("POST", "/bid", lambda answer: replace(answer, status=500)), "bid on the web: status 500"),
        (at("POST", "/bid", body('"cid"', '"gone"')), "bid on the web: a bid that lacks id, cid, crid or adm"),
        (at("POST", "/bid", body("AdSystem", "Adsystem")), "the bid's adm is no valid VAST"),
        (at("GET", "/vast", body("<Impression", "<Impresion")), "GET /vast: the answer is no valid VAST"),
        (at("GET", "/vast", body('version="', 'version="9')), "VAST of an unknown version"),
        (at("GET", "/vmap", body("AdBreak", "Break")), "no valid VMAP"),
        (at("GET", "/e/impression", lambda answer: replace(answer, status=503)), "GET of the Impression answers 503"),
        (at("GET", "/e/bill", lambda answer: replace(answer, status=400)), "GET of burl answers 400"),
        (at("POST", "/e", body("accepted", "taken")), "POST /e with one event URL"),
        (at("OPTIONS", "/bid", without(ORIGIN)), "OPTIONS /bid from https://smoke.example"),
        (at("POST", "/bid", without(ORIGIN)), "POST /bid that is no JSON from https://smoke.example"),
        (at("POST", "/bid", body('"error"', '"message"')), "POST /bid that is no JSON answers 400 without"),
        (at("POST", "/explain", lambda answer: replace(answer, status=200)), "POST /explain without a key answers 200"),
        (at("GET", "/player.js", without("etag")), "without an ETag"),
        (at("POST", "/bid", lambda answer: replace(answer, status=204, body="")), "no campaign bids"),
        (at("POST", "/bid", body('"seatbid":[', '"seatbid":[5,')), "unknown form"),
    ],
)
def test_an_injected_fault_is_reported(recorded_answers: Recorded, fault: Fault, field: str) -> None:
    recorded_answers.fault = fault
    faults, message = lines(recorded_answers)
    assert faults
    assert field in message


def test_a_url_without_a_bidder_ends_with_status_1_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:9"]) == 1
    assert "No answer from http://127.0.0.1:9: GET http://127.0.0.1:9/health" in capsys.readouterr().err


def test_a_url_without_a_scheme_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bid.example"])
    assert ended.value.code == 2
    assert "begins with http" in capsys.readouterr().err
