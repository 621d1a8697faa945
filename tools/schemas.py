"""`python -m tools.schemas FOLDER`: writes the schemas of all models in the package, for `tools/lambda_pydantic.py`."""

import pickle
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel

from tools.bytecode import module_name
from tools.lambda_pydantic import file_name
from tools.slim import modules_with_models

_REFERENCES = frozenset({"ref", "schema_ref"})


def packaged_models() -> list[type[BaseModel]]:
    """The models in our modules of the package, by module and name."""
    modules = {module_name(PurePosixPath(path)) for path in modules_with_models()}
    for module in sorted(modules):
        import_module(module)
    models = {model for model in _below(BaseModel) if model.__module__ in modules and "[" not in model.__name__}
    return sorted(models, key=file_name)


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def pickle_schema(model: type[BaseModel]) -> bytes:
    """The schema of a model, pickled; the same for the same sources.

    Functions and classes are stated by name. Metadata is left out, since only JSON Schema needs it.
    """
    model.model_rebuild()
    return pickle.dumps(_bare(model.__pydantic_core_schema__, {}), protocol=5)


def _bare(schema: Any, numbers: dict[str, str]) -> Any:
    """The schema without metadata. `numbers` holds the new references by pydantic's, which are addresses in memory."""
    if isinstance(schema, list):
        return [_bare(item, numbers) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {}
    for name, value in schema.items():
        # a field may have either name, and is a schema then
        if name in _REFERENCES and isinstance(value, str):
            bare[name] = numbers.setdefault(value, str(len(numbers)))
        elif name != "metadata" or "type" in value:
            bare[name] = _bare(value, numbers)
    return bare


def write(models: Iterable[type[BaseModel]], folder: Path) -> None:
    """Writes the schema of each model into a new folder."""
    folder.mkdir()
    for model in models:
        (folder / file_name(model)).write_bytes(pickle_schema(model))


if __name__ == "__main__":
    write(packaged_models(), Path(sys.argv[1]))
