"""`make mutate`: small faults put into the product at a time, each of which a test has to catch."""
