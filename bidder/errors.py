"""The base class of errors whose message is for the user of a command: the fault and the remedy."""

_LONGEST_NAME = 100


class UserError(Exception):
    """An error of the user. The command line prints its message and ends with `exit_status`."""

    exit_status = 1


def shown(name: str) -> str:
    """A name that the user gave, for a message of one line: in quotes if it is empty, long or has blanks."""
    if name and name.isprintable() and " " not in name and len(name) <= _LONGEST_NAME:
        return name
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")
