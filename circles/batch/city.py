"""A city from its districts: one assessment of the whole, from those of its parts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from circles.assessment import Assessment
from circles.basemap import Basemap
from circles.batch.city_facilities import counted_joins, facilities_once, reached_by_nobody
from circles.batch.city_findings import CityFindings, findings_of_parts
from circles.batch.city_notes import Counted, joined_notes, warnings_of_parts
from circles.batch.city_tables import (
    area_of_parts,
    chained,
    joined_basemap,
    joined_communities,
    joined_gaps,
    joined_group_shares,
    summed_ways,
    united_reach,
)
from circles.errors import InputError
from circles.rollups import all_verdicts, roll_up, unit_scores
from circles.standards.model import Standard
from circles.standards.parts import Level
from circles.texts import Note
from circles.walking import Profile


def combine(
    parts: Sequence[Assessment],
    *,
    name: str,
    level: Level = "city",
    districts: bool = False,
    findings: pd.DataFrame | None = None,
    basemap: Basemap | None = None,
    height_share: float | None = None,
) -> Assessment:
    """Put the assessments of districts together to one of the whole.

    Communities, verdicts and homes out of reach stand below one another; facilities, which the
    districts' maps share near their borders, stand once each; isochrones are united. Roll-ups
    are counted anew from the communities: they are sums, and never means of shares.

    Parameters
    ----------
    parts
        The districts; each community is in one of them. Where two have communities of the same
        id, all ids begin with the name of their district.
    name
        What the whole is called.
    level
        Of which level the whole is.
    districts
        Whether each part is a district of its own: its communities then belong to it, if none of
        them names a district.
    findings
        What rules of presence, ratio, size and inventory find in streets, districts or the city,
        where that was found on the whole. Of a unit that lies in several parts nothing is known
        without; a warning then names the rules.
    basemap
        What to draw under a map; what the parts have, without it.
    height_share
        The share of the streets of which the height is known; the least of the parts', without.

    Raises
    ------
    InputError
        The parts were assessed against different standards, or walked by different profiles; a
        community is in two of them; or there are none.
    """
    parts, renamed = _told_apart(_alike(parts))
    if districts:
        parts = [_as_district(part) for part in parts]
    standard, as_of = parts[0].standard, _date(parts)
    communities = joined_communities(parts)
    area = area_of_parts(parts, communities, name=name, level=level)
    found = findings_of_parts(parts, area, standard, given=findings)
    verdicts, tiers = (chained(getattr(p, t) for p in parts) for t in ("verdicts", "tiers"))
    rolled = roll_up(standard, tiers, all_verdicts(verdicts, found.table), area, as_of=as_of)
    own_level = rolled["level"] == rolled["target_level"]
    facilities, facility_joins = facilities_once(parts)
    joins = counted_joins(parts, facilities, facility_joins)
    ground = basemap or joined_basemap(parts)
    unreached = reached_by_nobody(parts)
    counted = Counted(standard, facilities, facility_joins, joins, unreached)
    return Assessment(
        name=name,
        as_of=as_of,
        fictional=any(part.fictional for part in parts),
        standard=standard,
        profiles={key: own for part in parts for key, own in part.profiles.items()},
        height_share=_height_share(parts) if height_share is None else height_share,
        walked=any(part.walked for part in parts),
        communities=communities,
        facilities=facilities,
        facility_joins=facility_joins,
        joins=joins,
        isochrones=united_reach(parts, standard),
        verdicts=verdicts,
        findings=found.table,
        unreached=unreached,
        tiers=tiers,
        rollups=rolled[own_level].reset_index(drop=True),
        breakdown=rolled[~own_level].reset_index(drop=True),
        unit_scores=unit_scores(tiers, standard, area),
        setting_ways=summed_ways(parts, standard),
        gaps=joined_gaps(parts, standard),
        group_shares=joined_group_shares(parts, standard),
        streets=ground.streets,
        water=ground.water,
        green=ground.green,
        assumptions=(
            *([Note.of("batch.city_same_ids")] if renamed else []),
            *joined_notes([(part.name, part.assumptions) for part in parts]),
        ),
        warnings=(*_own_warnings(parts, found), *warnings_of_parts(parts, counted)),
    )


def _alike(parts: Sequence[Assessment]) -> list[Assessment]:
    """Refuse parts that do not belong together."""
    if not parts:
        message = "there is no district to make a city of; at least one must have results"
        raise InputError(message)
    first = parts[0]
    for part in parts[1:]:
        if part.standard != first.standard:
            message = (
                f"{first.name} was assessed against {_named(first.standard)} and {part.name} "
                f"against {_named(part.standard, first.standard)}: their results cannot be put "
                "together; run both against the same standard"
            )
            raise InputError(message)
        known: Mapping[str, Profile] = first.profiles
        if unlike := [key for key, own in part.profiles.items() if known.get(key, own) != own]:
            message = (
                f"the walking profile {unlike[0]!r} of {part.name} is not that of {first.name}: "
                "their results cannot be put together; give both the same profiles"
            )
            raise InputError(message)
    return list(parts)


def _named(standard: Standard, other: Standard | None = None) -> str:
    same_id = other is not None and standard.id == other.id
    return f"another version of {standard.id!r}" if same_id else repr(standard.id)


def _told_apart(parts: list[Assessment]) -> tuple[list[Assessment], bool]:
    """Let no two communities have one id, and none be in two parts; say if ids were changed."""
    homes: dict[str, list[int]] = {}
    for number, part in enumerate(parts):
        for community in map(str, part.communities.index):
            homes.setdefault(community, []).append(number)
    shared = {community: numbers for community, numbers in homes.items() if len(numbers) > 1}
    for community, numbers in shared.items():
        first, *others = (parts[number].communities.geometry[community] for number in numbers)
        if any(first.equals(other) for other in others):
            names = " and ".join(parts[number].name for number in numbers[:2])
            message = (
                f"the community {community} is in {names}: it would be counted twice; a community "
                "belongs to one district"
            )
            raise InputError(message)
    return ([_with_own_ids(part) for part in parts] if shared else parts), bool(shared)


def _with_own_ids(part: Assessment) -> Assessment:
    """Put the part's name before the ids of its communities."""

    def own(ids: "pd.Series[Any] | pd.Index[Any]") -> list[str]:
        return [f"{part.name}/{community}" for community in ids]

    communities = part.communities.set_axis(
        pd.Index(own(part.communities.index), name=part.communities.index.name)
    )
    findings, of_one = part.findings, part.findings["level"] == "community"
    unit_id = findings["unit_id"].mask(of_one, pd.Series(own(findings["unit_id"]), findings.index))
    tables = {
        name: table.assign(community_id=own(table["community_id"]))
        for name in ("verdicts", "tiers", "gaps", "group_shares")
        if len(table := getattr(part, name))
    }
    return replace(
        part, communities=communities, findings=findings.assign(unit_id=unit_id), **tables
    )


