"""The two or three sentences a reader remembers: worst services, largest gap, weakest street."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, cast

from circles.assessment import Assessment
from circles.explain import one_line, percent
from circles.reports.gap_lines import ranked_gaps, shortfall_word
from circles.texts import Texts

Row = Mapping[Hashable, Any]

_SERVICES = 3


def key_points(assessment: Assessment, texts: Texts) -> list[str]:
    """Return what stands out, as sentences; none where nothing was found not met.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    return [
        *_services(assessment, texts),
        *_largest(assessment, texts),
        *_weakest_street(assessment, texts),
    ]


def _services(assessment: Assessment, texts: Texts) -> Iterator[str]:
    """Name the services that most communities lack; of equal ones the standard's first."""
    verdicts = assessment.verdicts
    missed = verdicts.loc[verdicts["verdict"] == "not_met", "rule_id"].value_counts()
    standard = assessment.standard
    order = [rule.id for rule in standard.access_rules if rule.id in missed.index]
    worst = sorted(order, key=lambda rule: -int(missed[rule]))[:_SERVICES]
    if worst:
        named = [
            texts(
                "briefing.point_service",
                service=one_line(standard.access_rule(rule).name[texts.lang]),
                count=int(missed[rule]),
            )
            for rule in worst
        ]
        yield texts("briefing.point_services", services=texts("briefing.and").join(named))


def _largest(assessment: Assessment, texts: Texts) -> Iterator[str]:
    """Name the largest gap of people; there is none to compare where people are not counted."""
    gaps = ranked_gaps(assessment)
    gaps = gaps[gaps["unit"] == "people"]
    if gaps.empty:
        return
    row = cast("Row", gaps.iloc[0].to_dict())
    rule = assessment.standard.access_rule(str(row["rule_id"]))
    yield texts(
        "briefing.point_gap",
        community=one_line(str(assessment.communities.loc[row["community_id"], "name"])),
        service=one_line(rule.name[texts.lang]),
        short=shortfall_word(row, texts),
    )


def _weakest_street(assessment: Assessment, texts: Texts) -> Iterator[str]:
    """Name the street with the largest share of communities that do not meet the first tier.

    Communities that lack data are not held against a street.
    """
    standard, table = assessment.standard, assessment.unit_scores
    if table.empty or not standard.tiers:
        return
    tier = standard.tiers[0]
    streets = table[(table["level"] == "street") & (table["tier"] == tier.id)]
    shares: list[tuple[float, int, int, str]] = []
    for row in cast("list[Row]", streets.to_dict("records")):
        missed = int(row["not_met"])
        counted = int(row["met"]) + missed + int(row["insufficient_data"])
        if counted:
            shares.append((missed / counted, missed, counted, str(row["unit_name"])))
    if not shares or max(shares)[0] == min(shares)[0]:
        return
    share, missed, counted, name = max(shares, key=lambda street: street[:2])
    yield texts(
        "briefing.point_street",
        street=one_line(name) or texts("words.no_unit"),
        tier=one_line(tier.name[texts.lang]),
        missed=missed,
        count=counted,
        share=percent(share),
    )
