"""Names of communities, streets and districts: the forms under which two spellings are one.

Three forms of a community's name are compared, from exact to loose: as it is spelled; its stem
with the kind of its committee; its stem alone. What a form leaves out may be what tells two
communities apart (水口居委会 and 水口村委会 stand side by side), so that whoever compares forms
must see to it that each is unique on both sides (see `circles.communities.matching`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from circles.tables.folding import folded

_REMEMBERED: Final = 65_536
#: Characters that are left out of every spelling: dots between words, quotes, invisible ones.
_IGNORED: Final = re.compile(
    "[·•・‧∙.,、。'\"“”‘’「」『』《》_\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
#: Dashes, which tell ``1-1`` from ``11`` and say nothing elsewhere.
_DASHES: Final = re.compile("[-\u2010-\u2015\u2212~]+")
_REMARKS: Final = re.compile(r"[(\[{【〔〖][^)\]}】〕〗]*[)\]}】〕〗]?")
_BRACKETS: Final = re.compile(r"[()\[\]{}【】〔〕〖〗]")
_NUMERAL: Final = re.compile(r"第?([零〇一二三四五六七八九十百]+|\d+)$")
_DIGITS: Final = {word: value for value, word in enumerate("零一二三四五六七八九")} | {"〇": 0}
#: How the name of a community ends, the longest first; each is taken off the end of a name.
_COMMUNITY: Final = re.compile(r"(社区)?(居民委员会|居委会|居委|居民区)$|社区$")
_VILLAGE: Final = re.compile(r"村?(村民委员会|村委会|村委|行政村|村)$")
#: What is left where a prefix was the whole name.
_ENDING_ONLY: Final = re.compile(f"(?:{_COMMUNITY.pattern}|{_VILLAGE.pattern})".replace("$", ""))
_OFFICE: Final = re.compile(r"(?<=[里村])(办公处|办公室)$")
#: How the names of units above end, and the one ending that stands for the others.
_UPPER_ENDINGS: Final = (
    (re.compile(r"(街道办事处|街道办|街道|街办|街)$"), "街"),
    (re.compile(r"(镇人民政府|镇政府|镇)$"), "镇"),
    (re.compile(r"(乡人民政府|乡政府|乡)$"), "乡"),
    (re.compile(r"(地区办事处|地区)$"), "地区"),
    (re.compile(r"(?<=[区县市旗])(人民政府|政府)$"), ""),
)
_ABOVE: Final = re.compile(r"^(.{1,8}?(省|自治区))?(.{1,8}?(市|自治州|地区|盟))?(?=.+[区县市旗]$)")
#: What a prefix that all names of a column share may end with.
_PREFIX_ENDS: Final = ("省", "市", "区", "县", "旗", "街道", "镇", "乡")
_TOTALS: Final = re.compile(r"^(.*(合计|总计|小计|共计)|总数|全区|全市|全街|全镇|total|sum)$")


class Kind(StrEnum):
    """What a name says its committee is."""

    COMMUNITY = "community"
    VILLAGE = "village"


@dataclass(frozen=True)
class NameForms:
    """A community's name in its forms.

    Parameters
    ----------
    spelled
        In one width, case and script, without spaces, quotes and dots.
    stem
        What is left of it without remarks in brackets, the names of units above it, and the
        ending that says what it is; a number at its end is in digits.
    kind
        What the ending said; None where it said nothing.
    above
        The units above it, in the `upper_key`s of the names that it began with.
    """

    spelled: str
    stem: str
    kind: Kind | None
    above: tuple[str, ...] = ()


@lru_cache(maxsize=_REMEMBERED)
def spelling(text: str) -> str:
    """Return a name in one width, case and script, without spaces, quotes and dots.

    Examples
    --------
    >>> spelling(" 鹽運西 社區（北京街） ")
    '盐运西社区(北京街)'
    >>> spelling("１－１ 社区"), spelling("东—湖社区")
    ('1-1社区', '东湖社区')
    """
    spelled = text
    for _ in range(4):  # a sign that was left out may have parted two that fold together
        before, spelled = spelled, _spelled_once(spelled)
        if spelled == before:
            break
    return spelled


def _spelled_once(text: str) -> str:
    plain = _IGNORED.sub("", folded(text))
    return _DASHES.sub(lambda found: _dash(plain, found), plain)


def _dash(text: str, found: re.Match[str]) -> str:
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    return "-" if before.isalnum() and after.isalnum() and (before + after).isascii() else ""


def forms_of(name: str, prefixes: "re.Pattern[str] | None" = None) -> NameForms:
    """Return the forms of a community's name.

    Parameters
    ----------
    name
        The name as it is written.
    prefixes
        What `prefixes_of` makes of the names of the units above.

    Examples
    --------
    >>> forms = forms_of("北京街第一社区居委会", prefixes_of(["北京街道"]))
    >>> forms.stem, forms.kind.value, forms.above
    ('1', 'community', ('北京街',))
    >>> forms_of("石井村民委员会").stem, forms_of("石井村").kind.value
    ('石井', 'village')
    """
    spelled = spelling(name)
    core = _BRACKETS.sub("", _REMARKS.sub("", spelled) or spelled) or spelled
    above: list[str] = []
    while prefixes is not None and (found := prefixes.match(core)):
        rest = core[found.end() :]
        if not rest or _ENDING_ONLY.fullmatch(rest):
            break
        above.append(upper_key(found.group()))
        core = rest
    stem, kind = _stem(core)
    return NameForms(spelled, _with_digits(stem) or spelled, kind, tuple(above))


def _stem(core: str) -> tuple[str, Kind | None]:
    core = _OFFICE.sub("", core)
    for ending, kind in ((_COMMUNITY, Kind.COMMUNITY), (_VILLAGE, Kind.VILLAGE)):
        stem = ending.sub("", core)
        if stem and stem != core:
            return stem, kind
    return core, None


def _with_digits(stem: str) -> str:
    """Write the number at the end of a stem in digits: 第十二 and 十二 become 12."""
    found = _NUMERAL.search(stem)
    if found is None:
        return stem
    number = _number(found.group(1))
    return stem if number is None else f"{stem[: found.start()]}{number}"


def _number(word: str) -> str | None:
    if word.isdigit():
        return (word.lstrip("0") or "0") if word.isascii() else None
    if not set(word) & set("十百"):
        return "".join(str(_DIGITS[sign]) for sign in word)
    parts = re.fullmatch(r"(?:(.)?百)?零?(?:(.)?十)?(.)?", word)
    if parts is None or set("".join(part or "" for part in parts.groups())) & set("十百"):
        return None
    hundreds, tens, ones = (_DIGITS.get(part or "", 0) for part in parts.groups())
    hundreds = 1 if "百" in word and not parts.group(1) else hundreds
    tens = 1 if "十" in word and not parts.group(2) else tens
    return str(hundreds * 100 + tens * 10 + ones)


def upper_key(name: str) -> str:
    """Return the form under which two spellings of a street's or district's name are the same.

    Examples
    --------
    >>> upper_key("北京街道办事处"), upper_key("广州市越秀区"), upper_key("太和镇人民政府")
    ('北京街', '越秀区', '太和镇')
    """
    key = _ABOVE.sub("", spelling(name))
    for ending, short in _UPPER_ENDINGS:
        found = ending.search(key)
        if found and found.start():
            return key[: found.start()] + short
    return key


def upper_keys(names: Iterable[str | None]) -> dict[str, str]:
    """Return the keys of streets or districts; a name without its ending joins the only full one.

    Parameters
    ----------
    names
        All names of one level, of both tables that are compared.

    Examples
    --------
    >>> upper_keys(["北京", "北京街道", "人民", "人民街", "人民镇"])
    {'北京': '北京街', '北京街道': '北京街', '人民': '人民', '人民街': '人民街', '人民镇': '人民镇'}
    """
    keys = {name: upper_key(name) for name in names if name}
    full: dict[str, set[str]] = {}
    for key in set(keys.values()):
        for end in ("街", "镇", "乡", "地区", "区", "县", "市"):
            if key.endswith(end) and len(key) > len(end):
                full.setdefault(key.removesuffix(end), set()).add(key)
    single = {stem: min(found) for stem, found in full.items() if len(found) == 1}
    return {name: single.get(key, key) for name, key in keys.items()}


def prefixes_of(
    uppers: Iterable[str | None], names: Sequence[str] = ()
) -> "re.Pattern[str] | None":
    """Return a pattern of what names of communities may begin with besides the name itself.

    Parameters
    ----------
    uppers
        Names of streets and districts; only such as say what they are (…区, …街) are taken off,
        because 天河村 does not begin with 天河区.
    names
        Names of one column; what all of them begin with is taken off too, if it ends as the name
        of a district or street does.
    """
    starts = {_shared_start([spelling(name) for name in names])} - {""}
    for name in uppers:
        whole = spelling(name or "")
        key = upper_key(name or "")
        starts |= {word for word in (whole, key) if word.endswith((*_PREFIX_ENDS, "街", "地区"))}
        if key.endswith("街"):
            starts |= {f"{key}道", f"{key}道办事处"}
    starts = {word for word in starts if len(word) > 1}
    if not starts:
        return None
    longest_first = sorted(starts, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first)))


def _shared_start(names: Sequence[str]) -> str:
    """Return what at least three names all begin with, up to its last 区, 镇 or the like."""
    if len(names) < 3:
        return ""
    first, last = min(names), max(names)  # what these two share, all between them share
    alike = [one == other for one, other in zip(first, last, strict=False)]
    start = first[: alike.index(False) if False in alike else len(alike)]
    ends = [start.rfind(end) + len(end) for end in _PREFIX_ENDS if end in start]
    return start[: max(ends, default=0)]


def is_total(name: str) -> bool:
    """Tell whether a row's name says that it is a sum of other rows.

    Examples
    --------
    >>> is_total("合 计"), is_total("北京街小计"), is_total("合计划村")
    (True, True, False)
    """
    return _TOTALS.match(spelling(name)) is not None
