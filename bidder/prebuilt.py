"""Completes pydantic models with core schemas that were built when the package was built.

Pydantic takes 25 ms to build the schemas of requests and campaigns, a sixth of all imports; reading them takes 2 ms.
`tools/schemas.py` builds them from the same sources and for the same pydantic version, and from nothing else. So they
can be trusted like bytecode.
"""

import pickle
from os.path import dirname, join

from pydantic import BaseModel
from pydantic_core import SchemaSerializer, SchemaValidator

FOLDER = "schemas"


def file_of(model: type[BaseModel]) -> str:
    """The path of a model's schema file, relative to this package."""
    return join(FOLDER, f"{model.__module__}.{model.__qualname__}.pickle")  # noqa: PTH118  pathlib's is slower to start


def complete(model: type[BaseModel]) -> None:
    """Makes a model ready to validate, with its prebuilt schema if there is one; else pydantic builds the schema."""
    try:
        with open(join(dirname(__file__), file_of(model)), "rb") as file:  # noqa: PTH118, PTH120, PTH123  as above
            schema = pickle.load(file)  # noqa: S301  as much ours as the code beside it
    except FileNotFoundError:
        model.model_rebuild()
        return
    model.__pydantic_core_schema__ = schema
    model.__pydantic_validator__ = SchemaValidator(schema)
    model.__pydantic_serializer__ = SchemaSerializer(schema)
    model.__pydantic_complete__ = True
