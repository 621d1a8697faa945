"""The demo exists only if it is enabled, and shows operators' data only in the mode `full`."""

import json
from pathlib import Path

import pytest

from bidder.endpoints import demo
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import SETTINGS, service


def replies(mode: str) -> dict[str, Reply]:
    bidder_service = service(compile_snapshot([campaign()]))
    bidder_service.settings = SETTINGS.model_copy(update={"demo": mode})
    body = json.dumps(video_request()).encode()
    return {
        "page": demo.page(bidder_service.settings.demo, {}),
        "config": demo.part(bidder_service, "config", {}, NOW),
        "explain": demo.explain_answer(bidder_service, Call(body, {}, "https://bid.example", NOW)),
        "unknown": demo.part(bidder_service, "secrets", {}, NOW),
    }


@pytest.mark.parametrize(
    ("mode", "statuses"), [("off", (404, 404, 404)), ("page", (200, 200, 404)), ("full", (200, 200, 200))]
)
def test_the_pages_of_each_demo_mode(mode: str, statuses: tuple[int, ...]) -> None:
    answers = replies(mode)

    assert tuple(answers[name].status for name in ("page", "config", "explain")) == statuses
    assert answers["unknown"].status == 404


def test_the_mode_page_does_not_show_spend() -> None:
    bidder_service = service(compile_snapshot([campaign()]))
    bidder_service.settings = SETTINGS.model_copy(update={"demo": "page"})

    assert demo.part(bidder_service, "spend", {}, NOW).status == 404


def test_the_mode_full_explains_without_a_key() -> None:
    assert json.loads(replies("full")["explain"].body)["imp"]


def test_bundles_of_other_players_are_served_from_the_configured_folder(tmp_path: Path) -> None:
    (tmp_path / "players.js").write_text("window.demoPlayers = {}")
    bidder_service = service(compile_snapshot([campaign()]))
    bidder_service.settings = SETTINGS.model_copy(update={"demo": "page"})
    assert demo.part(bidder_service, "players.js", {}, NOW).status == 404

    bidder_service.settings = SETTINGS.model_copy(update={"demo": "page", "demo_players": str(tmp_path)})
    assert demo.part(bidder_service, "players.js", {}, NOW).body == "window.demoPlayers = {}"
    assert json.loads(demo.part(bidder_service, "config", {}, NOW).body)["players"]
