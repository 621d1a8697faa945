"""The number of Hypothesis examples, relative to the profile: `make test-fast` uses a profile with few examples."""

from hypothesis import settings


def examples(times: float) -> settings:
    """The settings of a test with `times` as many examples as the profile, at least one."""
    return settings(max_examples=max(1, round(settings().max_examples * times)))
