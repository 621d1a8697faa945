"""What a process holds: the Service, admission, counts of bids and of no-bids."""
