"""The documented table of environment variables has each setting, and marks exactly the required ones."""

import re
from pathlib import Path

from bidder.settings import PREFIX, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "environment.md").read_text()


def test_each_setting_has_a_row() -> None:
    rows = dict(re.findall(r"^\| `(BIDDER_\w+)` \| (yes|no)", PAGE, re.MULTILINE))
    assert rows == {
        PREFIX + name.upper(): "yes" if field.is_required() else "no" for name, field in Settings.model_fields.items()
    }
