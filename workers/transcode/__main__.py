"""`python -m workers.transcode`: see `workers.transcode.worker`."""

import sys

from workers.transcode.worker import main

sys.exit(main())
