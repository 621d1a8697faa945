"""The decision on a request: match, price, choose, explain; pure functions, without AWS, Chalice or a store."""
