"""The command line in an AWS account of moto."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from bidder.cli.main import main
from bidder.cli.session import Session
from tests.support.account import Account, mocked_account


class Called(NamedTuple):
    """What a call of the command line came to."""

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
    """Calls the command line in the account, each time in a new process as far as the service goes."""

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        status = main(arguments, Session(account.service))
        return Called(status, *capsys.readouterr())

    return call
