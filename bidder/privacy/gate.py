"""What of a request may be used. All that decides or answers stands behind this gate."""

from typing import Any

from bidder.openrtb.base import Object
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.device import Device
from bidder.openrtb.geo import Geo
from bidder.openrtb.site import Site
from bidder.openrtb.user import User
from bidder.privacy.restriction import restriction


def _all_but(model: type[Object], *kept: str) -> dict[str, Any]:
    """What empties a model of all but these fields: one that it gains later goes too, until it is named here."""
    return {name: field.get_default() for name, field in model.model_fields.items() if name not in kept}


_DEVICE = _all_but(
    Device,
    *("dnt", "lmt", "ext", "ua", "sua", "devicetype", "make", "model", "os", "osv", "hwv", "h", "w", "pxratio", "js"),
    *("language", "langb", "carrier", "mccmnc", "connectiontype"),
)
_USER = _all_but(User)
_GEO = _all_but(Geo, "country", "region", "utcoffset")


def permitted(request: BidRequest) -> BidRequest:
    """The request where all its privacy signals allow, else what is left of it for contextual bidding.

    That is without ids, segments and all else about the user, without IP address and advertising id, with no more of
    the place than country, region and time zone, and with page addresses up to their query. `regs` stays.
    """
    if restriction(request) is None:
        return request
    return request.model_copy(
        update={"device": _device(request.device), "user": _user(request.user), "site": _site(request.site)}
    )


def _device(device: Device | None) -> Device | None:
    return device and device.model_copy(update={**_DEVICE, "geo": _geo(device.geo)})


def _user(user: User | None) -> User | None:
    return user and user.model_copy(update={**_USER, "geo": _geo(user.geo)})


def _geo(geo: Geo | None) -> Geo | None:
    return geo and geo.model_copy(update=_GEO)


def _site(site: Site | None) -> Site | None:
    """Addresses may carry an id in their query, and what was searched for is the user's."""
    return site and site.model_copy(
        update={"page": _without_query(site.page), "ref": _without_query(site.ref), "search": None}
    )


def _without_query(url: str | None) -> str | None:
    return url and url.split("?", 1)[0].split("#", 1)[0]
