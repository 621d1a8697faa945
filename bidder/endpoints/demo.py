"""GET /demo: a page that plays ads and shows request, bid and pixels; in the mode `full` also reasons and spend."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bidder.endpoints.call import Call
from bidder.endpoints.reply import JSON, Reply, error
from bidder.endpoints.web_files import demo_file
from bidder.service.service import Service

FILES = ("demo.js", "demo.css")
PLAYERS = {"players.js": "text/javascript; charset=utf-8", "players.css": "text/css; charset=utf-8"}
MAX_CAMPAIGNS = 100
"""The most campaigns whose spend is shown."""
_HOW = "deploy with PARAMETERS=Demo=page, or set BIDDER_DEMO; `make run` has it on"


def page(demo: str, headers: Mapping[str, str]) -> Reply:
    """200 with the page, 404 if the stack has no demo."""
    return _absent() if demo == "off" else demo_file("demo.html", headers)


def part(service: Service, name: str, headers: Mapping[str, str], now: datetime) -> Reply:
    """200 with a file of the page, with its configuration, or with the spend of campaigns; 404 for all else."""
    settings = service.settings
    if settings.demo == "off":
        return _absent()
    if name in FILES:
        return demo_file(name, headers)
    if name == "config":
        players = settings.demo_players is not None
        config = {"full": settings.demo == "full", "media": settings.media_url, "players": players}
        return Reply(200, json.dumps(config), JSON)
    if name in PLAYERS and settings.demo_players:
        return Reply(200, (Path(settings.demo_players) / name).read_text(encoding="utf-8"), PLAYERS[name])
    if name == "spend" and settings.demo == "full":
        return Reply(200, json.dumps(_spend(service, now)), JSON)
    return error(404, "the demo has no such part")


def explain_answer(service: Service, call: Call) -> Reply:
    """The answer of `POST /explain` without the admin key; 404 unless the stack has the full demo."""
    if service.settings.demo != "full":
        return _absent()
    from bidder.endpoints import explain

    return explain.answer_without_key(service, call)


def _spend(service: Service, now: datetime) -> dict[str, dict[str, object]]:
    """The name of each of the first campaigns of the snapshot, and its spend in all and today (UTC), in micros."""
    snapshot = service.keeper.current(now)
    if snapshot is None:
        return {}
    index = snapshot.index
    names = {campaign.id: campaign.name for campaign in map(index.campaign, range(min(len(index), MAX_CAMPAIGNS)))}
    spends = service.ledger.spends(dict.fromkeys(names, now))
    return {
        name: {"name": names[name], "total_micros": spend.total_micros, "today_micros": spend.today_micros}
        for name, spend in spends.items()
    }


def _absent() -> Reply:
    return error(404, f"there is no demo here: {_HOW}")
