"""Authentication of operators: a bearer token (RFC 6750) that equals the parameter `admin-key`."""

from collections.abc import Mapping
from hmac import compare_digest

from bidder.endpoints.reply import Reply, error
from bidder.service.service import Service

SCHEME = "bearer "


def refuse_unauthorized(service: Service, headers: Mapping[str, str]) -> Reply | None:
    """401 without a token, 403 with a wrong one, None with the right one. Header names are in lower case."""
    authorization = headers.get("authorization", "")
    path = f"{service.settings.parameters}/admin-key"
    if not authorization.lower().startswith(SCHEME):
        message = f"send the header `Authorization: Bearer <key>`; the key is in Parameter Store, {path}"
        challenge = error(401, message)
        return challenge._replace(headers={**challenge.headers, "WWW-Authenticate": "Bearer"})
    key = service.parameters.admin_key
    if key is None:
        return error(403, f"there is no {path} in Parameter Store, so nobody has access; `make deploy` makes one")
    if not compare_digest(authorization[len(SCHEME) :].strip().encode(), key.encode()):
        return error(403, f"not the key; `bidder admin-key` prints the one in Parameter Store, {path}")
    return None
