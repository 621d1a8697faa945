"""The command line in an AWS account of moto."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from bidder.cli.main import main
from bidder.cli.session import Session
from tests.support.account import Account, mocked_account


class Called(NamedTuple):
    """The result of a call of the command line."""

    status: int
    out: str
    err: str


Command = Callable[..., Called]


@pytest.fixture
def account() -> Iterator[Account]:
    with mocked_account() as result:
        yield result


@pytest.fixture
def command(account: Account, capsys: pytest.CaptureFixture[str]) -> Command:
    """Calls the command line in the account. Each call has a new service, like a new process."""

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        status = main(arguments, Session(account.service))
        return Called(status, *capsys.readouterr())

    return call
