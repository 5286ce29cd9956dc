"""Faults of form in a standard's file, each as a sentence that says what and where."""

import reprlib
from collections.abc import Iterator, Mapping
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from circles.standards.model import SCHEMA, Standard
from circles.standards.rules import KINDS
from circles.tables import listing

#: The parts of a file that are lists of tables.
SECTIONS: Final = ("sources", "assumptions", "rules", "tiers", "targets", "not_evaluated")
Table = Mapping[str, object]
Location = tuple[int | str, ...]


def form_faults(
    error: ValidationError, table: Table, origins: Mapping[tuple[str, int], str]
) -> list[str]:
    """Put what a validation found into sentences.

    Parameters
    ----------
    error
        What pydantic says of the table.
    table
        The file as TOML, with what it extends.
    origins
        What to call an entry of a section, where that is not its own number in the section.
    """
    return [_sentence(fault, table, origins) for fault in error.errors(include_url=False)]


def _sentence(fault: ErrorDetails, table: Table, origins: Mapping[tuple[str, int], str]) -> str:
    place = ", ".join(_place(fault["loc"], table, origins))
    return f"{place}: {_what(fault)}" if place else _what(fault)


def _what(fault: ErrorDetails) -> str:
    location, given = fault["loc"], reprlib.repr(fault["input"])
    key = str(location[-1]) if location else ""
    match fault["type"]:
        case "extra_forbidden":
            known = listing("keys", key, _known_keys(location), most=25)
            words = f"unknown key {key!r}; {known}"
        case "missing":
            words = f"the key {key!r} is missing"
        case "union_tag_invalid" | "union_tag_not_found":
            tag = str(fault.get("ctx", {}).get("tag", ""))
            wrong = (
                f"there are no rules of the kind {tag!r}" if tag else "the key 'kind' is missing"
            )
            words = f"{wrong}; {listing('kinds', tag, KINDS)}"
        case "literal_error" if key == "schema":
            words = (
                f"the file is written as {given}; this version reads {SCHEMA!r}, "
                "which docs/standards.md describes"
            )
        case kind:
            words = fault["msg"].removeprefix("Value error, ")
            of_a_whole = kind == "value_error" and isinstance(fault["input"], dict)
            words += "" if of_a_whole else f" (it is {given})"
    return words


def _place(
    location: Location, table: Table, origins: Mapping[tuple[str, int], str]
) -> Iterator[str]:
    """Name a place in the file: the entry of its section by id or by number, then the keys."""
    steps = [step for step in location if step != "[key]"]
    if len(steps) > 1 and steps[0] in SECTIONS and isinstance(steps[1], int):
        section, number = str(steps[0]), steps[1]
        entries = table[section]
        entry = entries[number] if isinstance(entries, list) else None
        name = entry.get("id") if isinstance(entry, dict) else None
        shown = origins.get((section, number), f"{section} no. {number + 1}")
        yield shown + (f" ({name})" if isinstance(name, str) else "")
        # A rule's kind stands in the location of everything that is in the rule.
        steps = steps[3:] if section == "rules" and len(steps) > 2 else steps[2:]
    if steps:
        yield ".".join(f"no. {step + 1}" if isinstance(step, int) else step for step in steps)


def _known_keys(location: Location) -> list[str]:
    """Return the keys of the part in which the last key of a location is not known."""
    models: list[type[BaseModel]] = [Standard]
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        kinds = [m for m in models if "kind" in m.model_fields and step in _words_of(m)]
        models = kinds or [
            part
            for model in models
            for name, field in model.model_fields.items()
            if step in (name, field.alias)
            for part in _parts(field.annotation)
        ]
    return [_name(name, field) for model in models for name, field in model.model_fields.items()]


def _words_of(model: type[BaseModel]) -> tuple[object, ...]:
    return get_args(model.model_fields["kind"].annotation)


def _name(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _parts(annotation: object) -> Iterator[type[BaseModel]]:
    """Find the models in an annotation, however they are wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)
