"""The first page of a batch: how every district stands, and the way to its results."""

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from circles.errors import InputError
from circles.explain import number, one_line, required, service_word, share_range
from circles.explain_rollup import counted_word, target_word
from circles.maps.offline import HTML_LANG, page_asset, refuse_outside_references, seal
from circles.reports.pages import render_page
from circles.reports.record import Results
from circles.standards.model import Standard
from circles.texts import Texts, load_texts

Row = Mapping[Hashable, Any]

#: What a folder may hold for a reader, in the order in which it is offered.
_FILES: Final = (
    *("map.html", "briefing.html", "briefing.pdf", "briefing.docx", "communities.xlsx"),
    *("results.gpkg", "communities.parquet", "check.html"),
)
_DONE: Final = frozenset({"done", "skipped"})
_WORST: Final = 3
#: What reading results stumbles over that somebody has changed, or half deleted.
_DAMAGES: Final = (AttributeError, InputError, LookupError, TypeError, ValueError)
#: What leads to a file beside the page: an address without a scheme.
_LINK: Final = re.compile(r'<a href="[^":?#<>]*"')


@dataclass(frozen=True)
class TargetCell:
    """How far a target is met; shares as 0-100 for a bar."""

    verdict: str
    met: int
    denominator: int
    share: str
    needed: str
    missing: str
    low: float
    high: float
    goal: float


@dataclass(frozen=True)
class Link:
    """A file to open: where it is, and what it is called."""

    href: str
    words: str


@dataclass(frozen=True)
class Line:
    """A district, as a row of the page.

    Parameters
    ----------
    name, status
        As the record has them; without results that can be read it failed.
    state
        The status in words.
    trouble
        Why there are no results, or why they cannot be read; empty where all is well.
    communities, urban, rural
        How many there are; None where nobody knows.
    targets
        By heading; districts of other standards have others.
    worst
        The services that most of its communities lack.
    links
        Its files.
    """

    name: str
    status: str
    state: str
    trouble: str
    communities: int | None = None
    urban: int | None = None
    rural: int | None = None
    targets: Mapping[str, TargetCell] = field(default_factory=lambda: MappingProxyType({}))
    worst: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


def render_index(record: Mapping[str, Any], folder: Path, *, lang: str = "zh") -> str:
    """Return the page as HTML that loads nothing; its links lead to files beside it.

    The same record and results give the same bytes.

    Parameters
    ----------
    record
        The content of ``batch.json``.
    folder
        The batch's folder, with the results of its districts.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    texts = load_texts(lang)
    found = [_found(entry, folder, texts) for entry in record["districts"]]
    lines = [line for line, _ in found]
    read = [own for _, own in found if own is not None]
    city = record.get("city")
    targets = None if city is None else _city_targets(folder / str(city["folder"]), texts)
    page = render_page(
        "batch_index.html",
        {
            "t": lambda key, **values: texts(f"batch.index_{key}", **values),
            "word": lambda key: texts(f"words.{key}"),
            "html_lang": HTML_LANG[texts.lang],
            "style": page_asset("verdicts.css"),
            "title": texts("batch.index_title", name=one_line(str(record["name"]))),
            "about": _about(record, read, texts),
            "fictional": any(own.summary["fictional"] for own in read),
            "headline": _headline(lines, texts),
            "troubles": [line for line in lines if line.trouble],
            "targets": targets or {},
            "no_city": "" if targets is not None else _no_city(record, lines, texts),
            "city_links": () if city is None else _links(str(city["folder"]), folder, texts),
            "headings": list(dict.fromkeys(name for line in lines for name in line.targets)),
            "others": any(_others(own) for own in read),
            "lines": lines,
        },
    )
    refuse_outside_references(_LINK.sub("<a", page))
    return seal(page)


def _found(entry: Mapping[str, Any], folder: Path, texts: Texts) -> tuple[Line, Results | None]:
    """Return a district's line, and its results where there are some that can be read."""
    name, status = one_line(str(entry["name"])), str(entry["status"])
    if status in _DONE:
        try:
            own = Results.read(folder / str(entry["folder"]))
            return _line(entry, own, folder, texts), own
        except _DAMAGES:
            status = "failed"
    state, trouble = texts(f"batch.index_status_{status}"), _trouble(entry, texts)
    return Line(name, status, state, trouble, communities=entry.get("communities")), None


def _city_targets(folder: Path, texts: Texts) -> dict[str, TargetCell] | None:
    """Return the targets of all districts together; None where they cannot be read."""
    try:
        return _targets(Results.read(folder), texts)
    except _DAMAGES:
        return None


def _trouble(entry: Mapping[str, Any], texts: Texts) -> str:
    """Say why a district has no results that can be shown."""
    if entry["status"] == "failed" and entry.get("error"):
        return one_line(str(entry["error"]))
    key = {"failed": "no_reason", "not_started": "not_come_to"}.get(entry["status"], "unreadable")
    return texts(f"batch.index_{key}")


