"""The command line: `python -m bidder`, for people at a laptop. It isn't used in Lambda."""
