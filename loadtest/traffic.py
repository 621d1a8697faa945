"""The distributions of a load test's requests: publishers, locations and players as in exchange traffic."""

from typing import Any, NamedTuple


class Country(NamedTuple):
    """ISO 3166-1 alpha-3, the most frequent language of browsers there, and a region in the form of Geo."""

    code: str
    language: str
    region: str


# Ordered by market size; the n-th is drawn with a weight of 1/n (Zipf).
COUNTRIES = (
    Country("USA", "en", "NY"),
    Country("GBR", "en", "ENG"),
    Country("DEU", "de", "BE"),
    Country("FRA", "fr", "IDF"),
    Country("CAN", "en", "ON"),
    Country("BRA", "pt", "SP"),
    Country("JPN", "ja", "13"),
    Country("IND", "en", "MH"),
    Country("AUS", "en", "NSW"),
    Country("MEX", "es", "CMX"),
    Country("ESP", "es", "MD"),
    Country("ITA", "it", "MI"),
    Country("IDN", "id", "JK"),
    Country("BEL", "fr", "BRU"),
    Country("CHE", "de", "ZH"),
    Country("AUT", "de", "9"),
    Country("NLD", "nl", "NH"),
    Country("IRL", "en", "D"),
    Country("SWE", "sv", "AB"),
    Country("POL", "pl", "MZ"),
)

SITES = (
    ("www.ledger-daily.example", "IAB3"),
    ("startup-weekly.example", "IAB19"),
    ("thebusinesspage.example", "IAB13"),
    ("morning-bulletin.example", "IAB12"),
    ("video.morning-bulletin.example", "IAB12-2"),
    ("matchday.example", "IAB17"),
    ("slow-kitchen.example", "IAB8"),
    ("cellar-notes.example", "IAB8-18"),
    ("nachrichten-heute.example", "IAB12"),
    ("le-quotidien.example", "IAB12"),
    ("gear-and-peaks.example", "IAB17-18"),
    ("cinema-stub.example", "IAB1-5"),
)

APPS = (
    ("com.tileworks.puzzles", "Tileworks", "IAB9-30"),
    ("com.pixelforge.skyhold", "Skyhold", "IAB9-30"),
    ("1500000001", "Skyhold", "IAB9-30"),
    ("com.quickweather.daily", "Quick Weather", "IAB15-10"),
    ("1400000007", "Run Log", "IAB17"),
    ("com.clipfeed.app", "Clipfeed", "IAB1"),
)

CHANNELS = (
    ("com.northlight.tv", "Northlight TV", "IAB1-7"),
    ("B00NORTHTV", "Northlight TV", "IAB1-7"),
    ("com.arena.live", "Arena Live", "IAB17"),
    ("g1234567890", "Newsroom 24", "IAB12"),
)

DESKTOPS: tuple[dict[str, Any], ...] = (
    {
        "ua": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
        "Safari/537.36",
        "os": "Windows",
    },
    {
        "ua": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 "
        "Safari/605.1.15",
        "os": "macOS",
    },
    {"ua": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "os": "Linux"},
)

MOBILES: tuple[dict[str, Any], ...] = (
    {
        "ua": "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
        "Mobile Safari/537.36",
        "os": "Android",
        "osv": "16",
        "make": "Google",
        "model": "Pixel 9",
        "devicetype": 4,
    },
    {
        "ua": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148",
        "os": "iOS",
        "osv": "19.1",
        "make": "Apple",
        "model": "iPhone17,1",
        "devicetype": 4,
    },
    {
        "ua": "Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "os": "iOS",
        "osv": "19.1",
        "make": "Apple",
        "model": "iPad14,3",
        "devicetype": 5,
    },
)

TELEVISIONS: tuple[dict[str, Any], ...] = (
    {"ua": "Roku/DVP-14.5 (14.5.0.4205-29)", "os": "Roku OS", "make": "Roku", "model": "3941X", "devicetype": 7},
    {
        "ua": "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) 108.0.5359.1/8.0 TV "
        "Safari/537.36",
        "os": "Tizen",
        "make": "Samsung",
        "devicetype": 3,
    },
    {"ua": "AppleTV14,1/19.1", "os": "tvOS", "make": "Apple", "model": "AppleTV14,1", "devicetype": 3},
)

# The protocols that players declare (AdCOM List: Creative Subtypes). The last two have nothing newer than VAST 3.
PROTOCOLS = ([2, 3, 5, 6, 7, 8], [2, 3, 5, 6, 7, 8, 11, 12, 13, 14], [7, 11, 13], None, [2, 3, 5, 6], [2, 5])
PROTOCOL_WEIGHTS = (30, 30, 10, 15, 11, 4)

MIMES = (
    ["video/mp4"],
    ["video/mp4", "video/webm"],
    ["video/mp4", "video/webm", "application/javascript"],
    ["video/webm"],
    ["video/x-flv", "application/x-shockwave-flash"],
)
MIME_WEIGHTS = (35, 35, 20, 7, 3)

DEALS = (("premium-news-video", 9.5), ("sports-live-2026", 18.0), ("ctv-prime-2026", 20.0), ("somebody-elses", 5.0))
