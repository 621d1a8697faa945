"""A real-time video-ad bidder. Each folder is one part of it; `docs/architecture.md` describes the parts."""

from os.path import dirname

from bidder.bundle import install

install(dirname(dirname(__file__)))  # noqa: PTH120  pathlib takes longer to import
