"""Answers are validated by the published schemas of OpenRTB and VAST."""

import json
from typing import Any

import pytest

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from loadtest.standards import check_standards
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service


def answer() -> dict[str, Any]:
    body = json.dumps(video_request()).encode()
    reply = bid(service(compile_snapshot([campaign()])), Call(body, {}, "https://bid.example", NOW))
    return dict(json.loads(reply.body))


def test_a_valid_answer_passes() -> None:
    check_standards(answer())


def test_an_answer_that_violates_a_standard_is_reported() -> None:
    wrong, markup = answer(), answer()
    wrong["seatbid"][0]["bid"][0]["price"] = "12"
    markup["seatbid"][0]["bid"][0]["adm"] = '<VAST version="4.2"><Ad><InLine/></Ad></VAST>'

    with pytest.raises(ValueError, match=r"not OpenRTB 2\.6: .*price"):
        check_standards(wrong)
    with pytest.raises(ValueError, match="is not VAST"):
        check_standards(markup)
