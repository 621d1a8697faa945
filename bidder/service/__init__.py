"""The state of a process: the Service, its concurrency limit, and its counts of bids, no-bids and traffic."""
