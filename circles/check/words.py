"""What a check found, in words that can be shown anywhere, whatever the tables hold."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from circles.check.model import CheckReport, PeopleTotal
from circles.check.rows import Case, Reason, spans
from circles.explain import group_word, percent, service_word
from circles.quality import LayerRecord, Severity
from circles.texts import Bilingual, Note, Texts, Value

#: A longer text of a table is cut where it is shown; the JSON file has it whole.
_LONGEST: Final = 100
#: Signs that break a line or a column.
_BREAKING: Final = frozenset({"Cc", "Zl", "Zp"})
#: Signs that nobody sees but that turn or hide what stands beside them.
_UNSEEN: Final = frozenset({"Cf", "Co", "Cs"})
#: Some scripts cannot be written without these two.
_JOINERS: Final = "\u200c\u200d"


@dataclass(frozen=True)
class Few:
    """How much of a long list is shown.

    Parameters
    ----------
    cases
        So many different sentences of one kind of reason; None shows all.
    spans
        So many runs of rows in each; None shows all.
    """

    cases: int | None = None
    spans: int | None = None


def clean(text: str, *, longest: int = _LONGEST) -> str:
    """Return a text of a table without signs that could spoil what stands around it."""
    shown = "".join(map(_harmless, text))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _harmless(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in _BREAKING:
        return " "
    return "\ufffd" if kind in _UNSEEN and sign not in _JOINERS else sign


def say(note: Note, texts: Texts) -> str:
    """Put a note into words, with whatever fills its gaps made harmless."""
    cleaned = tuple((name, _cleaned(value)) for name, value in note.values)
    return texts.note(Note(note.key, cleaned))


def _cleaned(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(part if isinstance(part, Bilingual) else clean(part) for part in value)
    return clean(value) if isinstance(value, str) else value


def verdict(report: CheckReport, texts: Texts) -> str:
    """Say in a sentence whether a run may go ahead."""
    stops, warnings = (len(report.of(kind)) for kind in (Severity.STOP, Severity.WARNING))
    if stops:
        return texts("check.stopped", count=stops)
    return texts("check.go_look", count=warnings) if warnings else texts("check.go")


def about(report: CheckReport, texts: Texts) -> str:
    """Say what was looked at: the area, the standard, the date."""
    said = texts("cli.fictional_word") in report.name.lower()
    label = texts("cli.fictional") if report.fictional and not said else ""
    when = report.as_of.isoformat() if report.as_of else texts("cli.no_date")
    return " · ".join([clean(report.name) + label, report.standard_name[texts.lang], when])


def role_word(role: str, texts: Texts) -> str:
    """Return what a layer is for in words; the project file's own where there are none."""
    name, _, number = role.rpartition(" ")
    kind, number = (name, number) if name and number.isdigit() else (role, "")
    known = texts.words.get(f"check.role_{kind.replace('.', '_')}")
    return clean(role) if known is None else f"{known}{' ' if number else ''}{number}"


def fate_word(fate: str, texts: Texts) -> str:
    """Return what became of rows in words."""
    return texts(f"check.{fate}")


def rows_word(rows: Sequence[int], texts: Texts, *, most: int | None = None) -> str:
    """Return row numbers in words, runs of neighbours drawn together; the first `most` runs."""
    runs = spans(rows)
    shown = [f"{a}" if a == b else f"{a}-{b}" for a, b in runs[:most]]
    shown += ["…"] if most is not None and len(runs) > most else []
    numbers = texts("cli.list_separator").join(shown)
    if len(rows) == 1:
        return texts("check.row", row=numbers)
    return texts("check.rows", rows=numbers, count=len(rows))


def reason_lines(reason: Reason, texts: Texts, few: Few) -> Iterator[str]:
    """Yield what befell rows for reasons of one kind: the rows, and the words."""
    shown = reason.cases[: few.cases]
    for case in shown:
        yield case_line(case, texts, few)
    left = sorted({row for case in reason.cases[len(shown) :] for row in case.rows})
    if left:
        yield texts("check.more_rows", rows=rows_word(left, texts, most=few.spans))


