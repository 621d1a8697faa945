"""How many examples Hypothesis draws, relative to the profile: `make test-fast` chooses one with few."""

from hypothesis import settings


def examples(times: float) -> settings:
    """The settings of a test that draws `times` as many examples as the profile says, at least one."""
    return settings(max_examples=max(1, round(settings().max_examples * times)))
