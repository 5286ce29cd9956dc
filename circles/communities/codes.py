"""The statistics bureau's codes: six digits of the county, three of the town, three of a committee.

Source of the ranges: the bureau's rules for coding statistical divisions. Towns: 001-099
streets, 100-199 towns, 200-399 townships, 400-599 units that are enterprise and government in
one. Committees: 001-199 residents' committees, 200-399 villagers' committees. No province's code
begins with 0, so that a code never loses a leading zero; one that is a digit short lost another.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pandas as pd

from circles.tables import cell_text
from circles.texts import Note

#: The first two digits of codes: provinces, autonomous regions and municipalities.
PROVINCES: Final = frozenset(
    str(number)
    for numbers in ((*range(11, 16), *range(21, 24)), range(31, 38), range(41, 47), range(50, 55))
    for number in numbers
) | {"61", "62", "63", "64", "65", "71", "81", "82"}
_SCIENTIFIC: Final = re.compile(r"\d(\.\d+)?e\+?\d+", re.IGNORECASE)
#: Signs that people and programs put around and between the digits.
_AROUND: Final = re.compile(r"[\s'`\-‐-―]+")
#: A district's digits, a street's, a community's, and those of a grid within a community.
_LENGTHS: Final = (6, 9, 12, 17)


class Committee(StrEnum):
    """Whose committee the last three digits of a code are."""

    RESIDENTS = "residents"
    VILLAGERS = "villagers"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True)
class Parents:
    """The codes of the units above a community.

    Parameters
    ----------
    street, district, city
        Nine, six and four digits.
    """

    street: str
    district: str
    city: str


@dataclass(frozen=True)
class CodesRead:
    """The codes of a column.

    Parameters
    ----------
    codes
        Same index as the column: twelve digits, or None.
    repaired
        Rows whose cells said a code in another form, and how.
    wrong
        Rows whose cells say no code of a community, and why; empty cells are not among them.
    """

    codes: "pd.Series[Any]"
    repaired: Mapping[int, Note]
    wrong: Mapping[int, Note]


def read_codes(values: "pd.Series[Any]") -> CodesRead:
    """Read a column of codes of communities.

    Spaces, dashes and quotes around the digits, full-width digits, a decimal ``.0``, and a grid's
    five digits after a community's twelve are repaired; the code of a whole street or district,
    and a number that a spreadsheet shortened (``4.40104E+11``), are refused.
    """
    codes: list[str | None] = []
    repaired: dict[int, Note] = {}
    wrong: dict[int, Note] = {}
    for row, value in values.items():
        text = cell_text(value)
        code, note = (None, None) if text is None else read_code(text)
        codes.append(code)
        if note is not None:
            (wrong if code is None else repaired)[int(str(row))] = note
    return CodesRead(pd.Series(codes, index=values.index, dtype=object), repaired, wrong)


def read_code(text: str) -> tuple[str | None, Note | None]:
    """Read the code of a community.

    Returns
    -------
    code
        Twelve digits; None if it is none.
    note
        How it was repaired, or why it is none; None where it stood there as it is.

    Examples
    --------
    >>> read_code(" 440104001001.0 ")[0]
    '440104001001'
    >>> read_code("4.40104E+11")[1].key
    'communities.code_scientific'
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"\.0*$", "", _AROUND.sub("", plain))
    fault = _fault(plain, digits)
    if fault is not None:
        return None, fault
    code = digits[:12]
    if len(digits) > 12:
        return code, Note.of("communities.code_of_grid", code=digits, community=code)
    return code, None if text == code else Note.of("communities.code_repaired", code=code)


def _fault(plain: str, digits: str) -> Note | None:
    if _SCIENTIFIC.fullmatch(plain):
        return Note.of("communities.code_scientific", code=plain[:40])
    if not (digits.isascii() and digits.isdigit()):
        return Note.of("communities.code_not_digits", code=plain[:40])
    if len(digits) not in _LENGTHS:
        return Note.of("communities.code_length", code=digits[:40], count=len(digits))
    if digits[:2] not in PROVINCES:
        return Note.of("communities.code_province", code=digits, province=digits[:2])
    if len(digits) < 12 or digits[9:12] == "000":
        return Note.of("communities.code_of_upper", code=digits)
    return None


def committee_of(code: str) -> Committee:
    """Return whose committee a twelve-digit code means."""
    number = int(code[9:12])
    if 1 <= number <= 199:
        return Committee.RESIDENTS
    if 200 <= number <= 399:
        return Committee.VILLAGERS
    return Committee.OTHER if number else Committee.NONE


def parents_of(code: str) -> Parents:
    """Return the codes of the units above a community.

    Examples
    --------
    >>> parents_of("440104001001")
    Parents(street='440104001', district='440104', city='4401')
    """
    return Parents(code[:9], code[:6], code[:4])


def parent_code(text: str, digits: int) -> str | None:
    """Read the code of a street (9 digits) or a district (6), with or without filling zeros.

    Examples
    --------
    >>> parent_code("440104001000", 9), parent_code("440104.0", 6), parent_code("44010", 6)
    ('440104001', '440104', None)
    """
    plain = _AROUND.sub("", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"\.0*$", "", plain)
    short, rest = plain[:digits], plain[digits:]
    whole = plain.isascii() and plain.isdigit() and len(plain) in {digits, 9, 12}
    return short if whole and len(short) == digits and not rest.strip("0") else None


def misplaced(codes: "pd.Series[Any]", parents: "pd.Series[Any]", *, digits: int) -> list[Any]:
    """Return the labels of communities whose code does not lie under the parent's beside it.

    Parameters
    ----------
    codes
        Codes of communities, or None.
    parents
        Codes of their streets or districts, same index; what cannot be read is passed over.
    digits
        How many digits the parents have: 9 or 6.
    """
    wrong = []
    for label, code, parent in zip(codes.index, codes, parents, strict=True):
        above = parent_code(parent, digits) if isinstance(parent, str) else None
        if isinstance(code, str) and above is not None and code[:digits] != above:
            wrong.append(label)
    return wrong