def case_line(case: Case, texts: Texts, few: Few) -> str:
    """Return which rows met a fate, and why."""
    rows = rows_word(case.rows, texts, most=few.spans)
    return texts("check.case", rows=rows, reason=say(case.note, texts))


def layer_notes(layer: LayerRecord, texts: Texts) -> list[str]:
    """Return how a layer was read, and the evidence for its coordinates."""
    evidence = [r.note for r in layer.remarks if r.severity is Severity.NOTE]
    return list(dict.fromkeys(say(note, texts) for note in (*layer.ledger.facts, *evidence)))


def found_line(report: CheckReport, texts: Texts) -> str:
    """Count the communities, homes, facilities and streets."""
    found = report.found
    counts = {
        "communities": found.urban + found.rural,
        "urban": found.urban,
        "rural": found.rural,
        "demand": sum(count for _, count in found.homes),
        "facilities": sum(count for _, count in found.facilities),
    }
    if report.streets is None:
        return texts("no_network.found", **counts)
    return texts("cli.found", **counts, street_km=round(report.streets.length_km))


def homes_line(report: CheckReport, texts: Texts) -> str:
    """Say where the demand points come from; nothing where there are none."""
    parts = [
        texts("check.homes_of", source=texts(f"words.demand_source_{source}"), count=count)
        for source, count in report.found.homes
    ]
    return texts("check.homes", parts=texts("cli.list_separator").join(parts)) if parts else ""


def facility_lines(report: CheckReport, texts: Texts) -> Iterator[str]:
    """Yield a line a service, and how many of its facilities are off the network."""
    off = {join.service: join.off_network for join in report.joins}
    for service, count in report.found.facilities:
        line = texts(
            "cli.found_service", name=service_word(service, texts), id=service, count=count
        )
        lost = off.get(service, 0)
        yield line + (texts("check.of_which_off", count=lost) if lost else "")


def absent_line(report: CheckReport, texts: Texts) -> str:
    """Name the services that the standard asks for and that nobody gave; nothing without any."""
    absent = [
        texts("cli.service", name=service_word(service, texts), id=service)
        for service in report.found.absent
    ]
    if not absent:
        return ""
    return texts("cli.not_given", services=texts("cli.list_separator").join(absent))


def street_lines(report: CheckReport, texts: Texts) -> Iterator[str]:
    """Yield what the streets are like: their length and pieces, homes and streets near them."""
    streets = report.streets
    if streets is None:
        yield texts("no_network.ground")
        return
    yield texts("check.streets", km=f"{streets.length_km:,.1f}", pieces=streets.pieces)
    if streets.small_pieces:
        km = f"{streets.small_pieces_km:,.1f}"
        yield texts("check.small_pieces", count=streets.small_pieces, km=km)
    share = percent(streets.homes_off / streets.homes) if streets.homes else percent(0.0)
    yield texts("check.homes_off", count=streets.homes_off, homes=streets.homes, share=share)
    homes = next((join for join in report.joins if not join.service), None)
    if homes is not None and homes.moved:
        yield texts("check.homes_moved", count=homes.moved)
    if not streets.few:
        yield texts("check.streets_enough")


def margin_lines(report: CheckReport, texts: Texts) -> Iterator[str]:
    """Yield whether the map reaches far enough beyond the communities."""
    margins = report.margins
    if margins is None:
        return
    needed_m = f"{margins.needed_m:,.0f}"
    if margins.short:
        yield texts("check.margin_short", count=len(margins.short), needed_m=needed_m)
    elif margins.needed_m:
        yield texts("check.margin_enough", needed_m=needed_m)


def people_line(total: PeopleTotal, texts: Texts) -> str:
    """Say what layer and table count of a group."""
    values = {
        "group": group_word(total.group, texts),
        "layer": round(total.layer),
        "outside": round(total.outside),
    }
    if total.table is None:
        return texts("people.totals_layer", **values)
    return texts("people.totals", **values, table=round(total.table))


def heading(name: str, texts: Texts) -> str:
    """Return a heading of the report."""
    return texts(f"check.heading_{name}")