def _line(entry: Mapping[str, Any], own: Results, folder: Path, texts: Texts) -> Line:
    counts = own.summary["community_counts"]
    return Line(
        name=one_line(str(entry["name"])),
        status=str(entry["status"]),
        state=texts(f"batch.index_status_{entry['status']}"),
        trouble="",
        communities=len(own.summary["communities"]),
        urban=counts["urban"],
        rural=counts["rural"],
        targets=_targets(own, texts),
        worst=tuple(_worst(own, texts)),
        links=_links(str(entry["folder"]), folder, texts),
    )


def _targets(results: Results, texts: Texts) -> dict[str, TargetCell]:
    """Return the targets of circles by heading; those of single rules where there is no circle."""
    rows = _asked(results)
    circles = [row for row in rows if row["tier"]] or rows
    return {_heading(row, results.standard, texts): _cell(row, texts) for row in circles}


def _asked(results: Results) -> list[Row]:
    """Return the roll-ups of the district as a whole, in the order of the standard's targets."""
    rows: Sequence[Row] = list(results.summary["rollups"].values())
    told = Counter(row["target_id"] for row in rows)
    order = {target.id: i for i, target in enumerate(results.standard.targets)}
    whole = [row for row in rows if told[row["target_id"]] == 1 and row["target_id"] in order]
    return sorted(whole, key=lambda row: order[row["target_id"]])


def _others(results: Results) -> bool:
    """Whether the district's own pages tell of more targets than this one."""
    rows = _asked(results)
    some = any(row["tier"] for row in rows) and not all(row["tier"] for row in rows)
    return some or len(rows) < len(results.summary["rollups"])


def _heading(row: Row, standard: Standard, texts: Texts) -> str:
    # The name of the unit is that of the line, and need not be said again.
    counted = counted_word({**row, "level": "city"}, texts)
    return texts("batch.index_target", target=target_word(row, standard, texts), counted=counted)


def _cell(row: Row, texts: Texts) -> TargetCell:
    low, high, goal = (number(row[name]) for name in ("share_low", "share_high", "min_share"))
    return TargetCell(
        verdict=str(row["verdict"]),
        met=int(row["met"]),
        denominator=int(row["denominator"]),
        share=share_range(low, high, texts, needed=goal),
        needed=required(goal),
        missing=_missing(row, texts),
        low=_percent(low),
        high=_percent(high),
        goal=_percent(goal),
    )


def _percent(share: float) -> float:
    return 0.0 if math.isnan(share) else round(100 * share, 2)


def _missing(row: Row, texts: Texts) -> str:
    """Say how many more communities are needed; nothing where the target is met."""
    low, high = int(row["missing_low"]), int(row["missing_high"])
    if row["verdict"] == "met" or not high:
        return ""
    count = f"{high:,}" if low == high else texts("explain.range", low=f"{low:,}", high=f"{high:,}")
    return texts("batch.index_missing", count=count)


def _worst(results: Results, texts: Texts) -> Iterable[str]:
    """Yield the services that most communities lack, with how many lack each."""
    services = {rule.id: rule.service for rule in results.standard.access_rules}
    lacking: Counter[str] = Counter()
    for own in results.summary["communities"].values():
        missed = (rule for rule, found in own["rules"].items() if found["verdict"] == "not_met")
        lacking.update({services[rule] for rule in missed if rule in services})
    ranked = sorted(
        lacking.items(), key=lambda item: (-item[1], list(services.values()).index(item[0]))
    )
    for service, count in ranked[:_WORST]:
        yield texts("batch.index_lacking", service=service_word(service, texts), count=count)


def _links(part: str, folder: Path, texts: Texts) -> tuple[Link, ...]:
    """Return the files of a folder that are there, as addresses relative to the page."""
    return tuple(
        Link(quote(f"{part}/{name}"), texts(f"batch.index_file_{name.replace('.', '_')}"))
        for name in _FILES
        if (folder / part / name).is_file()
    )


def _about(record: Mapping[str, Any], read: Sequence[Results], texts: Texts) -> list[str]:
    """Say which standards were applied, and of when the data are."""
    names = dict.fromkeys(one_line(own.standard.name[texts.lang]) for own in read)
    dated = record.get("as_of")
    return [
        *(
            [texts("batch.index_standard", standard=texts("batch.index_separator").join(names))]
            if names
            else []
        ),
        *([texts("batch.index_as_of", date=str(dated))] if dated else []),
    ]


def _headline(lines: Sequence[Line], texts: Texts) -> str:
    counts = Counter("done" if line.status in _DONE else line.status for line in lines)
    said = [
        texts(f"batch.index_count_{status}", count=counts[status])
        for status in ("done", "failed", "not_started")
        if counts[status]
    ]
    known = [
        line.communities for line in lines if line.communities is not None and not line.trouble
    ]
    return texts(
        "batch.index_headline",
        total=len(lines),
        counts=texts("batch.index_separator").join(said),
        communities=f"{sum(known):,}",
    )


def _no_city(record: Mapping[str, Any], lines: Sequence[Line], texts: Texts) -> str:
    """Say why there is nothing of all districts together."""
    unfinished = sum(bool(line.trouble) for line in lines)
    if unfinished:
        return texts("batch.index_no_city_yet", count=unfinished)
    said = record.get("city_error") or texts("batch.index_unreadable")
    return texts("batch.index_no_city", reason=one_line(str(said)))
