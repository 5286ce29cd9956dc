"""What stands above all tables: of what place, by which standard, and how much was found."""

from collections import Counter
from collections.abc import Iterator

from circles.assessment import Assessment
from circles.check.words import clean
from circles.explain import one_line
from circles.texts import Texts

Fact = tuple[str, str]
"""A label and what it is."""


def overview_facts(assessment: Assessment, texts: Texts) -> list[Fact]:
    """Return the place, standard and dates, and the counts of communities, targets and gaps.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    return [*about_facts(assessment, texts), *_count_facts(assessment, texts)]


def about_facts(assessment: Assessment, texts: Texts) -> Iterator[Fact]:
    """Return the place, the standard, its issuer and the dates."""
    standard = assessment.standard
    yield texts("workbook.place"), clean(one_line(assessment.name))
    yield texts("workbook.standard"), f"{one_line(standard.name[texts.lang])} ({standard.id})"
    yield texts("workbook.issuer"), one_line(standard.issuer[texts.lang])
    if standard.deadline:
        yield texts("workbook.deadline"), standard.deadline.isoformat()
    if assessment.as_of:
        yield texts("workbook.data_date"), assessment.as_of.isoformat()
    if not assessment.walked:
        yield texts("no_network.ground"), texts("no_network.notice")
    if assessment.fictional:
        yield texts("words.fictional"), texts("words.fictional_note")


def _count_facts(assessment: Assessment, texts: Texts) -> Iterator[Fact]:
    communities = assessment.communities
    settings = Counter(communities["setting"])
    yield (
        texts("workbook.communities_counted"),
        texts(
            "workbook.by_setting",
            count=f"{len(communities):,}",
            urban=f"{settings['urban']:,}",
            rural=f"{settings['rural']:,}",
        ),
    )
    yield texts("workbook.population"), _residents(assessment, texts)
    yield (
        texts("workbook.facilities_counted"),
        texts(
            "workbook.facilities_of",
            count=f"{assessment.facilities['facility_id'].nunique():,}",
            services=assessment.facilities["service"].nunique(),
        ),
    )
    yield texts("workbook.targets_counted"), _verdict_counts(assessment, texts)
    yield texts("workbook.gaps_counted"), _gap_counts(assessment, texts)
    yield (
        texts("workbook.warnings_counted"),
        texts("workbook.warnings_of", count=len(assessment.warnings)),
    )


def _residents(assessment: Assessment, texts: Texts) -> str:
    known = assessment.communities["population"].dropna()
    without = len(assessment.communities) - len(known)
    if known.empty:
        return texts("workbook.residents_unknown")
    total = f"{known.sum():,.0f}"
    return texts("workbook.residents_but", total=total, count=without) if without else total


def _verdict_counts(assessment: Assessment, texts: Texts) -> str:
    verdicts = Counter(assessment.rollups["verdict"])
    return texts(
        "workbook.targets_of",
        count=len(assessment.rollups),
        met=verdicts["met"],
        not_met=verdicts["not_met"],
        unknown=verdicts["insufficient_data"],
    )


def _gap_counts(assessment: Assessment, texts: Texts) -> str:
    if not assessment.walked:
        return texts("no_network.unknown")
    failed = assessment.verdicts[assessment.verdicts["verdict"] == "not_met"]
    if failed.empty:
        return texts("workbook.none")
    return texts(
        "workbook.gaps_of",
        count=f"{len(failed):,}",
        communities=f"{failed['community_id'].nunique():,}",
    )
