"""A folder with `pydantic` and its core as in the package, for processes of tests."""

from pathlib import Path

import pydantic_core

from tools.slim import add_pydantic


def packaged_pydantic(root: Path) -> Path:
    """Writes the package's pydantic into the folder. Returns the folder, which must be first in the PYTHONPATH."""
    add_pydantic(root)
    for library in Path(pydantic_core.__file__).parent.glob("*.so"):
        (root / "pydantic_core" / library.name).symlink_to(library)
    return root
