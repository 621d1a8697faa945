"""The smoke suite, which checks the answers of a running bidder over HTTP. `make smoke URL=…` runs it."""
