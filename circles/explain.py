"""Verdicts in one line each: what was found, what was asked, and by which document."""

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import SupportsFloat

import pandas as pd

from circles.assessment import Assessment
from circles.facilities import load_catalogue
from circles.standards.model import AccessRule, Rule, Standard
from circles.standards.parts import Range
from circles.texts import Texts

_ORDER = ("not_met", "insufficient_data", "met", "not_applicable", "reported")
_TOLERANCE = 1e-9
_MEASURED = ("share_reached", "share_missed", "off_network_decides", "reported")
"""Reasons that speak of a share that was found; with the others there is none to tell of."""
_SAID = ("off_network_decides", "reported")
"""Those of them that are not told by the figures themselves."""


def explain_verdict(
    verdict: Mapping[Hashable, object], assessment: Assessment, texts: Texts, *, basis: str = ""
) -> str:
    """Explain one verdict in one line.

    Parameters
    ----------
    verdict
        A row of `assessment.verdicts`.
    assessment
        The run the verdict belongs to.
    texts
        The words of the reader's language.
    basis
        What `explain_basis` says of its rule, where many verdicts of it are explained.
    """
    rule = assessment.standard.access_rule(str(verdict["rule_id"]))
    documents = basis or explain_basis(rule, assessment.standard, texts)
    return sentence((explain_finding(verdict, rule, texts), documents), texts)


def explain_finding(verdict: Mapping[Hashable, object], rule: AccessRule, texts: Texts) -> str:
    """Say what was found and why that is the verdict, without the rule's document.

    Parameters
    ----------
    verdict
        A row of the verdicts.
    rule
        The rule it was judged by.
    texts
        The words of the reader's language.
    """
    reason = str(verdict["reason"])
    clauses: tuple[str, ...] = (texts(f"reasons.{reason}"),)
    if reason in _MEASURED:
        clauses = (
            _coverage(verdict, texts),
            *(clauses if reason in _SAID else ()),
            _shortfall(verdict, texts),
            _strictly(verdict, texts),
            _open_until(verdict, rule, texts),
            _distance(verdict, texts),
            _map_edge(verdict, texts),
            _stand_in(verdict, texts),
        )
    found = _join(clauses, texts)
    return texts("explain.finding", service=one_line(rule.name[texts.lang]), found=found)


def explain_basis(rule: Rule, standard: Standard, texts: Texts) -> str:
    """Name the documents a rule stands in and what is assumed in it; empty if neither is known.

    Parameters
    ----------
    rule
        A rule of the standard.
    standard
        The standard.
    texts
        The words of the reader's language.
    """
    assumed = [standard.assumption(key).text[texts.lang] for key in rule.assumptions]
    documents = documents_word(rule.sources, standard, texts)
    clauses = (
        texts("explain.rule", documents=documents) if documents else "",
        texts("explain.assumed", what=_join(assumed, texts)) if assumed else "",
    )
    return _join(clauses, texts)


def explain_community(community_id: str, assessment: Assessment, texts: Texts) -> tuple[str, ...]:
    """Explain all verdicts of a community, the worst first.

    Parameters
    ----------
    community_id
        The community's id; one that has no verdict gives no lines.
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    table = assessment.verdicts
    own = worst_first(table[table["community_id"] == community_id])
    return tuple(explain_verdict(row, assessment, texts) for row in own.to_dict("records"))


def worst_first(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Sort verdicts: not met by the share that is missing, insufficient, met, not applicable.

    Parameters
    ----------
    verdicts
        Rows of the verdicts; they keep their index.
    """
    keys = pd.DataFrame(
        {
            "order": verdicts["verdict"].fillna("reported").map(_ORDER.index).astype("int64"),
            "missing": -(verdicts["shortfall"] / verdicts["total"]).fillna(0.0),
        },
        index=verdicts.index,
    )
    return verdicts.loc[keys.sort_values(["order", "missing"], kind="stable").index]


