"""The table of routes: the endpoint of each path and method. All entrances share the table.

Each route imports its endpoint when it is called, except `POST /bid`: a cold start imports only what a bid needs.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bidder import log
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply, add_cors, cors, error
from bidder.entrances.web_request import WebRequest
from bidder.service.service import Service

if TYPE_CHECKING:
    from bidder.endpoints.tag_call import TagCall

Route = Callable[[Service, WebRequest], Reply]


def answer(service: Service, request: WebRequest) -> Reply:
    """The reply of the request's route, with CORS headers for pages of any origin.

    The status is 404 for an unknown path, 405 for a method that the path does not have, and 500 for a logged exception.
    """
    try:
        reply = _reply(service, request)
    except Exception:  # the caller gets an answer for any exception; the answer must not quote the request
        log.fault("request.failed", method=request.method)
        reply = error(500, "a fault of the bidder: its log has the event request.failed")
    origin = request.headers.get("origin")
    return reply._replace(headers={**cors(origin), **reply.headers}) if origin else reply


def _reply(service: Service, request: WebRequest) -> Reply:
    methods = _methods(request.path)
    if methods is None:
        return error(404, "no such path; docs/http/README.md lists the paths")
    route = methods.get(request.method)
    if route is None:
        refused = error(405, f"{request.path} allows only {', '.join(methods)}")
        return refused._replace(headers={**refused.headers, "Allow": ", ".join(methods)})
    return route(service, request)


def _methods(path: str) -> dict[str, Route] | None:
    """The routes of a path by method, or None if there is no such path."""
    known = ROUTES.get(path)
    if known is not None:
        return known
    match path.split("/"):
        case ["", "e", kind, token] if kind and token:
            event: Route = partial(get_event, kind=unquote(kind), token=unquote(token))
            return {"GET": event, "POST": event, "HEAD": event, "OPTIONS": preflight}
        case ["", "demo", name] if name:
            return {"GET": partial(get_demo_part, name=unquote(name))}
    return None


def post_bid(service: Service, request: WebRequest) -> Reply:
    """POST /bid."""
    return bid(service, _call(request))


def _call(request: WebRequest) -> Call:
    return Call(
        request.body,
        request.headers,
        request.base_url,
        request.now(),
        request.parameter("exchange"),
        nbr=request.parameter("nbr") == "1",
        waited_ms=request.waited_ms,
        address=request.address,
    )


def preflight(_service: Service, request: WebRequest) -> Reply:
    """OPTIONS of a path that pages of other origins call: the CORS preflight."""
    return add_cors(Reply(204), request.headers.get("origin"))


def get_vast(service: Service, request: WebRequest) -> Reply:
    """GET /vast."""
    from bidder.endpoints import ad_tag

    return ad_tag.vast(service, _tag_call(request))


def get_vmap(service: Service, request: WebRequest) -> Reply:
    """GET /vmap."""
    from bidder.endpoints import vmap

    return vmap.schedule(service, _tag_call(request))


def _tag_call(request: WebRequest) -> "TagCall":
    from bidder.endpoints.tag_call import TagCall

    unique_id = os.urandom(12).hex()
    return TagCall(
        request.query,
        request.headers,
        request.address,
        request.base_url,
        request.now(),
        unique_id,
        request.waited_ms,
    )


def post_explain(service: Service, request: WebRequest) -> Reply:
    """POST /explain."""
    from bidder.endpoints import explain

    return explain.answer(service, _call(request), request.parameter("campaign"))


def get_explain(service: Service, request: WebRequest) -> Reply:
    """GET /explain."""
    from bidder.endpoints import ad_tag_debug

    return ad_tag_debug.explain_ad_tag(service, _tag_call(request), request.parameter("campaign"))


def get_event(service: Service, request: WebRequest, kind: str, token: str) -> Reply:
    """GET, POST or HEAD /e/{kind}/{token}."""
    from bidder.endpoints import notice
    from bidder.endpoints.sender import sender

    query = {name: values[-1] for name, values in request.query.items()}
    caller = sender(request.headers, request.address)
    if kind == "win" and request.method == "GET":
        from bidder.endpoints.markup_of_win import Fetch, win

        return win(service, Fetch(token, query, request.headers, caller, request.base_url, request.now()))
    return notice.notice(service, kind, token, query, caller, request.now(), is_counted=request.method != "HEAD")


def post_events(service: Service, request: WebRequest) -> Reply:
    """POST /e."""
    from bidder.endpoints import notices
    from bidder.endpoints.sender import sender

    return notices.notices(service, request.body, sender(request.headers, request.address), request.now())


def get_player_file(_service: Service, request: WebRequest) -> Reply:
    """GET or HEAD /player.js, /player.mjs; GET /player.d.ts."""
    from bidder.endpoints import web_files

    return web_files.player_file(request.path.removeprefix("/"), request.headers, request.parameter("v"))


def get_demo(service: Service, request: WebRequest) -> Reply:
    """GET /demo."""
    from bidder.endpoints import demo

    return demo.page(service.settings.demo, request.headers)


def get_demo_part(service: Service, request: WebRequest, name: str) -> Reply:
    """GET /demo/{name}."""
    from bidder.endpoints import demo

    return demo.part(service, name, request.headers, request.now())


def post_demo_explain(service: Service, request: WebRequest) -> Reply:
    """POST /demo/explain."""
    from bidder.endpoints import demo

    return demo.explain_answer(service, _call(request))


def get_health(service: Service, request: WebRequest) -> Reply:
    """GET /health."""
    from bidder.endpoints import health

    return health.health(service, request.now())


_FILE: dict[str, Route] = {"GET": get_player_file, "HEAD": get_player_file}

ROUTES: dict[str, dict[str, Route]] = {
    "/bid": {"POST": post_bid, "OPTIONS": preflight},
    "/vast": {"GET": get_vast, "OPTIONS": preflight},
    "/vmap": {"GET": get_vmap, "OPTIONS": preflight},
    "/explain": {"GET": get_explain, "POST": post_explain},
    "/e": {"POST": post_events, "OPTIONS": preflight},
    "/player.js": _FILE,
    "/player.mjs": _FILE,
    "/player.d.ts": {"GET": get_player_file},
    "/demo": {"GET": get_demo},
    "/demo/explain": {"POST": post_demo_explain},
    "/health": {"GET": get_health},
}
"""The routes by path and method. `/e/{kind}/{token}` and `/demo/{name}` are matched by `answer`."""
