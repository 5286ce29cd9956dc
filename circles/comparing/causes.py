"""Why a figure differs: what differs between two runs and can bear on it, and nothing else.

What the runs are made of is on record, and the same things give the same figures. A cause is named
where an input of its kind differs and can reach the figure: a facility beyond the distance that
anybody walks within the limit cannot. Where there is one, it is the cause. Where there are several,
all are named, since two runs alone cannot tell them apart; but for a share that a rule asks for,
which can be applied to the figures of either run.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from circles.comparing.facilities import Places, places_of
from circles.comparing.folder import Figures, Finding, Run, Walker
from circles.comparing.model import ordered
from circles.comparing.sources import Sources
from circles.scoring import judge
from circles.standards.model import AccessRule
from circles.texts import Note

#: Downhill, Tobler's function lets people walk at most 1.2 times as fast as on the level.
_TOBLER_FASTEST: Final = 0.83
#: Lengths of the local system are true to 0.05 %; nobody comes farther than this.
_SPARE: Final = 1.01
#: Reasons that speak of a layer as a whole, wherever its facilities are.
_OF_LAYER: Final = frozenset({"layer_missing", "layer_empty", "layer_off_network"})
_MEASURED: Final = frozenset({"share_reached", "share_missed", "off_network_decides"})
_MOST_NAMED: Final = 3


@dataclass(frozen=True)
class Reason:
    """Causes in order, and what speaks for each."""

    notes: Mapping[str, tuple[Note, ...]]

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes."""
        return ordered(self.notes)

    def evidence(self, causes: Iterable[str]) -> tuple[Note, ...]:
        """Return what speaks for some causes."""
        return tuple(note for cause in causes for note in self.notes.get(cause, ()))


@dataclass(frozen=True)
class Split:
    """What a rule that asks for another share, and nothing else, has to do with a verdict.

    Parameters
    ----------
    old_rule_verdict
        What the new figures give by the old rule.
    new_rule_verdict
        What the old figures give by the new rule.
    part
        ``"standard"``, ``"data"``, ``"either"`` or ``"both"``.
    """

    old_rule_verdict: str | None
    new_rule_verdict: str | None
    part: str


