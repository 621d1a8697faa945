"""`python -m bidder`."""

import sys

from bidder.cli.main import main

sys.exit(main(sys.argv[1:]))