def verdict_word(verdict: Mapping[Hashable, object] | str, texts: Texts) -> str:
    """Return the word for a verdict, given as the verdict itself or a row that holds one."""
    value = verdict if isinstance(verdict, str) else verdict["verdict"]
    return texts(f"words.verdict_{value if isinstance(value, str) else 'reported'}")


def group_word(group: str, texts: Texts) -> str:
    """Return the words for a group of people such as ``"all"``, ``"60+"`` or ``"0-3"``."""
    if group == "all":
        return texts("words.group_all")
    first, dash, last = group.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        kind = "infants" if int(last) <= 3 else "children" if int(last) < 18 else "between"
        return texts(f"words.group_{kind}", first=first, last=last)
    age = group.removesuffix("+")
    if age.isdecimal() and age != group:
        return texts("words.group_elders" if int(age) >= 60 else "words.group_from", age=age)
    return texts("words.group_other", group=one_line(group))


def unit_word(unit: str, texts: Texts) -> str:
    """Return the words for what a coverage is a share of: people, floor area or frontage."""
    return texts(f"words.unit_{unit}")


def profile_word(profile: str, texts: Texts) -> str:
    """Return the words for a walking profile; one that has none keeps its id."""
    return texts.words.get(f"words.profile_{profile}", profile)


def service_word(service: str, texts: Texts) -> str:
    """Return the catalogue's name for a service; one that it does not know keeps its id."""
    known = load_catalogue().get(service)
    return known.name[texts.lang] if known else service


def limit_word(limit: float, kind: str, texts: Texts) -> str:
    """Return a rule's limit with its unit.

    Parameters
    ----------
    limit
        Minutes or metres.
    kind
        The rule's kind, which tells which of the two.
    texts
        The words of the reader's language.
    """
    if kind == "time_threshold":
        return texts("words.minutes", value=f"{limit:g}")
    if limit < 1000:
        return texts("words.metres", value=f"{limit:g}")
    return texts("words.kilometres", value=f"{limit / 1000:g}")


def range_word(limit: Range, kind: str, texts: Texts) -> str:
    """Return a limit with its unit, both ends of it where it is a range."""
    ends = [limit_word(end, kind, texts) for end in limit]
    if limit.strict == limit.lenient:
        return ends[0]
    return texts("explain.range", low=ends[0], high=ends[1])


def score_word(score: object, scored: object, counted: object, texts: Texts) -> str:
    """Return a circle score, with over how many it is a mean where that is not over all.

    Parameters
    ----------
    score
        0-100, or missing.
    scored, counted
        Of how many rules (or communities) the score is a mean, and how many there are.
    texts
        The words of the reader's language.
    """
    value = number(score)
    if math.isnan(value):
        return "–"
    # Rounded down: only all rules met at every community are 100.
    shown = f"{math.floor(value * 10 + _TOLERANCE) / 10:.1f}"
    if number(scored) >= number(counted):
        return shown
    return texts("words.score_of_some", score=shown, scored=scored, counted=counted)


def cost_word(cost: float, kind: str, texts: Texts, *, provable: float = math.inf) -> str:
    """Return a time or distance with its unit, rounded up so that it never looks within a limit.

    Parameters
    ----------
    cost
        Minutes or metres; NaN or infinite where there is no way.
    kind
        The rule's kind, which tells which of the two.
    texts
        The words of the reader's language.
    provable
        The cost within which nothing beyond the map's edge can be nearer; a greater one, or one
        without a way, is given as "> provable".
    """
    if not math.isnan(provable) and not cost <= provable:
        return texts(
            "words.more_than", value=limit_word(_step(provable, kind, up=False), kind, texts)
        )
    if not math.isfinite(cost):
        return texts("words.no_way")
    return limit_word(_step(cost, kind, up=True), kind, texts)


