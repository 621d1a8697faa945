"""The base class of errors whose message is for the user of a command: it says what is wrong and what to do."""


class UserError(Exception):
    """An error of the user. The command line prints its message and ends with `exit_status`."""

    exit_status = 1
