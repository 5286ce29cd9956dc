"""Standards from their files: the bundled ones and people's own, with every fault named at once."""

import reprlib
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from circles.errors import FaultsError, InputError
from circles.standards.model import Assumption, Rule, Source, Standard, Target, Tier
from circles.standards.references import reference_faults
from circles.tables import listing
from circles.texts import Bilingual

RULE_KINDS: tuple[str, ...] = get_args(Rule.model_fields["kind"].annotation)

_SECTIONS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "sources": Source,
        "assumptions": Assumption,
        "rules": Rule,
        "tiers": Tier,
        "targets": Target,
        "not_evaluated": Bilingual,
    }
)


def standard_ids() -> tuple[str, ...]:
    """Return the ids of the bundled standards."""
    return tuple(sorted(_bundled()))


def no_such_standard(standard: str) -> str:
    """Say that there is no bundled standard of that id, and which there are."""
    known = listing("bundled standards", standard, _bundled())
    return f"there is no standard {standard!r}; {known}. Or give the path of a .toml file"


def load_standard(standard: str | Path) -> Standard:
    """Load a standard.

    Parameters
    ----------
    standard
        The id of a bundled standard, or the path of a TOML file.

    Raises
    ------
    InputError
        There is no such standard, or the file is not TOML.
    FaultsError
        The file has faults: keys that are not known, values that cannot be, kinds of rule that
        this version does not evaluate, references to what is not there; all of them are named.
    """
    where, text = _text(standard)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"{where}: this is not TOML: {error}"
        raise InputError(message) from error
    loaded, faults = _validated(table)
    faults += reference_faults(table)
    if loaded is None or faults:
        raise FaultsError(where, faults)
    return loaded


def _bundled() -> dict[str, Traversable]:
    """Return the bundled files by id; ``guangzhou_1530.toml`` holds ``guangzhou-1530``."""
    return {
        entry.name.removesuffix(".toml").replace("_", "-"): entry
        for entry in files("circles.standards").iterdir()
        if entry.name.endswith(".toml")
    }


def _text(standard: str | Path) -> tuple[str, str]:
    bundled = _bundled()
    if isinstance(standard, str) and standard in bundled:
        return f"standard {standard}", bundled[standard].read_text("utf-8")
    path = Path(standard)
    if isinstance(standard, str) and path.suffix != ".toml":
        raise InputError(no_such_standard(standard))
    try:
        return str(path), path.read_text("utf-8-sig")
    except OSError as error:
        message = f"{path}: the standard's file cannot be opened: {error.strerror}"
        raise InputError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: the standard's file is not UTF-8 text; save it again as UTF-8"
        raise InputError(message) from error


def _validated(table: Mapping[str, object]) -> tuple[Standard | None, list[str]]:
    try:
        return Standard.model_validate(table), []
    except ValidationError as error:
        return None, [_sentence(fault, table) for fault in error.errors(include_url=False)]


def _sentence(fault: ErrorDetails, table: Mapping[str, object]) -> str:
    place = ", ".join(_place(fault["loc"], table))
    return f"{place}: {_what(fault)}" if place else _what(fault)


def _what(fault: ErrorDetails) -> str:
    location, key = fault["loc"], str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key!r}; {listing('keys', key, _known_keys(location), most=20)}"
    if fault["type"] == "missing":
        return f"the key {key!r} is missing"
    if key == "kind":
        kinds = " and ".join(RULE_KINDS)
        return (
            f"rules of the kind {fault['input']!r} are not evaluated in this version; {kinds} are"
        )
    if fault["type"] == "value_error":
        return fault["msg"].removeprefix("Value error, ")
    return f"{fault['msg']} (it is {reprlib.repr(fault['input'])})"


def _place(location: tuple[int | str, ...], table: Mapping[str, object]) -> Iterator[str]:
    """Name a place in the file: the entry of its section by id or by number, then the keys."""
    keys = [str(part) for part in location if part != "[key]"]
    if len(location) > 1 and isinstance(location[1], int):
        section, number = str(location[0]), location[1]
        entries = table[section]
        entry = entries[number] if isinstance(entries, list) else None
        name = entry.get("id") if isinstance(entry, dict) else None
        yield f"{section} no. {number + 1}" + (f" ({name})" if isinstance(name, str) else "")
        keys = keys[2:]
    if keys:
        yield ".".join(keys)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Standard
    if len(location) == 3 and isinstance(location[1], int):
        model = _SECTIONS[str(location[0])]
    elif len(location) > 1:
        model = Bilingual
    return [field.alias or name for name, field in model.model_fields.items()]