def percent(share: object, *, needed: float = 1.0) -> str:
    """Return a share as a percentage that stands on the same side of `needed` as the share.

    Whole percents where they tell the truth, one decimal where they do not; a share that just
    fails is rounded down rather than shown as passing. Only nobody is "0%", only all is "100%".

    Parameters
    ----------
    share
        0-1; a missing one gives a dash.
    needed
        The share that must be reached, 0-1.
    """
    value = number(share)
    if math.isnan(value):
        return "–"
    decimals = truthful_decimals(value, needed=needed, most=1)
    if decimals is not None:
        return f"{_rounded(value * 100, decimals):.{decimals}f}%"
    if value < 0.001:
        return "<0.1%"
    down = value < needed - _TOLERANCE or value > 0.99
    tenths = math.floor(value * 1000) if down else math.ceil(value * 1000)
    return f"{tenths / 10:.1f}%"


def truthful_decimals(
    share: float, *, needed: float = 1.0, least: int = 0, most: int
) -> int | None:
    """Return with how few decimals a share's percentage is on the side of `needed` it belongs to.

    Parameters
    ----------
    share
        0-1.
    needed
        The share that must be reached, 0-1.
    least, most
        How many decimals may be tried; if none of them tells the truth, the answer is None.
    """
    points, target = share * 100, needed * 100
    tries = range(least, most + 1)
    return next((n for n in tries if _truthful(_rounded(points, n), points, target)), None)


def required(share: float) -> str:
    """Return the share a rule or target asks for, as a percentage exactly as it is written."""
    return f"{share * 100:.6g}%"


def share_range(low: object, high: object, texts: Texts, *, needed: float = 1.0) -> str:
    """Return the range between two shares as percentages, one of them where they look alike.

    Parameters
    ----------
    low, high
        0-1, or missing.
    texts
        The words of the reader's language.
    needed
        The share that must be reached; see `percent`.
    """
    first, last = percent(low, needed=needed), percent(high, needed=needed)
    return first if first == last else texts("explain.range", low=first, high=last)


def documents_word(sources: tuple[str, ...], standard: Standard, texts: Texts) -> str:
    """Return the documents of some sources of a standard, each once, with the places in it."""
    both = texts("explain.and")
    places: dict[str, dict[str, None]] = {}
    for source in (standard.source(key) for key in sources):
        own = places.setdefault(source.document[texts.lang], {})
        if source.place:
            own.update(dict.fromkeys(source.place[texts.lang].split(both)))
    return both.join(
        texts("explain.place", document=document, place=both.join(own)) if own else document
        for document, own in places.items()
    )


def one_line(text: str) -> str:
    """Return a text without line breaks and doubled spaces."""
    return " ".join(text.split())


def _rounded(points: float, decimals: int) -> float:
    """Round as spreadsheets do, halves up."""
    scale = 10.0**decimals
    return math.floor(points * scale + 0.5 + _TOLERANCE) / scale


def _truthful(shown: float, points: float, target: float) -> bool:
    same_side = (shown >= target - _TOLERANCE) == (points >= target - _TOLERANCE)
    all_of_them = shown < 100 or points >= 100 - _TOLERANCE
    none_of_them = shown > 0 or points <= 0
    return same_side and all_of_them and none_of_them


def _coverage(verdict: Mapping[Hashable, object], texts: Texts) -> str:
    needed = number(verdict["min_share"])
    asked = not math.isnan(needed)
    ends = (verdict["share_low"], verdict["share_high"])
    values = {
        "share": share_range(*ends, texts, needed=needed if asked else 1.0),
        "limit": limit_word(number(verdict["limit"]), str(verdict["kind"]), texts),
        "needed": texts("explain.needs", needed=required(needed)) if asked else "",
    }
    unit = str(verdict["unit"])
    if unit != "people":
        return texts("explain.coverage_stand_in", unit=unit_word(unit, texts), **values)
    group = "all" if verdict["group_assumed"] else str(verdict["group"])
    total = f"{number(verdict['total']):,.0f}"
    return texts("explain.coverage", total=total, group=group_word(group, texts), **values)


