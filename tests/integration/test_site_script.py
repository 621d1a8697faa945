"""The script of the built docs in a browser: a keyboard reaches each box that scrolls, and screen readers get names."""

import json
import subprocess

from tests.integration.npm_clients import Browser
from tools import ROOT
from tools.processes import local_environment


def test_each_box_that_scrolls_has_a_tab_stop(browser: Browser) -> None:
    command = ["node", "site.mjs", browser.chromium, str(ROOT / "docs" / "site.js")]
    process = subprocess.run(  # noqa: S603  programs of the tests
        command, cwd=browser.folder, env=local_environment(), capture_output=True, text=True, timeout=60, check=False
    )

    assert process.returncode == 0, process.stderr
    observed = json.loads(process.stdout)
    assert observed["stops"] == {"360": ["table", "code", "later"], "1600": []}
    assert observed["violations"] == {"360": [], "1600": []}
