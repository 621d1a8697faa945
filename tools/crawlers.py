"""`python -m tools.crawlers`: writes bidder/events/crawlers.txt from the pinned package crawler-user-agents."""

import json
import re
import re._parser as parser  # type: ignore[import-not-found]  # Python has no public parser of expressions
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


_BEGINS_A_WORD = re.compile("[A-Za-z0-9].")


def literal(pattern: str) -> str | None:
    """The only text that a regular expression matches, or None if it matches several texts."""
    text = re.sub(r"\\([^A-Za-z0-9])", "", pattern)
    return None if re.search(r"[\\.^$*+?{}\[\]|()]", text) else re.sub(r"\\(.)", r"\1", pattern)


def alternatives(pattern: str) -> list[str]:
    """The patterns of which a regular expression matches any: its parts between the bars outside of brackets."""
    for bar in (match.start() for match in re.finditer(r"\|", pattern)):
        try:
            re.compile(pattern[:bar])
        except re.error:  # the bar is in brackets
            continue
        return [pattern[:bar], *alternatives(pattern[bar + 1 :])]
    return [pattern]


def required_text(pattern: str) -> str:
    """The longest text that all matches of a regular expression contain, by its parts outside of brackets."""
    if re.compile(pattern).flags & re.IGNORECASE:
        return ""
    texts = [""]
    for operator, operand in parser.parse(pattern):
        if operator is parser.LITERAL:
            texts[-1] += chr(operand)
        else:
            texts.append("")
    return max(texts, key=len)


def contents() -> str:
    """The text of the file: the rules of the package in the blocks that `bidder.events.crawlers` reads."""
    document = json.loads((files("crawleruseragents") / "crawler-user-agents.json").read_text())
    patterns = [entry["pattern"] for entry in document if entry["pattern"] not in EXCEPT]
    head = f"# {PACKAGE} {version(PACKAGE)} (MIT), github.com/monperrus/crawler-user-agents; by tools/crawlers.py"
    texts = [text for pattern in patterns if (text := literal(pattern)) is not None]
    parts = [part for pattern in patterns if literal(pattern) is None for part in alternatives(pattern)]
    blocks = (
        [head],
        sorted(text for text in texts if _BEGINS_A_WORD.match(text)),
        [text for text in texts if not _BEGINS_A_WORD.match(text)],
        [f"{required_text(part)}\t{part}" for part in parts],
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


if __name__ == "__main__":
    LIST.write_text(contents())
