"""Whether a place is open at all: what a list says of those that are closed, or not open yet."""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pandas as pd

from circles.facilities.columns import usual_column
from circles.tables import RowEvent, as_text
from circles.tables.folding import folded
from circles.tables.ledger import doubtful, set_aside
from circles.texts import Note

STATUS_COLUMNS: Final = (
    *("运营状态", "营运状态", "营业状态", "经营状态", "运行状态", "开放状态", "使用状态"),
    *("服务状态", "运营情况", "运营状况", "营业情况", "营业状况", "经营状况", "运行情况"),
    *("运行状况", "开放情况", "使用情况", "使用现状", "建设状态", "建设情况", "建设进度"),
    *("建设进展", "开办情况", "开业情况", "设施状态", "机构状态", "站点状态", "开业状态"),
    *("存续状态", "登记状态", "当前状态", "目前状态", "状态", "现状"),
    *("设施现状", "规划现状", "规划状态", "规划或现状", "现状或规划"),
    *("status", "operationalstatus", "operatingstatus", "situação", "situacao", "tila"),
)
#: Columns of which yes means that the place is open.
OPEN_COLUMNS: Final = (
    *("是否运营", "是否正常运营", "是否在营", "是否营业", "是否正常营业", "是否开放"),
    *("是否启用", "是否开业", "是否投入使用", "是否建成", "是否正常", "运营中"),
)
#: Columns of which yes means that the place is closed.
CLOSED_COLUMNS: Final = (
    *(
        "是否停业",
        "是否停运",
        "是否停用",
        "是否关闭",
        "是否关停",
        "是否撤销",
        "是否注销",
        "是否歇业",
    ),
    *("closed", "isclosed"),
)
REMARK_COLUMNS: Final = (
    "备注",
    "备注说明",
    "说明",
    "备注信息",
    "remark",
    "remarks",
    "note",
    "notes",
)
_YES: Final = frozenset({"是", "有", "√", "✓", "✔", "y", "yes", "true", "1", "已"})
_NO: Final = frozenset({"否", "无", "没有", "×", "✗", "x", "n", "no", "false", "0", "未"})
_EMPTY: Final = frozenset({"", "-", "--", "—", "——", "/", "n/a", "na", "不详", "未知"})

