"""The stand-ins of the package under the names by which its bytecode imports them."""

import sys

from tools import lambda_named_tuple, lambda_pattern, lambda_typing

for module in (lambda_named_tuple, lambda_pattern, lambda_typing):
    sys.modules[module.__name__.removeprefix("tools.")] = module
