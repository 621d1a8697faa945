"""A client that closes its connection is not an error of the server."""

import socketserver

import pytest

from tools.serve import handle_error


class Server(socketserver.BaseServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)


def report_of(error: Exception, capsys: pytest.CaptureFixture[str]) -> str:
    try:
        raise error  # noqa: TRY301  what handle_error is called amid
    except Exception:
        handle_error(Server(), None, ("127.0.0.1", 5))
    return capsys.readouterr().err


@pytest.mark.parametrize("error", [BrokenPipeError(), ConnectionResetError(), ConnectionAbortedError(), TimeoutError()])
def test_a_closed_connection_prints_no_error(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert report_of(error, capsys) == ""


def test_other_exceptions_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "KeyError: 'id'" in report_of(KeyError("id"), capsys)
