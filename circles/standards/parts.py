"""The small parts that standards are made of: sources, assumptions, limits and intervals."""

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema

from circles.texts import Bilingual

Setting = Literal["urban", "rural"]
Zone = Literal["central", "outer"]
#: Where a limit holds: in a setting, or in a zone, which goes before the setting.
Place = Literal["urban", "rural", "central", "outer"]
Level = Literal["community", "street", "district", "city"]
#: Where a figure stands: literally in a policy document; in the issuing body's own page or the
#: paper itself; in what others say of it; or in nothing that was read.
Status = Literal["policy", "verified", "secondary", "assumed"]
Strength = Literal["required", "strive"]


class Part(BaseModel):
    """A frozen part of a standard; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(Part):
    """Where a figure stands: the document, the place in it, and its own words.

    A quotation is an exact part of the document's text; `file` is the name that text is kept
    under, where it is kept.
    """

    id: str
    document: Bilingual
    place: Bilingual | None = None
    quote: str | None = None
    file: str | None = None
    status: Status


class Assumption(Part):
    """Something the documents do not say and the standard's file decides; on what it leans."""

    id: str
    text: Bilingual
    sources: tuple[str, ...] = ()


class Range(NamedTuple):
    """A limit as it is judged: one number twice, or the two ends of a range.

    Parameters
    ----------
    strict, lenient
        Minutes or metres; the strict one is not above the lenient one.
    """

    strict: float
    lenient: float


def _positive(value: object) -> float | None:
    """Return a finite number above 0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None


def _pair(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    first, last = (_positive(end) for end in value)
    return None if first is None or last is None else (first, last)


def _limit(value: object) -> float | tuple[float, float]:
    limit = _positive(value) or _pair(value)
    if limit is None:
        message = "a number above 0 or a pair [strict, lenient] of them was expected"
        raise ValueError(message)
    if isinstance(limit, tuple) and limit[0] > limit[1]:
        message = f"the strict limit {limit[0]:g} is above the lenient one {limit[1]:g}"
        raise ValueError(message)
    return limit


def _interval(value: object) -> tuple[float, float]:
    interval = _pair(value)
    if interval is None:
        message = "two numbers above 0, [least, most], were expected"
        raise ValueError(message)
    if interval[0] > interval[1]:
        message = f"the least value {interval[0]:g} is above the most {interval[1]:g}"
        raise ValueError(message)
    return interval


def _as_it_is(value: object) -> object:
    """Return a value for its own type to be written: a plain validator alone writes pairs twice."""
    return value


_NUMBER = {"type": "number", "exclusiveMinimum": 0}
_TWO_NUMBERS = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}

#: A limit of minutes or metres: a number, or a pair [strict, lenient].
Limit = Annotated[
    float | tuple[float, float],
    PlainValidator(_limit),
    PlainSerializer(_as_it_is, return_type=float | tuple[float, float]),
    WithJsonSchema({"anyOf": [_NUMBER, _TWO_NUMBERS]}),
]
#: What a size must lie between, both ends included.
Interval = Annotated[
    tuple[float, float],
    PlainValidator(_interval),
    PlainSerializer(_as_it_is, return_type=tuple[float, float]),
    WithJsonSchema(_TWO_NUMBERS),
]