def _shortfall(verdict: Mapping[Hashable, object], texts: Texts) -> str:
    missing = number(verdict["shortfall"])
    if not missing > 0:
        return ""
    value = f"{math.ceil(missing - _TOLERANCE):,}"
    return texts(f"explain.short_{verdict['unit']}", value=value)


def _strictly(verdict: Mapping[Hashable, object], texts: Texts) -> str:
    """Say what the strict end of a range would give; nothing where there is one limit."""
    strict = number(verdict["strict_limit"])
    if not strict < number(verdict["limit"]):
        return ""
    needed = number(verdict["min_share"])
    ends = (verdict["strict_share_low"], verdict["strict_share_high"])
    asked = not math.isnan(needed)
    words = texts(
        "explain.strict",
        limit=limit_word(strict, str(verdict["kind"]), texts),
        share=share_range(*ends, texts, needed=needed if asked else 1.0),
    )
    if not asked:
        return words
    return texts(
        "explain.strict_verdict",
        words=words,
        verdict=verdict_word(str(verdict["strict_verdict"]), texts),
    )


def _open_until(verdict: Mapping[Hashable, object], rule: AccessRule, texts: Texts) -> str:
    """Say who is covered by the facilities that are still open at the rule's hour."""
    known, unknown = (number(verdict[f"open_{name}"]) for name in ("known", "unknown"))
    if rule.open_until is None or math.isnan(known):
        return ""
    ends = (verdict["open_share_low"], verdict["open_share_high"])
    words = texts(
        "explain.open",
        time=rule.open_until,
        count=f"{known:.0f}",
        share=share_range(*ends, texts, needed=rule.min_share or 1.0),
    )
    if not unknown:
        return words
    return texts("explain.open_unknown", words=words, count=f"{unknown:.0f}")


def _distance(verdict: Mapping[Hashable, object], texts: Texts) -> str:
    met = verdict["verdict"] == "met"
    if not met and not number(verdict["out_of_reach"]) > 0:
        return ""
    kind, provable = str(verdict["kind"]), number(verdict["provable_cost"])
    cost = number(verdict["median_cost" if met else "beyond_median_cost"])
    if not math.isfinite(cost) and math.isnan(provable):
        return texts("explain.no_way")
    near = verdict["nearest_facility"]
    name = one_line(near) if isinstance(near, str) else ""
    key = "explain.half" if met else "explain.beyond"
    words = texts(key, cost=cost_word(cost, kind, texts, provable=provable))
    return texts("explain.named", words=words, facility=name) if name else words


def _map_edge(verdict: Mapping[Hashable, object], texts: Texts) -> str:
    beyond = number(verdict["provable_cost"]) < number(verdict["limit"])
    return texts("explain.map_edge") if beyond and verdict["verdict"] == "not_met" else ""


def _stand_in(verdict: Mapping[Hashable, object], texts: Texts) -> str:
    unit, group = str(verdict["unit"]), group_word(str(verdict["group"]), texts)
    if unit == "people" and not verdict["group_assumed"]:
        return ""
    return texts(f"explain.stand_in_{unit}", group=group)


def sentence(clauses: Iterable[str], texts: Texts) -> str:
    """Return clauses as one sentence; empty ones are left out."""
    return texts("explain.sentence", clauses=_join(clauses, texts))


def _join(clauses: Iterable[str], texts: Texts) -> str:
    bare = [one_line(clause).rstrip(".。") for clause in clauses if clause]
    return texts("explain.separator").join([clause for clause in bare if clause])


def _step(cost: float, kind: str, *, up: bool) -> float:
    size = 1 if kind == "time_threshold" else 10 if cost < 1000 else 100
    steps = math.ceil(cost / size - _TOLERANCE) if up else math.floor(cost / size + _TOLERANCE)
    return float(steps * size)


def number(value: object) -> float:
    """Return a figure of a table as a number, NaN where it is missing."""
    if isinstance(value, float):  # asked first: protocols take long to look at
        return float(value)
    return float(value) if isinstance(value, SupportsFloat) else math.nan
