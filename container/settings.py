"""The settings of the server, read once from environment variables; `bidder.settings` has those of the bidder."""

import os

from pydantic import BaseModel, ConfigDict, Field


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ServerSettings(BaseModel):
    """One field for each environment variable: `port` is `BIDDER_PORT`."""

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    """The address to listen on; the image sets 0.0.0.0."""
    port: int = Field(default=8080, ge=1, le=65535)
    processes: int = Field(default_factory=cores, ge=1, le=64)
    """Processes that share the port: one for each core by default."""
    proxies: int = Field(default=0, ge=0, le=5)
    """The trusted proxies before this server, each of which appends one address to X-Forwarded-For. 1 behind an ALB."""
    bid_threads: int = Field(default=4, ge=1, le=256)
    """Threads of a process that decide bids: another one goes on while one waits for frequency caps."""
    event_threads: int = Field(default=32, ge=1, le=256)
    """Threads of a process that publish notices, each of which waits for SNS."""
    most_events_at_once: int = Field(default=256, ge=1)
    """Notices in progress in a process; more are answered 503."""
    most_lag_seconds: float = Field(default=0.1, gt=0)
    """How far the event loop may be behind; further behind, bids are answered 503 at once."""
    head_seconds: float = Field(default=5, gt=0)
    """How long a client may take to send the line and the headers of a request."""
    body_seconds: float = Field(default=5, gt=0)
    """How long a client may take to send the body of a request."""
    idle_seconds: int = Field(default=75, ge=1)
    """How long an idle connection stays open: longer than an ALB's idle timeout, which is 60 seconds."""
    drain_seconds: int = Field(default=20, ge=1)
    """How long requests in progress may take after SIGTERM."""