@dataclass(frozen=True)
class Clues:
    """What differs between two runs, ready to be asked about one figure after another.

    Parameters
    ----------
    old, new
        The runs.
    sources
        What they were made of.
    facilities
        The rows of the table of facilities.
    outlines
        Old ids of the communities whose outline differs.
    """

    old: Run
    new: Run
    sources: Sources
    facilities: tuple[Mapping[str, Any], ...]
    outlines: frozenset[str]

    def of_access(
        self,
        pair: tuple[str, str],
        rules: tuple[AccessRule, AccessRule],
        *,
        minutes_only: bool,
        total_only: bool,
    ) -> Reason:
        """Return what can have changed the figures of a rule in a community.

        Parameters
        ----------
        pair
            The community's old and new id.
        rules
            The old and the new rule.
        minutes_only
            Whether the same people are in reach, and only how far they walk differs.
        total_only
            Whether the same shares are in reach in the same time, of another number of people:
            facilities have no part in that, and streets none where people were counted.
        """
        figures = self._figures(pair, rules[0].id)
        found: dict[str, list[Note]] = {}
        same_limit = figures[0].limit == figures[1].limit
        if self.sources.measures_otherwise(rules[0].id, same_limit=same_limit):
            found["standard"] = [Note.of("comparing.why_standard")]
        found |= self._of_place(pair, figures)
        if total_only:
            if {one.unit for one in figures} == {"people"}:
                found.pop("streets", None)
            return self._reason(found)
        services = frozenset(rules[0].services) | frozenset(rules[1].services)
        if near := self._near(pair, rules, services, figures, minutes_only=minutes_only):
            found["facilities"] = near
        return self._reason(found)

    def _figures(self, pair: tuple[str, str], rule_id: str) -> tuple[Figures, Figures]:
        return (
            self.old.summary.communities[pair[0]].rules[rule_id],
            self.new.summary.communities[pair[1]].rules[rule_id],
        )

    def of_finding(
        self,
        pair: tuple[str, str] | None,
        findings: tuple[Finding, Finding],
        services: frozenset[str],
        *,
        walked: bool,
    ) -> Reason:
        """Return what can have changed what a rule of presence, ratio or size finds in a unit.

        Parameters
        ----------
        pair
            The community's old and new id; None for a unit above it.
        findings
            What was found in the old run and in the new one.
        services
            The services that the rule counts.
        walked
            Whether walking has a part in it.
        """
        old, new = findings
        found: dict[str, list[Note]] = {}
        if new.rule_id in self.sources.rules:
            found["standard"] = [Note.of("comparing.why_standard")]
        if walked:
            found |= self._named_all("streets", "people", "communities")
        elif None not in {old.denominator, new.denominator}:
            found |= self._of_ratio(old, new, services)
            return self._reason(found)
        elif not services or pair is None:
            found |= self._named_all("communities")
        if pair is not None and (own := self._community(pair)):
            found["communities"] = own
        if services and (moved := self._moved(services)):
            found["facilities"] = moved
        return self._reason(found)

    def _named_all(self, *causes: str) -> dict[str, list[Note]]:
        return {cause: [self._named(cause)] for cause in causes if self.sources.differ(cause)}

    def _of_ratio(
        self, old: Finding, new: Finding, services: frozenset[str]
    ) -> dict[str, list[Note]]:
        """Return which side of a ratio differs: the facilities above, or the people below."""
        found: dict[str, list[Note]] = {}
        if old.denominator != new.denominator:
            ends = {"old": f"{old.denominator:,.0f}", "new": f"{new.denominator:,.0f}"}
            found["people"] = [Note.of("comparing.why_total", **ends)]
        if old.numerator != new.numerator:
            if services and (moved := self._moved(services)):
                found["facilities"] = moved
            else:
                found |= self._named_all("communities")
        return found

    def _moved(self, services: frozenset[str]) -> list[Note]:
        """Return notes of the facilities of some services that are not as before."""
        rows = places_of(self.facilities, services).rows
        return [*_facility_notes(row for row in rows if row["status"] != "renamed")]

    def _reason(self, found: Mapping[str, Iterable[Note]]) -> Reason:
        """Return causes in order; a version where it differs, and libraries where nothing else."""
        every = {cause: tuple(notes) for cause, notes in found.items()}
        if self.sources.differ("software"):
            every["software"] = (self._named("software"),)
        elif not every and self.sources.differ("libraries"):
            every["software"] = (self._named("libraries"),)
        if not every:
            every["unknown"] = (Note.of("comparing.why_unknown"),)
        return Reason(every)

    def _named(self, cause: str) -> Note:
        return Note.of(f"comparing.why_{cause}", what=self.sources.named(cause))

    def _of_place(
        self, pair: tuple[str, str], figures: tuple[Figures, Figures]
    ) -> dict[str, list[Note]]:
        """Return what differs of the streets and of the community itself."""
        found: dict[str, list[Note]] = {}
        if self.sources.differ("streets"):
            found["streets"] = [self._named("streets")]
        if people := self._people(pair, figures):
            found["people"] = people
        if own := self._community(pair):
            found["communities"] = own
        return found

    def _people(self, pair: tuple[str, str], figures: tuple[Figures, Figures]) -> list[Note]:
        """Return what differs of who lives there and where."""
        notes = [self._named("people")] if self.sources.differ("people") else []
        told = notes or self.sources.differ("communities") or not self.sources.differ("streets")
        if not told:  # buildings come from the same extract as streets: it alone is to blame
            return []
        if _counted(figures[0]) != _counted(figures[1]):
            totals = ((one.total or 0.0) for one in figures)
            old, new = (f"{total:,.0f}" for total in totals)
            return [*notes, Note.of("comparing.why_total", old=old, new=new)]
        homes = [own[name] for own, name in zip(self._homes, pair, strict=True)]
        if homes[0] != homes[1] and not self.sources.differ("streets"):
            notes.append(Note.of("comparing.why_homes", old=homes[0][1], new=homes[1][1]))
        return notes

    def _community(self, pair: tuple[str, str]) -> list[Note]:
        """Return what differs of the community's outline, setting and zone."""
        ours, theirs = (
            run.summary.communities[name]
            for run, name in zip((self.old, self.new), pair, strict=True)
        )
        notes = [Note.of("comparing.why_outline")] if pair[0] in self.outlines else []
        if (ours.setting, ours.zone) != (theirs.setting, theirs.zone):
            notes.append(Note.of("comparing.why_setting"))
        return notes

    @cached_property
    def _homes(self) -> tuple[dict[str, tuple[Any, ...]], ...]:
        """Where people are known from and how many homes there are, by community."""
        columns = ["demand_source", "demand_points"]
        return tuple(
            dict(
                zip(
                    run.homes.index,
                    run.homes[columns].itertuples(index=False, name=None),
                    strict=True,
                )
            )
            for run in (self.old, self.new)
        )

    # ---- facilities ------------------------------------------------------------------------------

    def _near(
        self,
        pair: tuple[str, str],
        rules: tuple[AccessRule, AccessRule],
        services: frozenset[str],
        figures: tuple[Figures, Figures],
        *,
        minutes_only: bool,
    ) -> list[Note]:
        """Return notes of the facilities that changed and that somebody there could walk to."""
        places = self._places.setdefault(services, places_of(self.facilities, services))
        if not places.rows:
            return []
        metres = self._metres(pair, places)
        reach_m = max(
            self._reach_m(run, rule, one, minutes_only=minutes_only)
            for run, rule, one in zip((self.old, self.new), rules, figures, strict=True)
        )
        if {one.reason for one in figures} & _OF_LAYER:
            reach_m = np.inf
        return [
            *_facility_notes(
                places.rows[i]
                for i in np.argsort(metres, kind="stable")
                if metres[i] <= reach_m and places.rows[i]["status"] not in {"renamed", "details"}
            )
        ]

    @cached_property
    def _places(self) -> dict[frozenset[str], Places]:
        return {}

    def _metres(self, pair: tuple[str, str], places: Places) -> np.ndarray:
        """Return how far the facilities are from the community's homes, at least."""
        boxes = (self._boxes[0][pair[0]], self._boxes[1][pair[1]])
        before, after = (places.metres_from(box) for box in boxes)
        return np.asarray(np.minimum(before, after))

    @cached_property
    def _boxes(self) -> tuple[dict[str, tuple[float, float, float, float]], ...]:
        return tuple(
            dict(zip(run.homes.index, map(tuple, run.homes.bounds.to_numpy()), strict=True))
            for run in (self.old, self.new)
        )

    def _reach_m(
        self, run: Run, rule: AccessRule, figures: Figures, *, minutes_only: bool
    ) -> float:
        """Return how far a facility that matters can be, as the crow flies, at most."""
        cost = figures.worst_cost if minutes_only else figures.limit
        if cost is None:
            return np.inf
        if rule.kind == "distance_threshold":
            return cost * _SPARE
        told = run.manifest.parameters
        sloped = told.height_share is not None
        return cost * 60.0 * _SPARE * _fastest_m_s(told.profiles[rule.profile], sloped=sloped)


