from pathlib import Path

import pytest

from loadtest.plan import SETTINGS, BadPlan, Plan, may_be_called, plan

LOCAL = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Plan(60, 10, LOCAL)),
        ({"PORT": "8123", "DURATION": "5", "USERS": "2"}, Plan(5, 2, "http://127.0.0.1:8123")),
        ({"PORT": "", "DURATION": "", "USERS": "", "HOST": ""}, Plan(60, 10, "http://127.0.0.1:8000")),
        ({"HOST": "http://localhost:9000/", "PORT": "8123"}, Plan(60, 10, "http://localhost:9000")),
        ({"HOST": "https://bid.example/api", "CONFIRM": "yes"}, Plan(60, 10, "https://bid.example/api")),
        ({"SEED": "9", "WEB": "8089", "CURVE": "weekly"}, Plan(60, 10, LOCAL, web_port=8089, is_weekly=True, seed=9)),
    ],
)
def test_the_plan_is_read_from_the_environment(environ: dict[str, str], expected: Plan) -> None:
    assert plan(environ | {"EVENTS": "no"}) == expected


def test_events_are_watched_only_for_the_bidder_of_this_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert plan({}).settings is None
    with pytest.raises(BadPlan, match="EVENTS=local: there is no"):
        plan({"EVENTS": "local"})

    SETTINGS.parent.mkdir()
    SETTINGS.write_text("A=b")

    assert plan({}).settings == plan({"EVENTS": "local", "HOST": "http://127.0.0.1:1"}).settings == SETTINGS
    assert plan({"EVENTS": "no"}).settings is plan({"HOST": "http://127.0.0.1:1"}).settings is None


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"HOST": "https://bidder.example"}, "HOST=https://bidder.example: only a bidder on this machine"),
        ({"HOST": "https://bidder.example", "CONFIRM": "no"}, "with CONFIRM=yes"),
        ({"HOST": "http://bidder.example", "CONFIRM": "yes"}, "HOST=http://bidder.example"),
        ({"DURATION": "3601"}, "DURATION=3601: give a whole number from 1 to 3600"),
        ({"DURATION": "0"}, "DURATION=0"),
        ({"USERS": "201"}, "USERS=201: give a whole number from 1 to 200"),
        ({"USERS": "-1"}, "USERS=-1"),
        ({"USERS": "many"}, "USERS=many"),
        ({"SEED": "0"}, "SEED=0"),
        ({"PORT": "http"}, "PORT=http: give a whole number from 1 to 65535"),
        ({"EVENTS": "all"}, "EVENTS=all: give local"),
        ({"CURVE": "daily"}, "CURVE=daily: give weekly"),
        ({"HOST": "https://localhost:1", "CA": "no-such.pem"}, "CA=no-such.pem: give a file of certificates in PEM"),
        ({"HOST": "https://localhost:1", "SSL_CERT_FILE": __file__}, "SSL_CERT_FILE=.*: give a file of certificates"),
        ({"REPLAY": "no-such-file"}, "REPLAY=no-such-file: there is no such file"),
    ],
)
def test_runs_without_limits_or_against_other_hosts_are_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(BadPlan, match=message):
        plan(environ)


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("http://127.0.0.1:8000/e/win/t", "http://127.0.0.1:8000", True),
        ("http://localhost:8000/e/win/t", "http://127.0.0.1:8000", True),
        ("https://bid.example/e/win/t", "http://127.0.0.1:8000", False),
        ("https://bid.example/api/e/win/t", "https://bid.example/api", True),
        ("https://ads.example/e/win/t", "https://bid.example/api", False),
        ("http://bid.example/e/win/t", "https://bid.example/api", False),
    ],
)
def test_only_notices_of_the_bidder_under_load_are_called(url: str, host: str, expected: bool) -> None:
    assert may_be_called(url, host) is expected
