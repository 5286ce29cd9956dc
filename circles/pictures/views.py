"""What a static map shows: the verdicts of a tier, or the coverage of one service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from circles.assessment import Assessment
from circles.explain import group_word, one_line, range_word, required
from circles.explain_finding import community_findings
from circles.maps.views import LOOKS, VERDICTS
from circles.maps.views import views as map_views
from circles.scoring import tier_verdict
from circles.standards.model import AccessRule
from circles.texts import Texts

_FIRST: Final = ord("a")


@dataclass(frozen=True)
class View:
    """What one map shows.

    Parameters
    ----------
    id
        The tier's or the rule's id; empty for all rules together.
    name
        What is shown, in words.
    detail
        For whom, within what limit, and how many must reach it; empty for a tier.
    looks
        The look of each community, by its place in `circles.maps.views.LOOKS`.
    legend
        Looks, their words and how many communities have them.
    services
        The services whose facilities are shown.
    rule
        The rule whose homes out of reach are shown; None for a tier.
    """

    id: str
    name: str
    detail: str
    looks: npt.NDArray[np.int64]
    legend: tuple[tuple[int, str, int], ...]
    services: tuple[str, ...]
    rule: AccessRule | None


Found = Sequence[Mapping[str, Any]]
"""What `circles.maps.views.views` returns."""


def tier_views(assessment: Assessment, texts: Texts, *, found: Found | None = None) -> list[View]:
    """Return a view of each tier; of all rules together for a standard without tiers.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    found
        The views of the interactive map, if they are known.
    """
    standard = assessment.standard
    if not standard.tiers:
        return [_all_rules(assessment, texts)]
    shown = map_views(assessment, texts) if found is None else found
    return [
        _view(tier.id, _end(data), name=one_line(data["name"]), detail=texts("charts.detail_tier"))
        for tier, data in zip(standard.tiers, shown, strict=False)
    ]


def service_views(
    assessment: Assessment, texts: Texts, *, found: Found | None = None
) -> list[View]:
    """Return a view of each rule of access that holds in some community.

    The parameters are those of `tier_views`.
    """
    standard = assessment.standard
    every = map_views(assessment, texts) if found is None else found
    rules = {standard.rules.index(rule): rule for rule in standard.access_rules}
    shown = [(rules[data["rules"][0]], data) for data in every[len(standard.tiers) :]]
    return [
        _view(
            rule.id,
            _end(data),
            name=one_line(rule.name[texts.lang]),
            detail=_detail(rule, texts),
            services=tuple(data["services"]),
            rule=rule,
        )
        for rule, data in shown
    ]


def _end(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how communities look by the lenient limits, for those whom a rule is for."""
    end: Mapping[str, Any] = data["groups"][0]["ends"][0]
    return end


def _view(
    view_id: str,
    end: Mapping[str, Any],
    *,
    name: str,
    detail: str,
    services: tuple[str, ...] = (),
    rule: AccessRule | None = None,
) -> View:
    looks = np.frombuffer(end["look"].encode("ascii"), dtype=np.uint8).astype(np.int64) - _FIRST
    counts = np.bincount(looks, minlength=len(LOOKS))
    legend = tuple((int(look), words, int(counts[look])) for look, words in end["legend"])
    return View(view_id, name, detail, looks, legend, services, rule)


def _all_rules(assessment: Assessment, texts: Texts) -> View:
    """Return how communities stand in all rules together, as if these were one tier."""
    found: dict[str, list[str]] = {}
    for table, key in (
        (assessment.verdicts, "community_id"),
        (community_findings(assessment.findings), "unit_id"),
    ):
        for community, verdict in zip(table[key], table["verdict"], strict=True):
            if verdict in VERDICTS:
                found.setdefault(str(community), []).append(str(verdict))
    looks = [
        VERDICTS.index(tier_verdict(found.get(str(community), [])))
        for community in assessment.communities.index
    ]
    end = {
        "look": "".join(chr(_FIRST + look) for look in looks),
        "legend": [(i, texts(f"words.verdict_{verdict}")) for i, verdict in enumerate(VERDICTS)],
    }
    return _view("", end, name=texts("charts.all_rules"), detail=texts("charts.detail_all_rules"))


def _detail(rule: AccessRule, texts: Texts) -> str:
    limits = texts("charts.and").join(
        texts(
            "charts.limit",
            place=texts(f"words.place_{place}"),
            limit=range_word(limit, rule.kind, texts),
        )
        for place, limit in rule.limits.items()
    )
    who = group_word(rule.group, texts)
    if rule.min_share is None:
        return texts("charts.detail_reported", group=who, limits=limits)
    return texts("charts.detail", group=who, limits=limits, needed=required(rule.min_share))
