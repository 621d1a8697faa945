"""Benchmarks of a decision: in process, compared with parsing, and under the Lambda runtime, compared with a no-op.

Times are for comparison with the baseline of the same run. They do not promise the speed of another machine.
"""
