"""Fixtures that several folders of unit tests share."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.support.upload_world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield World()
