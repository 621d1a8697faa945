"""The base class of errors whose message is for the user of a command: the fault and the remedy."""


class UserError(Exception):
    """An error of the user. The command line prints its message and ends with `exit_status`."""

    exit_status = 1
