"""What makes the first request of a process wait less. It is imported before all else, since that is what it is for."""

import gc
import json
import os
import sys
from types import ModuleType
from typing import Any

BIDS = os.environ.get("_HANDLER") == "app.app"
"""Whether this is an environment of the API's function: Lambda names the handler."""

SNAP_START = "snap-start"
HOW = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
"""What has this environment made, in Lambda's words."""

AHEAD_OF_REQUESTS = BIDS and HOW in {"provisioned-concurrency", SNAP_START}
"""Whether it is made before anybody asks."""


def imported() -> None:
    """Has cycles looked for again, among what is made from now on.

    A request leaves none behind, yet makes thousands of objects when it is long: looked through every 700, Python's
    default, they take a third of the time to read it.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def _without_plugins() -> None:
    """Keeps pydantic from looking for plugins in the metadata of all that is installed: there are none.

    To look takes 18 ms, a tenth of all imports: importlib.metadata brings email, zipfile and more.
    """
    none = ModuleType("pydantic.plugin._loader")
    none.get_plugins = lambda: ()  # type: ignore[attr-defined]
    sys.modules.setdefault(none.__name__, none)


def _fetch_ahead() -> None:
    """Has the snapshot and the keys fetched while the rest is imported."""
    from bidder.aws import minimal
    from bidder.aws.parameter_copy import read_parameters, utc_now
    from bidder.snapshot.keys import POINTER

    bucket, path = os.environ.get("BIDDER_SNAPSHOT_BUCKET"), os.environ.get("BIDDER_PARAMETERS")
    s3: Any = minimal("s3")
    ssm: Any = minimal("ssm")

    def snapshot() -> None:
        manifest = json.loads(s3.get_object(Bucket=bucket, Key=POINTER)["Body"].read())
        for key in (*manifest["index"], manifest["delivery"]):
            s3.get_object(Bucket=bucket, Key=key)

    if bucket:
        s3.ahead.begin(snapshot)
    if bucket and path:
        copy: Any = minimal("s3-parameters")
        ssm.ahead.begin(lambda: read_parameters(lambda: copy, lambda: ssm, bucket, path, utc_now))


# Imports leave no cycles worth the looks for them, a twentieth of their time.
gc.disable()
_without_plugins()
if BIDS:
    _fetch_ahead()
