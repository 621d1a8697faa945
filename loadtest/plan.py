"""What a load test runs, as its environment asks."""

from collections.abc import Mapping
from typing import NamedTuple

from loadtest.notices import is_loopback


class Plan(NamedTuple):
    """What to run: seconds, users, and the bidder's address."""

    duration: int
    users: int
    host: str


class BadPlan(ValueError):
    """The environment asks for a run that isn't made; the message says what is allowed."""


def plan(environ: Mapping[str, str]) -> Plan:
    """The run that DURATION, USERS and HOST, or PORT, ask for. Raises BadPlan."""
    host = environ.get("HOST") or f"http://127.0.0.1:{environ.get('PORT') or 8000}"
    if not is_loopback(host):
        msg = f"HOST={host}: only a bidder on this machine is put under load, such as http://127.0.0.1:8000"
        raise BadPlan(msg)
    return Plan(_bounded(environ, "DURATION", 60, 3600), _bounded(environ, "USERS", 10, 200), host.rstrip("/"))


def _bounded(environ: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        msg = f"{name}={text}: give a whole number from 1 to {most}"
        raise BadPlan(msg)
    return int(text)
