"""The plan of a load test, from the environment."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from loadtest.notices import is_loopback


class Plan(NamedTuple):
    """What to run: seconds, users, and the bidder's address."""

    duration: int
    users: int
    host: str


class BadPlan(ValueError):
    """The environment asks for a run that isn't made; the message says what is allowed."""


def plan(environ: Mapping[str, str]) -> Plan:
    """The run that DURATION, USERS and HOST, or PORT, ask for. Raises BadPlan.

    A bidder on another machine is put under load with CONFIRM=yes alone: it bills what it sells.
    """
    host = environ.get("HOST") or f"http://127.0.0.1:{environ.get('PORT') or 8000}"
    if not may_be_loaded(host, environ):
        msg = (
            f"HOST={host}: only a bidder on this machine is put under load, such as http://127.0.0.1:8000; "
            "a deployed one, over https, with CONFIRM=yes"
        )
        raise BadPlan(msg)
    return Plan(_bounded(environ, "DURATION", 60, 3600), _bounded(environ, "USERS", 10, 200), host.rstrip("/"))


def may_be_loaded(host: str, environ: Mapping[str, str]) -> bool:
    """Whether the bidder at this address may be put under load."""
    return is_loopback(host) or (host.startswith("https://") and environ.get("CONFIRM") == "yes")


def may_be_called(url: str, host: str) -> bool:
    """Whether a notice's URL is of the bidder under load: on this machine as that one, or of its host."""
    return is_loopback(url) if is_loopback(host) else urlsplit(url)[:2] == urlsplit(host)[:2]


def _bounded(environ: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        msg = f"{name}={text}: give a whole number from 1 to {most}"
        raise BadPlan(msg)
    return int(text)