_WORK: Final = (
    "(?:对外|正式|投入|正常|继续)*(?:运营|营运|运行|营业|开放|服务|使用|启用"
    "|开业|开园|开办|开院|开诊)"
)
_BUILT: Final = "(?:建成|完工|竣工|开工|动工)"
#: A place is no longer open, or not for now.
_CLOSED: Final = (
    f"(?:已经?|被|现已|暂时?|临时)*(?:停止{_WORK}?|暂停{_WORK}?|停业|停运|停用|停办|停园|停诊|停开"
    "|停工|关闭|关停|关门|关张|歇业|撤销|撤并|撤点|裁撤|注销|吊销|取消|废弃|废止|废除|拆除|已拆"
    "|倒闭|清退|闲置|空置)"
    "|(?:permanently|temporarily)?closed|defunct|abandoned|disused|demolished|suspended|inactive"
    "|ceased|not?n?-?(?:operat|inuse|active)[a-z]*"
    "|fechad[oa]|desativad[oa]|inativ[oa]|suljettu|lakkautettu|閉鎖|休止|廃止"
)
#: A place is not open yet.
_PLANNED: Final = (
    f"(?:尚|还|仍)?未(?:曾|能)?(?:{_WORK}|{_BUILT}|开|建|用)|(?:正在|拟|待|筹)?筹(?:建|备|办|设|开)"
    "|在建|待建|拟建|拟设|拟增设|拟新建|新建中|建设中|施工中?|正在(?:建设|施工)"
    f"|规划(?:中|建设|新建)?|计划(?:建设|新建)|(?:待|即将|预计[^,;,。]{{0,10}}?)(?:{_WORK}|{_BUILT})"
    "|planned|proposed|(?:under)?construction|notopen(?:yet)?|notyetopen"
    "|planejad[oa]|emconstru[çc][ãa]o|suunniteilla|rakenteilla|建設中|計画中"
)
_SHUT: Final = re.compile(f"{_CLOSED}|{_PLANNED}")
_NOT_SHUT: Final = re.compile("(?:并未|从未|没有|未曾|未|不)(?:停业|停运|停用|停办|关闭|撤销|注销)")
_OPEN: Final = re.compile(
    f"{_WORK}|正常|在营|在用|在业|存续|试运|有效|良好|现状|保留|open|activ|operat|functioning|running|inuse"
    "|ativ[oa]|abert[oa]|emfuncionamento|avoinna|toiminnassa|開設|営業"
)
#: Dates and words that may stand beside the one that counts, as in 2026年5月起停业整改.
_BESIDE: Final = (
    r"(?:[\d年月日号./\-:,;。、~至到起底初中旬前后已于自从因经现目前正在了的期间]"
    "|装修|改造|整改|整顿|升级|维修|搬迁|迁址|拆迁|疫情)*"
)
_WHOLLY_SHUT: Final = re.compile(
    f"{_BESIDE}(?:{_CLOSED}|{_PLANNED}){_BESIDE}(?:状态|阶段)?{_BESIDE}"
)
_ASIDE: Final = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|【([^【】]*)】|[-—–_:]([^-—–_:()]*)$")
#: The heading of a part of a list: 二、拟建设施, (三)已停业.
_HEADING: Final = re.compile(
    f"[(]?[一二三四五六七八九十\\d]*[)、.]*{_BESIDE}(?:{_CLOSED}|{_PLANNED})"
    "的?(?:设施|项目|站点|机构|网点|点位|类|部分|名单|情况|清单|一览)*(?:[(].*)?:?"
)
_NUMBERED: Final = re.compile(r"[(]?[一二三四五六七八九十\d]+[)、.]\D")
#: A row with one cell filled of fewer columns is no heading.
_FEWEST_COLUMNS: Final = 3
_LONGEST: Final = 60
_NOT_OPEN: Final = frozenset({"facilities.not_open", "facilities.under_heading"})


@dataclass(frozen=True)
class Running:
    """What a list says of whether its places are open.

    Parameters
    ----------
    shut
        Rows of places that are closed or not open yet.
    events
        Why, and what is not clear.
    columns
        The columns that were read for it.
    """

    shut: frozenset[int]
    events: tuple[RowEvent, ...]
    columns: tuple[str, ...]


def running(
    frame: pd.DataFrame,
    *,
    name: str | None,
    kind: str | None,
    beside: Collection[str | None],
    sections: Mapping[int, str] = MappingProxyType({}),
) -> Running:
    """Find the places of a list that are closed, or not open yet.

    A column of states says it, one of remarks, or a bracket in the name or the type, as in
    ``甲街长者饭堂（已停业）``. A state that says both, or what nobody can tell, leaves a doubt, and
    so does a remark that mentions a closing among other things: the row counts, and is listed.

    Parameters
    ----------
    frame
        The list, by row number.
    name, kind
        Its columns of names and of types.
    beside
        Columns that are something else.
    sections
        Headings that stand between the rows, by row number: those of places that are planned or
        closed say it of the rows below them. So does a row with a single cell.
    """
    events: list[RowEvent] = []
    columns: list[str] = []
    for names, read in (
        (STATUS_COLUMNS, _state),
        (OPEN_COLUMNS, _answer),
        (CLOSED_COLUMNS, _closed_answer),
        (REMARK_COLUMNS, _remark),
    ):
        found = dict.fromkeys(usual_column(frame, [one]) for one in names)
        taken = {*columns, *beside, name, kind}
        for there in (one for one in found if one is not None and one not in taken):
            told = list(_events(frame, there, read))
            columns += [there] if told or read is not _remark else []
            events += told
    for column in (name, kind):
        if column is not None:
            events += _events(frame, column, _aside)
    events += _below_headings(frame, sections)
    shut = frozenset(event.row for event in events if event.note.key in _NOT_OPEN)
    kept = (e for e in events if e.row not in shut or e.note.key in _NOT_OPEN)
    once = {(event.row, event.note.key): event for event in reversed(list(kept))}
    return Running(shut, tuple(reversed(once.values())), tuple(columns))