def _counted(figures: Figures) -> tuple[str, bool, float]:
    return figures.unit, figures.group_assumed, round(figures.total or 0.0, 6)


def _fastest_m_s(walker: Walker, *, sloped: bool) -> float:
    """Return the greatest speed at which somebody gets on anywhere."""
    speed = max(walker.speed_m_s, walker.steps_speed_m_s, walker.ferry_speed_m_s)
    if not sloped:
        return speed
    if isinstance(walker.slope, str):
        return speed / _TOBLER_FASTEST
    return speed / min([1.0, *(factor for _, factor in walker.slope)])


def _facility_notes(rows: Iterable[Mapping[str, Any]]) -> Iterator[Note]:
    """Yield a note for each of the nearest rows, and how many more there are."""
    every = list(rows)
    for row in every[:_MOST_NAMED]:
        name = row["name_new"] if row["name_new"] is not None else row["name_old"]
        yield Note.of(f"comparing.why_facility_{row['status']}", name=str(name))
    if len(every) > _MOST_NAMED:
        yield Note.of("comparing.why_facility_more", count=len(every) - _MOST_NAMED)


def split_verdict(
    old: Figures, new: Figures, shares: tuple[float | None, float | None]
) -> Split | None:
    """Apply the share that each rule asks for to the figures of the other run.

    This is exact: the share that is asked for decides nothing but the verdict.

    Parameters
    ----------
    old, new
        The figures of a rule in a community.
    shares
        What the old rule asks for, and the new one.

    Returns
    -------
    Split or None
        None where the verdicts do not rest on shares.
    """
    if None in shares or not {old.reason, new.reason} <= _MEASURED:
        return None
    old_rule, new_rule = _judged(new, shares[0]), _judged(old, shares[1])
    by_data, by_standard = old_rule != old.verdict, new_rule != old.verdict
    parts = {
        (True, True): "either",
        (True, False): "data",
        (False, True): "standard",
        (False, False): "both",
    }
    return Split(old_rule, new_rule, parts[by_data, by_standard])


def _judged(figures: Figures, min_share: float | None) -> str | None:
    total = figures.total or 0.0
    return judge(
        min_share=min_share,
        total=total,
        covered_low=(figures.share_low or 0.0) * total,
        covered_high=(figures.share_high or 0.0) * total,
        unit=figures.unit,
    ).verdict
