"""Models made ready by a schema that the package brings along, as pydantic made it when the package was built.

Those of a request and of a campaign take pydantic 25 ms to make, a sixth of all imports, and 2 ms to read. They are as
good as bytecode: made by `tools/schemas.py` from the same sources, for the same pydantic, and never of anything else.
"""

import pickle
from os.path import dirname, join

from pydantic import BaseModel
from pydantic_core import SchemaSerializer, SchemaValidator

FOLDER = "schemas"


def file_of(model: type[BaseModel]) -> str:
    """The file in this folder that has the schema of a model."""
    return join(FOLDER, f"{model.__module__}.{model.__qualname__}.pickle")  # noqa: PTH118  pathlib's is slower to start


def complete(model: type[BaseModel]) -> None:
    """Makes a model ready to validate: with the package's schema or, where there is none, as pydantic does it."""
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
