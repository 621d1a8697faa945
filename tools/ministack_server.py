"""MiniStack with repairs. `tools.ministack_canary` and `tools.ministack_recovery` have further repairs.

- SNS sends complete records to Lambda, as AWS does. MiniStack omits an empty Subject and empty MessageAttributes, which
  Chalice's SNSEvent reads.
- MaximumConcurrency of an event source mapping is a number, even if it comes from a parameter of the stack.
- The state is saved while MiniStack runs. MiniStack itself saves it only at an orderly end, so a kill would lose the
  campaigns, spend and keys of the whole run.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core.persistence import save_state
from ministack.services import lambda_svc, sns

from tools import ministack_canary, ministack_recovery
from tools.ministack import SAVE_SECONDS

_deliver = sns._deliver_to_lambda
_concurrency = lambda_svc._sqs_esm_concurrency
_load = app._load_persisted_state


def _deliver_whole(endpoint: str, envelope: str, *rest: object) -> None:
    _deliver(endpoint, json.dumps({"Subject": None, "MessageAttributes": {}} | json.loads(envelope)), *rest)


def _numeric_concurrency(mapping: dict[str, Any], *rest: Any) -> Any:
    scaling = {name: int(value) for name, value in (mapping.get("ScalingConfig") or {}).items()}
    return _concurrency({**mapping, "ScalingConfig": scaling}, *rest)


def _load_then_keep_saving() -> None:
    # The first save comes after the load: before it, MiniStack would overwrite the saved state with an empty one.
    _load()
    logging.getLogger("persistence").setLevel(logging.WARNING)
    threading.Thread(target=_keep_saving, args=[float(os.environ[SAVE_SECONDS])], daemon=True).start()


def _keep_saving(seconds: float) -> None:
    while True:
        time.sleep(seconds)
        for service, get_state in app._build_persistence_save_dict().items():
            _save(service, get_state)


def _save(service: str, get_state: Callable[[], Any], attempts: int = 3) -> None:
    """Saves the state of one service atomically: MiniStack renames the written file."""
    for attempt in range(attempts):
        try:
            state = get_state()
        except Exception as error:  # a request changed the state during the copy
            logging.getLogger("persistence").warning("attempt %d to copy %s: %s", attempt + 1, service, error)
        else:
            if state is not None:
                save_state(service, state)
            return


if __name__ == "__main__":
    sns._deliver_to_lambda = _deliver_whole
    lambda_svc._sqs_esm_concurrency = _numeric_concurrency
    app._load_persisted_state = _load_then_keep_saving
    ministack_canary.repair()
    ministack_recovery.repair()
    app.main()
