"""Load tests and benchmarks of the bidder. They are not deployed."""
