"""Measures that shorten a cold start. This module must be imported before all others."""

import gc
import json
import os
import sys
from typing import Any

BIDS = os.environ.get("_HANDLER") in {"app.app", "bidder.entrances.handler.handle"}
"""Whether this process is a Lambda function that answers bid requests, by the handler's name."""

SWITCH_INTERVAL = 0.0005
"""The seconds after which a thread that loads a snapshot gives way to a bid; Python's default is 5 ms.

With one load a second, the p99 of bids is 1.1 times the p99 without loads; at the default it is 2 times
(`loadtest.bench.freshness`, 100,000 campaigns).
"""

SNAP_START = "snap-start"
HOW = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
"""The initialization type of this environment, as Lambda names it."""

AHEAD_OF_REQUESTS = BIDS and HOW in {"provisioned-concurrency", SNAP_START}
"""Whether Lambda initializes this environment before a request arrives."""


def resume_garbage_collection() -> None:
    """Turns garbage collection on again, for objects that are made after the imports.

    A long request makes thousands of objects and no cycles. At Python's default threshold of 700 objects, collection
    takes a third of the time of parsing such a request.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def _fetch_ahead() -> None:
    """Fetches the snapshot and the parameters on threads while the main thread imports the other modules."""
    from bidder.aws import minimal
    from bidder.aws.parameter_copy import read_parameters, utc_now
    from bidder.aws.whole_object import read_object
    from bidder.snapshot.keys import POINTER

    bucket, path = os.environ.get("BIDDER_SNAPSHOT_BUCKET"), os.environ.get("BIDDER_PARAMETERS")
    s3: Any = minimal("s3")
    ssm: Any = minimal("ssm")

    def snapshot() -> None:
        manifest = json.loads(read_object(s3, Bucket=bucket, Key=POINTER)[0])
        for key in (*manifest["index"], manifest["delivery"]):
            read_object(s3, Bucket=bucket, Key=key)

    if bucket:
        s3.prefetch.begin(snapshot)
    if bucket and path:
        copy: Any = minimal("s3-parameters")
        ssm.prefetch.begin(lambda: read_parameters(lambda: copy, lambda: ssm, bucket, path, utc_now))


# Garbage collection during the imports takes a twentieth of their time and frees nearly nothing.
gc.disable()
# Before the first fetch: at the default each answer of S3 waits for the imports to give way.
sys.setswitchinterval(SWITCH_INTERVAL)
if BIDS:
    _fetch_ahead()