def _as_district(part: Assessment) -> Assessment:
    """Let the communities of a part belong to it, if none of them names a district."""
    communities = part.communities
    if any(isinstance(word, str) and word for word in communities["district"]):
        return part
    findings = part.findings
    streets = (findings["level"] == "street") & (findings["unit_id"] != "")
    inside = [f"{part.name}/{street}" for street in findings["unit_id"]]
    unit_id = findings["unit_id"].mask(streets, pd.Series(inside, index=findings.index))
    return replace(
        part,
        communities=communities.assign(district=part.name),
        findings=findings.assign(unit_id=unit_id),
    )


def _date(parts: Sequence[Assessment]) -> date | None:
    """Return the date that all parts describe; None if they differ."""
    dates = {part.as_of for part in parts}
    return dates.pop() if len(dates) == 1 else None


def _height_share(parts: Sequence[Assessment]) -> float | None:
    shares = [part.height_share for part in parts if part.height_share is not None]
    return min(shares, default=None)


def _own_warnings(parts: Sequence[Assessment], found: CityFindings) -> list[Note]:
    """Return what must be known of the whole, and of none of its parts."""
    notes = []
    if found.left_out:
        names = tuple(parts[0].standard.rule(rule).name for rule in found.left_out)
        notes.append(Note.of("batch.city_findings_left_out", rules=names))
    dates = Counter(part.as_of for part in parts)
    if len(dates) > 1:
        known = sorted(day.isoformat() for day in dates if day is not None)
        notes.append(Note.of("batch.city_dates", dates=tuple(known), unknown=dates[None]))
    return notes
