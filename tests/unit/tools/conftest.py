"""The stand-ins of the package under the names by which its bytecode imports them."""

import sys

from tools import lambda_named_tuple, lambda_typing

sys.modules.update({"lambda_named_tuple": lambda_named_tuple, "lambda_typing": lambda_typing})