def _events(
    frame: pd.DataFrame, column: str, read: Callable[[str], str | None]
) -> Iterator[RowEvent]:
    said: dict[str, str | None] = {}
    for row, text in zip(frame.index, as_text(frame[column]), strict=True):
        if text is None:
            continue
        if text not in said:
            said[text] = read(folded(text))
        key = said[text]
        if key is not None:
            note = Note.of(f"facilities.{key}", column=column, cell=text[:_LONGEST])
            yield from (set_aside if key == "not_open" else doubtful)([int(row)], note)


def _below_headings(frame: pd.DataFrame, sections: Mapping[int, str]) -> Iterator[RowEvent]:
    """Yield the entries on rows below a heading such as 二、拟建设施, up to the next heading."""
    headings = {**_lone_cells(frame), **sections}
    shut = {row: _HEADING.fullmatch(folded(text)) is not None for row, text in headings.items()}
    if not any(shut.values()):
        return
    starts = sorted(headings)
    for row in map(int, frame.index):
        above = bisect_left(starts, row) - 1
        if above >= 0 and shut[starts[above]] and row not in headings:
            text = headings[starts[above]][:_LONGEST]
            note = Note.of("facilities.under_heading", heading=text, at=starts[above])
            yield from set_aside([row], note)


def _lone_cells(frame: pd.DataFrame) -> dict[int, str]:
    """Return what stands alone in its row and looks like a heading, by row number."""
    plain = [name for name, kind in frame.dtypes.items() if str(kind) != "geometry"]
    if len(plain) < _FEWEST_COLUMNS:
        return {}
    cells = frame[plain].to_numpy(dtype=object)
    filled = frame[plain].notna().to_numpy()
    found = {}
    for place in (filled.sum(axis=1) == 1).nonzero()[0].tolist():
        text = str(cells[place, int(filled[place].argmax())])
        if _NUMBERED.match(folded(text)) or _HEADING.fullmatch(folded(text)):
            found[int(frame.index[place])] = text
    return found


def _state(text: str) -> str | None:
    """Return what a cell of a column of states says, as the name of a text; None if it is open."""
    if text in _EMPTY:
        return None
    plain = _NOT_SHUT.sub("", text.replace("_", ""))
    shut = _SHUT.search(plain) is not None
    open_ = _OPEN.search(_SHUT.sub("", plain)) is not None
    open_ = open_ or (not shut and ("建成" in plain or _NOT_SHUT.search(text) is not None))
    if shut == open_:
        return "open_unclear"
    return "not_open" if shut else None


def _answer(text: str) -> str | None:
    if text in _YES | _NO:
        return "not_open" if text in _NO else None
    return _state(text)


def _closed_answer(text: str) -> str | None:
    if text in _YES | _NO:
        return "not_open" if text in _YES else None
    return _state(text)


def _remark(text: str) -> str | None:
    if _SHUT.search(_NOT_SHUT.sub("", text)) is None:
        return None
    return "not_open" if _WHOLLY_SHUT.fullmatch(text) else "open_unclear"


def _aside(text: str) -> str | None:
    """Return what stands in brackets or at the end of a name, if that says that it is not open."""
    found = ("".join(filter(None, match.groups())) for match in _ASIDE.finditer(text))
    return "not_open" if any(_WHOLLY_SHUT.fullmatch(words) for words in found) else None
