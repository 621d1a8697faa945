"""Crawlers that say in their user agent that they are crawlers.

`crawlers.txt` has a regular expression a line: the list of the package `crawler-user-agents` (MIT licence), as
`python -m tools.crawlers` writes it.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

_LONGEST = 512


_LIBRARY = re.compile(
    r"(aiohttp|apache-httpclient|axios|curl|faraday|go-http-client|got|guzzlehttp|httpx|java|libcurl|libwww-perl|lua-resty"
    r"-http|node-fetch|okhttp|php|python|python-httpx|python-requests|python-urllib|reqwest|ruby|undici|wget)\b[^(]*$",
    re.IGNORECASE,
)


def is_crawler(user_agent: str | None) -> bool:
    """Whether a known crawler calls itself this; who says nothing is none.

    A bare HTTP library is none either, though the list has some: servers that insert ads report with one.
    """
    return bool(user_agent) and not _LIBRARY.match(str(user_agent)) and _known(str(user_agent)[:_LONGEST])


@lru_cache(maxsize=1024)  # measured: a search takes a third of a millisecond, and an ad's viewer reports ten events
def _known(user_agent: str) -> bool:
    return _pattern().search(user_agent) is not None


@cache
def _pattern() -> re.Pattern[str]:
    lines = Path(__file__).with_name("crawlers.txt").read_text().splitlines()
    return re.compile("|".join(f"(?:{line})" for line in lines if line and not line.startswith("#")))
