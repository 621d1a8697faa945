"""The error for an invalid request."""

from collections.abc import Sequence

from bidder.errors import UserError

Fault = tuple[str, str]
"""A JSON path such as `imp[0].video.mimes`, and the fault of its value."""


class InvalidRequest(UserError, ValueError):
    """A request that the standard calls invalid: `fields` has the path of each wrong field and the reason.

    The text repeats nothing of the request but the names of fields, so a response may contain it.
    """

    def __init__(self, fields: Sequence[Fault]) -> None:
        self.fields = list(fields)
        super().__init__("; ".join(f"{path}: {message}" for path, message in fields))
