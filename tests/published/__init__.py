"""Published schemas and real requests of others. README.md has their sources and licences."""

from pathlib import Path

_FOLDER = Path(__file__).parent
CORPUS = _FOLDER / "corpus"
VAST = _FOLDER / "vast"
VMAP = _FOLDER / "vmap" / "vmap.xsd"
REQUEST_SCHEMA = _FOLDER / "openrtb" / "openrtb26-Req.schema.json"
RESPONSE_SCHEMA = _FOLDER / "openrtb" / "openrtb26-Res.schema.json"
