"""Putting a check together: what was read, what it holds, and what stands against scoring it."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from circles.check.margins import MarginQuality, margin_quality
from circles.check.model import CheckReport, Found, JoinCount, PeopleTotal
from circles.check.rows import counts_of
from circles.check.streets import StreetQuality, street_quality
from circles.demand import PEOPLE, group_weights
from circles.demand.comparison import Comparison, compare_totals
from circles.district import Prepared, network_notes
from circles.evaluation import takes_walking
from circles.join_quality import join_notes, join_table
from circles.quality import InputRecord, Remark, Severity
from circles.standards.model import CapacityRule, Standard, UnitRule
from circles.texts import Note

#: More people than this share far from every street means that the layers do not lie together.
_MOST_OFF: Final = 0.5
_GRAVEST_FIRST: Final = tuple(Severity)


def make_report(record: InputRecord, prepared: Prepared) -> CheckReport:
    """Look a district over before it is scored.

    Parameters
    ----------
    record
        What became of its inputs.
    prepared
        The district, joined to its streets.
    """
    district, ground = prepared.district, prepared.ground
    network, standard = district.network, district.standard
    table = district.communities.table
    streets = margins = None
    if network is not None:
        streets = street_quality(network, table, district.demand, ground.on_foot.homes)
        margins = margin_quality(standard, ground)
    people = compare_totals(
        district.demand, district.communities.population, names=table["name"].astype(str)
    )
    remarks = [
        *_of_layers(record),
        *_of_rows(record),
        *_of_streets(prepared, streets),
        *_of_margins(margins),
        *(Remark(Severity.WARNING, note) for note in (*people.warnings, *district.warnings)),
        *(Remark(Severity.NOTE, note) for note in district.assumptions),
    ]
    return CheckReport(
        name=district.name,
        as_of=district.as_of,
        fictional=district.fictional,
        standard_id=standard.id,
        standard_name=standard.name,
        layers=record.layers,
        found=_found(prepared),
        streets=streets,
        margins=margins,
        joins=_joins(prepared),
        people=_people(people),
        remarks=_sorted(remarks),
    )


def _sorted(remarks: list[Remark]) -> tuple[Remark, ...]:
    """Return each remark once, at its gravest, the gravest first."""
    once: dict[Note, Remark] = {}
    for remark in sorted(remarks, key=lambda remark: _GRAVEST_FIRST.index(remark.severity)):
        once.setdefault(remark.note, remark)
    return tuple(once.values())


def _found(prepared: Prepared) -> Found:
    district = prepared.district
    settings = district.communities.table["setting"].value_counts()
    demand = district.demand
    points = np.bincount(demand.community, minlength=len(demand.source))
    sources = [name for name in dict.fromkeys(map(str, demand.source)) if name != "none"]
    homes = {name: int(points[demand.source == name].sum()) for name in sources}
    services = district.facilities["service"].value_counts().sort_index()
    return Found(
        urban=int(settings.get("urban", 0)),
        rural=int(settings.get("rural", 0)),
        homes=tuple(homes.items()),
        nowhere=int((demand.source == "none").sum()),
        facilities=tuple((str(name), int(count)) for name, count in services.items()),
        absent=_absent(district.standard, district.given),
    )


def _absent(standard: Standard, given: frozenset[str]) -> tuple[str, ...]:
    """Return the services of needs about which nothing was given, in the standard's order."""
    needs = [
        rule.numerator.services if isinstance(rule, CapacityRule) else rule.services
        for rule in standard.rules
        if not isinstance(rule, UnitRule)
    ]
    return tuple(dict.fromkeys(name for need in needs if not set(need) & given for name in need))


def _joins(prepared: Prepared) -> tuple[JoinCount, ...]:
    if prepared.district.network is None:
        return ()
    on_foot = prepared.ground.on_foot
    table = join_table(on_foot.homes, on_foot.doors, prepared.district.facilities["service"])
    return tuple(
        JoinCount(str(service), *map(int, counts))
        for service, *counts in table.itertuples(index=False, name=None)
    )


def _people(comparison: Comparison) -> tuple[PeopleTotal, ...]:
    rows = comparison.totals[["group", "layer", "outside", "table"]]
    return tuple(
        PeopleTotal(
            str(group), float(layer), float(outside), None if np.isnan(table) else float(table)
        )
        for group, layer, outside, table in rows.itertuples(index=False, name=None)
    )


def _of_layers(record: InputRecord) -> Iterator[Remark]:
    """Yield what was remarked while reading, but for the evidence that stands with its layer."""
    own = {
        remark.note
        for layer in record.layers
        for remark in layer.remarks
        if remark.severity is Severity.NOTE and not remark.note.key.startswith("assumptions.")
    }
    yield from (remark for remark in record.all_remarks() if remark.note not in own)


def _of_rows(record: InputRecord) -> Iterator[Remark]:
    for layer in record.layers:
        if count := counts_of(layer.ledger).doubtful:
            note = Note.of("check.rows_doubtful", origin=layer.ledger.source, count=count)
            yield Remark(Severity.NOTE, note)


def _of_streets(prepared: Prepared, streets: StreetQuality | None) -> Iterator[Remark]:
    """Say what walking results could not be built on."""
    district = prepared.district
    yield from (Remark(Severity.WARNING, note) for note in network_notes(district))
    if streets is None:
        return
    on_foot = prepared.ground.on_foot
    walked = any(map(takes_walking, district.standard.rules))
    if walked and not streets.homes:
        yield Remark(Severity.STOP, Note.of("check.no_demand", count=len(district.demand.source)))
    elif walked and (share := _off_share(prepared)) > _MOST_OFF:
        note = Note.of(
            "check.off_network",
            percent=round(100 * share),
            count=streets.homes_off,
            total=streets.homes,
            limit_m=round(district.max_access_m),
        )
        yield Remark(Severity.STOP, note)
    names = district.facilities["name"]
    limit_m = district.max_access_m
    for note in join_notes(on_foot.homes, on_foot.doors, names, max_access_m=limit_m):
        yield Remark(Severity.WARNING, note)
    if streets.few:
        examples = tuple(few.name for few in streets.few[:5])
        note = Note.of("check.few_streets", count=len(streets.few), examples=examples)
        yield Remark(Severity.WARNING, note)


def _off_share(prepared: Prepared) -> float:
    """Return the share of the people off the network; of the demand points where none count."""
    on_foot = prepared.ground.on_foot
    demand, off = on_foot.demand, on_foot.homes.off_network
    weights = group_weights(demand, prepared.district.communities.population, "all")
    people = weights.weight * (weights.unit == PEOPLE)[demand.community]
    total = people.sum()
    return float(people[off].sum() / total if total > 0 else off.mean())


def _of_margins(margins: MarginQuality | None) -> Iterator[Remark]:
    if margins is None:
        return
    if margins.short:
        note = Note.of(
            "check.short_margin",
            count=len(margins.short),
            needed_m=round(margins.needed_m),
            examples=tuple(short.name for short in margins.short[:5]),
        )
        yield Remark(Severity.WARNING, note)
    if margins.ends_at_border:
        note = Note.of("check.ends_at_border", origins=margins.ends_at_border)
        yield Remark(Severity.WARNING, note)
