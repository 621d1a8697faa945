"""`make mutate`: mutation testing. Each mutant is the product with one small fault, and a test must fail on it."""
