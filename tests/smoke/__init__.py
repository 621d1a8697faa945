"""The smoke suite: what any running bidder answers, asked over HTTP. `make smoke URL=…` runs it."""
