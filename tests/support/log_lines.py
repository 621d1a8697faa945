"""The structured log lines of a test."""

import json
from typing import Any

import pytest


def logged_lines(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    """The log lines of the event `name`. Threads of other tests may log other events."""
    entries = [json.loads(record.getMessage()) for record in caplog.records]
    return [entry for entry in entries if entry["event"] == name]
