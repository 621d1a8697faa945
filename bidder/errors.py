"""Errors whose message is for the person who runs a command: it says what is wrong and what to do."""


class UserError(Exception):
    """The command line prints the message in one line and ends with `exit_status`."""

    exit_status = 1
