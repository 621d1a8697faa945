"""`python -m bidder`, which is the command `bidder`."""

import sys


def run() -> int:
    """Runs the command line of this process. Returns its exit status."""
    try:
        from bidder.cli.main import main  # here, so that Ctrl-C during the import ends in a line as well
    except KeyboardInterrupt:
        print("interrupted: nothing was changed", file=sys.stderr)
        return 130
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
