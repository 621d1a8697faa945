"""MiniStack with one repair: SNS hands Lambda whole records, as AWS does.

MiniStack leaves an empty Subject and empty MessageAttributes out, and Chalice's SNSEvent reads both.
"""

import json

from ministack import app
from ministack.services import sns

_deliver = sns._deliver_to_lambda


def _deliver_whole(endpoint: str, envelope: str, *rest: object) -> None:
    _deliver(endpoint, json.dumps({"Subject": None, "MessageAttributes": {}} | json.loads(envelope)), *rest)


if __name__ == "__main__":
    sns._deliver_to_lambda = _deliver_whole
    app.main()
