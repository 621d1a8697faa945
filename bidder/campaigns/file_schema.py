"""The JSON Schema of campaign files, with which editors complete keys and mark mistakes."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.campaigns.types import ID_PATTERN

_MICROS = "_micros"
_FILLED_IN = frozenset({"owner", "categories_above", "categories_below"})
"""The fields that an import fills in where a file leaves them out."""

_NUMBER = {"type": ["number", "string", "null"], "exclusiveMinimum": 0}
_SCALAR = {"type": ["string", "number", "integer", "boolean"]}
_RULE = {"$ref": "#/$defs/AttributeRule"}
_CONDITION = {"$ref": "#/$defs/Condition"}


class _WithoutDefaults(GenerateJsonSchema):
    """Leaves out the defaults of fields, some of which are models that pydantic has not completed."""

    def default_schema(self, schema: Any) -> Any:
        """The schema of the value alone."""
        return self.generate_inner(schema["schema"])


def file_schema() -> dict[str, Any]:
    """The schema of a file with `campaigns` and `advertisers`, JSON Schema 2020-12.

    Amounts are in whole units of the account currency.
    The import refuses everything that the schema refuses, and checks more.
    """
    schema = _as_people_write(Campaign.model_json_schema(schema_generator=_WithoutDefaults))
    definitions = schema.pop("$defs")
    limits = _as_people_write(AdvertiserLimits.model_json_schema(schema_generator=_WithoutDefaults))
    definitions |= limits.pop("$defs")
    definitions |= {
        "AdvertiserLimits": limits,
        "Campaign": schema,
        "AttributeRule": _rule(),
        "Condition": _condition(),
        "Targeting": _targeting(),
    }
    definitions.pop("Expression", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Campaigns of bidder",
        "type": "object",
        "anyOf": [{"required": ["campaigns"]}, {"required": ["advertisers"]}],
        "additionalProperties": False,
        "properties": {
            "advertisers": {"type": "array", "items": {"$ref": "#/$defs/AdvertiserLimits"}},
            "campaigns": {"type": "array", "items": {"$ref": "#/$defs/Campaign"}},
        },
        "$defs": dict(sorted(definitions.items())),
    }


def _as_people_write(node: Any) -> Any:
    """The schema of a model, changed to the form that people write."""
    if isinstance(node, list):
        return [_as_people_write(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("$ref") == "#/$defs/Expression":
        return _CONDITION
    changed = {key: _as_people_write(value) for key, value in node.items() if key not in {"title", "default"}}
    if "properties" in node:
        changed["properties"] = dict(_properties(node["properties"]))
        if "required" in node:
            changed["required"] = [name.removesuffix(_MICROS) for name in node["required"]]
    if isinstance(changed.get("description"), str):
        changed["description"] = changed["description"].replace(_MICROS, "").replace(", in micros", "")
    return changed


def _properties(properties: dict[str, Any]) -> Any:
    for name, schema in properties.items():
        if name in _FILLED_IN:
            description = "The import fills this field in. Exported files may have it."
            yield name, {**_loose(_as_people_write(schema)), "description": description}
        elif name.endswith(_MICROS):
            yield name.removesuffix(_MICROS), _NUMBER
        elif name == "targeting":
            yield name, {"$ref": "#/$defs/Targeting"}
        elif name == "multipliers":
            factors = {"type": "object", "additionalProperties": {"type": ["number", "string"]}, "minProperties": 1}
            names = {"enum": sorted(ATTRIBUTES)}
            yield name, {"type": "object", "propertyNames": names, "additionalProperties": factors}
        elif name == "where":
            yield name, _CONDITION
        elif name == "tag":
            yield name, {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Tag"}]}
        elif name == "competes_in":
            yield name, _words()
        else:
            yield name, _loose(_as_people_write(schema))


def _loose(schema: dict[str, Any]) -> dict[str, Any]:
    """A number may be written as a text, and an id as a number: the import reads both."""
    kind = schema.get("type")
    if kind == "string" and "enum" not in schema:
        # The import brings domains, types and URLs into a normal form, or resolves them, before it looks at patterns.
        constraints = {
            key: constraint for key, constraint in schema.items() if key != "pattern" or constraint == ID_PATTERN
        }
        return {**constraints, "type": ["string", "number"]}
    if kind == "boolean":
        return {**schema, "type": ["boolean", "string"]}
    if kind in {"number", "integer"}:
        return {**schema, "type": [kind, "string"]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_loose(alternative) for alternative in schema["anyOf"]]}
    if kind == "array" and isinstance(schema.get("items"), dict):
        return {**schema, "items": _loose(schema["items"])}
    return schema


def _words() -> dict[str, Any]:
    return {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}


def _rule() -> dict[str, Any]:
    """One of `include`, all of `all`, and none of `exclude`; one word needs no list."""
    sides = {side: _words() for side in ("include", "exclude", "all")}
    return {"type": "object", "additionalProperties": False, "properties": sides}


def _targeting() -> dict[str, Any]:
    rules = dict.fromkeys(sorted(ATTRIBUTES), _RULE)
    return {"type": "object", "additionalProperties": False, "properties": rules}


def _condition() -> dict[str, Any]:
    """Rules by attribute, or one of `and`, `or` and `not`."""
    several = {"type": "array", "items": _CONDITION, "minItems": 1}
    operators = [
        {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: operand}}
        for name, operand in (("and", several), ("or", several), ("not", _CONDITION))
    ]
    rules = {"allOf": [{"$ref": "#/$defs/Targeting"}], "minProperties": 1}
    return {"anyOf": [rules, *operators]}
