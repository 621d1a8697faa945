"""The simulator: runs the real bidder in a simulated market, with many processes of stale state and a simulated clock.

The simulator is a development tool. A bid never imports it.
"""
