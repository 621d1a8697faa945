"""`python -m bidder`, which is the command `bidder`."""

import sys
from io import TextIOWrapper


def run() -> int:
    """Runs the command line of this process. Returns its exit status."""
    try:
        from bidder.cli.main import main  # imported here, so that Ctrl-C during the import prints no traceback
    except KeyboardInterrupt:
        print("interrupted: nothing was changed", file=sys.stderr)
        return 130
    # Characters that the terminal's encoding lacks are escaped, as on standard error.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
