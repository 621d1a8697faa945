"""The plan of a load test, read from environment variables."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from loadtest.notices import is_loopback
from loadtest.tls import tls_context

SETTINGS = Path(".local/env")
"""The settings of `make run`, relative to the checkout, which `make loadtest` starts in."""
CA_VARIABLES = ("CA", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""The variables that name a file of trusted certificates. The first that is set is used, as curl and requests do."""


class Plan(NamedTuple):
    """The plan of a run: seconds, users, and the bidder's address.

    `report` is the file of the HTML report. `web_port` is the port of locust's own page; 0 is none. With `is_weekly`
    the rate follows a week's curve. `replay` is a file of requests, JSON Lines, that are sent in place of drawn ones.
    One answer with bids in `check_every` is held to the published schemas. Requests are drawn from `seed`.
    `settings` is the file of the settings of `make run`, whose topic of events is watched; None watches no topic.
    `arrival` are the seconds that an event may take to that topic after the load. `ca` is a PEM file of the trusted
    certificates of an https bidder; None trusts the public authorities.
    """

    duration: int
    users: int
    host: str
    report: Path | None = None
    web_port: int = 0
    is_weekly: bool = False
    replay: Path | None = None
    check_every: int = 10
    seed: int = 1
    settings: Path | None = None
    arrival: int = 60
    ca: Path | None = None


class BadPlan(ValueError):
    """The environment variables are invalid. The message says what is allowed."""


def plan(environ: Mapping[str, str]) -> Plan:
    """The plan by the environment variables DURATION, USERS, HOST or PORT, and others. Raises BadPlan.

    A bidder on another machine needs CONFIRM=yes, since it bills its bids.
    """
    host = environ.get("HOST") or f"http://127.0.0.1:{_read_number(environ, 'PORT', 8000, 65535)}"
    if not may_be_loaded(host, environ):
        msg = (
            f"HOST={host}: only a bidder on this machine gets load, such as http://127.0.0.1:8000. "
            "A deployed bidder gets load only over https and with CONFIRM=yes"
        )
        raise BadPlan(msg)
    curve = environ.get("CURVE") or ""
    if curve not in {"", "weekly"}:
        msg = f"CURVE={curve}: give weekly, or nothing for a steady rate"
        raise BadPlan(msg)
    replay = Path(environ["REPLAY"]) if environ.get("REPLAY") else None
    if replay is not None and not replay.is_file():
        msg = f"REPLAY={replay}: there is no such file of requests, one JSON document a line"
        raise BadPlan(msg)
    events = environ.get("EVENTS") or ("local" if SETTINGS.is_file() and not environ.get("HOST") else "no")
    if events not in {"local", "no"}:
        msg = f"EVENTS={events}: give local, to look for each event on the topic of `make run`, or no"
        raise BadPlan(msg)
    if events == "local" and not SETTINGS.is_file():
        msg = f"EVENTS=local: there is no {SETTINGS}; `make run` writes it"
        raise BadPlan(msg)
    return Plan(
        _read_number(environ, "DURATION", 60, 3600),
        _read_number(environ, "USERS", 10, 200),
        host.rstrip("/"),
        report=Path(environ["REPORT"]) if environ.get("REPORT") else None,
        web_port=_read_number(environ, "WEB", 8089, 65535) if environ.get("WEB") else 0,
        is_weekly=curve == "weekly",
        replay=replay,
        check_every=_read_number(environ, "CHECK_EVERY", 10, 1_000_000),
        seed=_read_number(environ, "SEED", 1, 1_000_000_000),
        settings=SETTINGS if events == "local" else None,
        arrival=_read_number(environ, "ARRIVAL", 60, 600),
        ca=_read_ca(environ) if host.startswith("https://") else None,
    )


def may_be_loaded(host: str, environ: Mapping[str, str]) -> bool:
    """Whether a load test may be sent to the bidder at this address."""
    return is_loopback(host) or (host.startswith("https://") and environ.get("CONFIRM") == "yes")


def may_be_called(url: str, host: str) -> bool:
    """Whether a notice's URL belongs to the tested bidder: on this machine, or at its host."""
    return is_loopback(url) if is_loopback(host) else urlsplit(url)[:2] == urlsplit(host)[:2]


def _read_ca(environ: Mapping[str, str]) -> Path | None:
    name = next((name for name in CA_VARIABLES if environ.get(name)), None)
    if name is None:
        return None
    path = Path(environ[name])
    try:
        tls_context(path)
    except OSError as error:
        msg = f"{name}={path}: give a file of certificates in PEM ({error.strerror or error})"
        raise BadPlan(msg) from None
    return path


def _read_number(environ: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= maximum:
        msg = f"{name}={text}: give a whole number from 1 to {maximum}"
        raise BadPlan(msg)
    return int(text)
