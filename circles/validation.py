"""Validating the tables of a TOML file so that every fault is named at once, in plain words."""

import difflib
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails


class Table(BaseModel):
    """A table of a TOML file; a key it does not know is a fault, and all faults are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003 - none here
        """Say which of the given keys need or exclude others, whatever their values."""
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _name_all_at_once(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Name contradictions between keys along with the faults of single keys."""
        said = cls._contradictions(value) if isinstance(value, dict) else ()
        faults = [_as_fault(text, value) for text in said]
        try:
            table = handler(value)
        except ValidationError as error:
            faults = [*map(_again, error.errors()), *faults]
            raise ValidationError.from_exception_data(cls.__name__, faults) from error
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return table


def _as_fault(text: str, value: object) -> InitErrorDetails:
    return InitErrorDetails(type="value_error", loc=(), input=value, ctx={"error": text})


def _again(fault: Mapping[str, Any]) -> InitErrorDetails:
    return InitErrorDetails(
        type=fault["type"], loc=fault["loc"], input=fault["input"], ctx=fault.get("ctx", {})
    )


def faults_in_words(
    error: ValidationError, tables: Mapping[str, type[Table]], root: type[Table]
) -> list[str]:
    """Put each fault into one sentence that says where it is and what was expected.

    Parameters
    ----------
    error
        What validating the file raised.
    tables
        The file's tables by the key they stand under.
    root
        The file itself.
    """
    return [_fault(fault, _table_of(fault["loc"], tables, root)) for fault in error.errors()]


def _table_of(
    location: tuple[int | str, ...], tables: Mapping[str, type[Table]], root: type[Table]
) -> type[Table]:
    above = (part for part in reversed(location[:-1]) if isinstance(part, str))
    return next((tables[part] for part in above if part in tables), root)


_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "text in quotes was expected",
    "string_too_short": "some text was expected",
    **dict.fromkeys(("float_type", "float_parsing"), "a number was expected"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number was expected"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false was expected"),
    **dict.fromkeys(("date_type", "date_from_datetime_parsing"), "a date was expected"),
    **dict.fromkeys(("model_type", "dict_type"), "a table was expected"),
    "tuple_type": "a list was expected",
}


def _fault(fault: Mapping[str, Any], table: type[Table]) -> str:
    where, found = _where(fault["loc"]), fault["input"]
    match fault["type"]:
        case "extra_forbidden":
            return f"unknown key {where!r}{_nearest_key(str(fault['loc'][-1]), table)}"
        case "missing":
            return f"{where!r} is missing"
        case "tuple_type" if isinstance(found, dict):
            return f"{where}: it takes two brackets, [[{where}]], since there may be several"
        case "value_error":
            message = str(fault["msg"]).removeprefix("Value error, ")
            return f"{where}: {message}" if where else message
        case kind:
            expected = _EXPECTED.get(kind, fault["msg"])
            return f"{where}: {expected}; it is {reprlib.repr(found)}"


def _where(location: tuple[int | str, ...]) -> str:
    words: list[str] = []
    for part in location:
        if isinstance(part, int):
            words[-1] += f" {part + 1}"
        elif part != "[key]":  # that the key is wrong, not its value, the message says
            words.append(part)
    return ".".join(words)


def _nearest_key(key: str, table: type[Table]) -> str:
    near = difflib.get_close_matches(key, table.model_fields, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known keys here: {', '.join(table.model_fields)}"
