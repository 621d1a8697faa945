"""The benchmarks of a decision: in process beside parsing, and under the Lambda runtime beside a no-op function.

Times are for comparison with the baseline of the same run, not promises.
"""
