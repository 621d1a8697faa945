"""`python -m bidder`, which is the command `bidder`."""

import sys
from io import TextIOWrapper


def run() -> int:
    """Runs the command line of this process. Returns its exit status."""
    try:
        from bidder.cli.main import main  # here, so that Ctrl-C during the import ends in a line as well
    except KeyboardInterrupt:
        print("interrupted: nothing was changed", file=sys.stderr)
        return 130
    # What a stored name or a terminal's encoding can't say is escaped, as standard error does it.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
