"""The one error that reading a request can end in."""

from collections.abc import Sequence

from bidder.errors import UserError

Fault = tuple[str, str]
"""A JSON path such as `imp[0].video.mimes`, and what is wrong there."""


class InvalidRequest(UserError, ValueError):
    """A request that the standard calls invalid: `fields` has each wrong field's path and what is wrong with it.

    The text is safe to answer with: it repeats none of what was sent but the names of the fields.
    """

    def __init__(self, fields: Sequence[Fault]) -> None:
        self.fields = list(fields)
        super().__init__("; ".join(f"{path}: {message}" for path, message in fields))
