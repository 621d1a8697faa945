"""The command line: `bidder`, or `python -m bidder`, for operators. Lambda does not use it."""
