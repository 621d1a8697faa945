"""`python -m container`: the bidder as a web server, one process for each core, until SIGTERM."""

import logging
import os
import sys

import uvicorn

from bidder.settings import InvalidSettings, from_environment, settings
from container.settings import ServerSettings


def main() -> int:
    try:
        server = from_environment(ServerSettings, os.environ)
        settings()
    except InvalidSettings as error:
        print(error, file=sys.stderr)
        return 2
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # one line for each malformed request otherwise
    uvicorn.run(
        "container.process:make_application",
        factory=True,
        host=server.host,
        port=server.port,
        workers=server.processes,
        loop="uvloop",
        http="container.protocol:LimitedHeads",
        lifespan="on",
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=server.idle_seconds,
        timeout_graceful_shutdown=server.drain_seconds,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
