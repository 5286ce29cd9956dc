"""When two names, addresses or telephone numbers are those of one place."""

import re
from functools import lru_cache
from typing import Final

from circles.tables.folding import folded

#: Two names are alike if twice the pairs of neighbouring characters that they share are at least
#: this share of all pairs they have (Dice's coefficient).
_ALIKE_SHARE: Final = 0.75
#: A name that is a part of another is alike if it is at least this share of it.
_PART_SHARE: Final = 0.6
_SHORTEST_PART: Final = 2
_REMEMBERED: Final = 131_072
_SILENT: Final = re.compile(r"[\W_]")
_BRACKETS: Final = re.compile(r"[(（].*?[)）]")
#: Province, city and district before a name; 社区, 小区 and 园区 are parts of the name itself.
_PREFIX: Final = re.compile(
    "^(?:中华人民共和国)?(?:[^省市区县]{2,3}省)?(?:[^省市区县]{2,4}市)?(?:[^市区县社小园院]{1,4}[区县])?"
)
_FORM: Final = re.compile(
    "财团法人|社团法人|(?:股份|有限责任|有限)?(?:总|分)?公司|股份有限|有限|私立|公立|市立|区立|"
    "服务部|经营部|民办非企业单位"
)
#: What tells one of a row of namesakes from the next.
_ORDER: Final = re.compile("[0-9一二三四五六七八九十甲乙丙丁东南西北中上下前后左右男女]")
_AREA: Final = re.compile(
    "^(?:[^省市区县]{2,3}省)?(?:[^省市区县]{2,4}市)?(?:[^市区县社小园院]{1,4}[区县])?"
    "(?:[^街道镇乡里村路巷号]{1,5}(?:街道|镇|乡|里|村))?(?:[0-9]{1,3}邻)?"
)
_FEWEST_DIGITS: Final = 7


@lru_cache(maxsize=_REMEMBERED)
def name_key(name: str) -> str:
    """Return the form in which two spellings of one name are equal; ``""`` if it has no letters."""
    return _SILENT.sub("", folded(name))


@lru_cache(maxsize=_REMEMBERED)
def core_name(name: str) -> str:
    """Return a name without the city and district before it and its owner's legal form.

    Examples
    --------
    >>> core_name("廣州市天河區獵德長者飯堂有限公司")
    '猎德长者饭堂'
    """
    plain = folded(name)
    bare = _BRACKETS.sub("", plain) or plain
    short = _SILENT.sub("", _FORM.sub("", _PREFIX.sub("", _FORM.sub("", bare))))
    return short or name_key(name)


@lru_cache(maxsize=_REMEMBERED)
def address_key(address: str) -> str:
    """Return an address without city, district and street, ``""`` if it names no house."""
    plain = _SILENT.sub("", _AREA.sub("", folded(address)))
    return plain if re.search("[0-9一二三四五六七八九十]", plain) else ""


@lru_cache(maxsize=_REMEMBERED)
def phone_key(phone: str) -> str:
    """Return the digits of a telephone number, ``""`` if there are too few to be one."""
    digits = re.sub(r"\D", "", folded(phone))
    return digits if len(digits) >= _FEWEST_DIGITS else ""


def alike(first: str, second: str) -> bool:
    """Tell whether two names may be those of one place, by what tells them from others.

    Names that differ in a number, a point of the compass or another word of order are not.
    """
    if not first or not second:
        return False
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if _orders(short) != _orders(long):
        return False
    if len(short) >= _SHORTEST_PART and short in long and len(short) >= _PART_SHARE * len(long):
        return True
    pairs = _pairs(short), _pairs(long)
    total = len(pairs[0]) + len(pairs[1])
    return total > 0 and 2 * len(pairs[0] & pairs[1]) >= _ALIKE_SHARE * total


@lru_cache(maxsize=_REMEMBERED)
def _pairs(name: str) -> frozenset[str]:
    return frozenset(name[place : place + 2] for place in range(len(name) - 1))


@lru_cache(maxsize=_REMEMBERED)
def _orders(name: str) -> tuple[str, ...]:
    return tuple(sorted(_ORDER.findall(name)))
