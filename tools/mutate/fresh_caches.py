"""A plugin of pytest that empties the caches of the product's functions before each test.

Without it, the lines of a cached function are recorded for the first test alone, and its mutants meet no other test.
"""

import sys
from functools import cache

import pytest

PRODUCT = "bidder"
_CACHED = type(cache(len))
"""The type of functions behind `functools.cache` or `lru_cache`."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Empties the caches before the fixtures of a test."""
    empty_caches(PRODUCT)


def empty_caches(package: str) -> None:
    """Empties the caches of all functions in the imported modules of a package."""
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == package]
    for module in modules:
        for value in list(vars(module).values()):
            if isinstance(value, _CACHED):
                value.cache_clear()
