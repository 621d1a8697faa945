"""`python -m tools.crawlers`: writes bidder/events/crawlers.txt anew, out of the pinned package crawler-user-agents."""

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

LIST = Path(__file__).parents[1] / "bidder" / "events" / "crawlers.txt"
PACKAGE = "crawler-user-agents"
EXCEPT = frozenset({r"^Apache-HttpClient", "okhttp", r"^Silk\/"})
"""Libraries and browsers that players are made with: Fire TV's, and those of television apps."""


def contents() -> str:
    """The file, a pattern a line in the package's order."""
    listed = json.loads((files("crawleruseragents") / "crawler-user-agents.json").read_text())
    patterns = [entry["pattern"] for entry in listed if entry["pattern"] not in EXCEPT]
    head = f"# {PACKAGE} {version(PACKAGE)} (MIT), github.com/monperrus/crawler-user-agents; by tools/crawlers.py"
    return "\n".join([head, *patterns]) + "\n"


if __name__ == "__main__":
    LIST.write_text(contents())
