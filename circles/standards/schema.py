"""The format of a standard's file as a JSON Schema, for editors that check while one types."""

import json

from circles.standards.model import SCHEMA, Standard


def json_schema() -> str:
    """Return the JSON Schema of a standard's file, as text with a line break at the end.

    It knows keys and values; what a file refers to, and whether that is there, only
    `load_standard` can tell.
    """
    schema = Standard.model_json_schema(by_alias=True)
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA}
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
