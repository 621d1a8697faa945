"""`python -m tools.crawlers`: writes bidder/events/crawlers.txt from the pinned package crawler-user-agents."""

import json
import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

LIST = Path(__file__).parents[1] / "bidder" / "events" / "crawlers.txt"
PACKAGE = "crawler-user-agents"
EXCEPT = frozenset(
    {
        *("Python-urllib", "python-requests", "aiohttp", "httpx", "libwww-perl", "Go-http-client", "okhttp", "axios"),
        *(
            "^Apache-HttpClient",
            "Jetty",
            "http_get",
            "HttpUrlConnection",
            "^curl",
            "node-fetch",
            "[wW]get",
            r"^HTTPie\/",
        ),
        *(
            "python-opengraph",
            r"sindresorhus\/got",
            "Amazon CloudFront",
            "WhatsApp",
            "Viber",
            r"WordPress\/",
            r"^Silk\/",
            r"008\/",
        ),
        r"AP3A\.240617\.008",
    }
)
"""Patterns that are left out: libraries of ad-insertion servers and players, a proxy network, apps with a browser, and
texts that are versions of phones.
"""


def literal(pattern: str) -> str | None:
    """The only text that a regular expression matches, or None if it matches several texts."""
    text = re.sub(r"\\([^A-Za-z0-9])", "", pattern)
    return None if re.search(r"[\\.^$*+?{}\[\]|()]", text) else re.sub(r"\\(.)", r"\1", pattern)


def contents() -> str:
    """The text of the file: a rule in each line, in the order of the package."""
    listed = json.loads((files("crawleruseragents") / "crawler-user-agents.json").read_text())
    patterns = [entry["pattern"] for entry in listed if entry["pattern"] not in EXCEPT]
    head = f"# {PACKAGE} {version(PACKAGE)} (MIT), github.com/monperrus/crawler-user-agents; by tools/crawlers.py"
    rules = [f"~{pattern}" if (text := literal(pattern)) is None else f"={text}" for pattern in patterns]
    return "\n".join([head, *rules]) + "\n"


if __name__ == "__main__":
    LIST.write_text(contents())
