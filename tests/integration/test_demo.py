"""The demo page in a browser, with canned answers: its layout, its accessibility, and its words for mistakes."""

import json
import subprocess
from typing import Any

import pytest

from tests.integration.npm_clients import Browser
from tools import ROOT
from tools.processes import local_environment


@pytest.fixture(scope="module")
def demo(browser: Browser) -> Any:
    """What `tests/clients/demo.mjs` observed on the page."""
    command = ["node", "demo.mjs", browser.chromium, str(ROOT / "bidder" / "web")]
    process = subprocess.run(  # noqa: S603  programs of the tests
        command, cwd=browser.folder, env=local_environment(), capture_output=True, text=True, timeout=180, check=False
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_no_screen_cuts_text_off_or_breaks_wcag_2_2_aa(demo: Any) -> None:
    """With a campaign name of 198 letters, a name from right to left, and all details open."""
    faults = {
        (state, screen): violations for state in ("empty", "played") for screen, violations in demo[state].items()
    }

    assert len(faults) == 12
    assert {where: violations for where, violations in faults.items() if violations} == {}


def test_fields_that_are_no_json_object_are_refused_and_request_nothing(demo: Any) -> None:
    assert [words.partition(":")[0] for words in demo["wrong"].values()] == [
        'This is JSON, but not an object of OpenRTB fields such as {"device"',
        'This is JSON, but not an object of OpenRTB fields such as {"device"',
        "This is not JSON",
    ]
    assert demo["unasked"] == "None yet."


def test_the_tag_has_the_country_of_the_fields_and_reset_restores_both(demo: Any) -> None:
    assert (demo["changed"], demo["reset"]) == (True, True)


def test_the_film_has_the_focus_after_the_play_button_is_hidden(demo: Any) -> None:
    assert demo["focus"] == "film"


def test_a_reason_repeats_no_value(demo: Any) -> None:
    assert demo["reasons"] == ["country is usa; it takes gbr", "pacing: required less than 0 %, seen 16 %"]


def test_an_empty_log_says_so(demo: Any) -> None:
    assert (demo["none"], demo["cleared"]) == ("None yet.", "None yet.")


def test_every_player_reports_a_bidder_that_does_not_answer(demo: Any) -> None:
    assert set(demo["stopped"]) == {"post", "tag", "vast"}
    assert all(shown == ["error", "The bidder does not answer."] for shown in demo["stopped"].values())
    assert demo["faults"] == []
