"""The simulator: a market, many bidders with stale state, and a clock of its own, around the real bidder.

A development tool. Nothing that bids imports it.
"""
