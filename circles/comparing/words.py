"""What a comparison holds, in words that can be shown anywhere, whatever the tables hold."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from circles.check.words import clean, say
from circles.comparing.model import (
    METRES_TOLERANCE,
    MINUTES_TOLERANCE,
    PEOPLE_TOLERANCE,
    SHARE_TOLERANCE,
    Comparison,
    Side,
)
from circles.explain import (
    number,
    percent,
    required,
    service_word,
    truthful_decimals,
    verdict_word,
)
from circles.standards.model import AccessRule, Rule
from circles.texts import Bilingual, Texts

Row = Mapping[str, Any]
#: Why verdicts differ where a rule asks for another share.
_SPLITS: Final = ("standard", "data", "either", "both")


def title(comparison: Comparison, texts: Texts) -> str:
    """Return what is compared, as a heading."""
    if comparison.districts:
        return texts("comparing.title_districts", count=len(comparison.districts))
    return texts("comparing.title", name=clean(comparison.new.name))


def about(comparison: Comparison, texts: Texts) -> str:
    """Say of which dates, by which standards and programs the two runs are."""
    ends = {end: _side(getattr(comparison, end), texts) for end in ("old", "new")}
    return texts("comparing.about", **ends)


def _side(side: Side, texts: Texts) -> str:
    values = {
        "standard": clean(side.standard.name[texts.lang]),
        "when": clean(side.as_of) if side.as_of else texts("comparing.no_date"),
        "version": clean(side.version),
    }
    if not side.name:
        return texts("comparing.side_districts", **values)
    return texts("comparing.side", name=clean(side.name), **values)


def headline(comparison: Comparison, texts: Texts) -> str:
    """Say in a sentence how much got better and worse."""
    table = comparison.verdicts
    compared = f"{comparison.compared:,}"
    figures = (table, comparison.tiers, comparison.targets, comparison.findings)
    if all(part.empty for part in figures):
        key = "nothing" if comparison.is_empty else "same"
        return texts(f"comparing.{key}", compared=compared)
    counts = {name: int((table["direction"] == name).sum()) for name in ("better", "worse", "open")}
    shown = {name: f"{count:,}" for name, count in counts.items()}
    return texts("comparing.headline", compared=compared, **shown)


def remarks(comparison: Comparison, texts: Texts) -> list[str]:
    """Return what is to be known beside the headline."""
    table, lines = comparison.verdicts, []
    turned = table[table["verdict_old"] != table["verdict_new"]]
    if not turned.empty:
        counts = {name: int((turned["direction"] == name).sum()) for name in ("better", "worse")}
        lines.append(texts("comparing.verdicts_line", **counts))
    lines += [
        texts(f"comparing.{name}", names=_list(map(clean, getattr(comparison, name)), texts))
        for name in ("only_old", "only_new", "without")
        if getattr(comparison, name)
    ]
    if comparison.old.fictional or comparison.new.fictional:
        lines.append(texts("comparing.fictional"))
    return lines


def tolerance_line(texts: Texts) -> str:
    """Say which differences count as none."""
    return texts(
        "comparing.tolerance",
        share=f"{SHARE_TOLERANCE * 100:g}",
        people=f"{PEOPLE_TOLERANCE:g}",
        minutes=f"{MINUTES_TOLERANCE:g}",
        metres=f"{METRES_TOLERANCE:g}",
    )


def _list(names: Iterable[str], texts: Texts) -> str:
    return texts("cli.list_separator").join(names)


# ---- why -----------------------------------------------------------------------------------------


def why(row: Row, texts: Texts) -> str:
    """Say why a row differs: one cause with what speaks for it, or several that nobody can part."""
    evidence = texts("comparing.separator").join(say(note, texts) for note in row["evidence"])
    causes = _several(row["causes"], texts)
    if row.get("split") in _SPLITS:
        data = row["figure_causes"]
        words = _several(data, texts) if row["split"] == "data" else _causes(data, texts)
        verdict = verdict_word(str(row["old_rule_verdict"]), texts)
        causes = texts(f"comparing.split_{row['split']}", causes=words, verdict=verdict)
    elif "reason_old" not in row:  # a circle or a target: each rule may have causes of its own
        causes = _causes(row["causes"], texts)
    return texts("comparing.cause_because", cause=causes, evidence=evidence) if evidence else causes


def _several(causes: Iterable[str], texts: Texts) -> str:
    """Return one cause, or several with the word that nobody can part them."""
    named = tuple(causes)
    key = "cause_several" if len(named) > 1 else "cause_one"
    return texts(f"comparing.{key}", causes=_causes(named, texts))


def _causes(causes: Iterable[str], texts: Texts) -> str:
    return _list((cause_word(cause, texts) for cause in causes), texts)


def input_word(cause: str, texts: Texts) -> str:
    """Return what kind of thing differs between two runs."""
    return texts(f"comparing.input_{cause}")


def cause_word(cause: str, texts: Texts) -> str:
    """Return the word for a cause."""
    return texts(f"comparing.cause_{cause}")


# ---- figures -------------------------------------------------------------------------------------


def rule_of(rule_id: str, comparison: Comparison) -> Rule | None:
    """Return a rule as the new standard has it, or else the old one."""
    for standard in (comparison.new.standard, comparison.old.standard):
        for rule in standard.rules:
            if rule.id == rule_id:
                return rule
    return None


def rule_word(rule_id: str, comparison: Comparison, texts: Texts) -> str:
    """Return a rule's name; one that neither standard has keeps its id."""
    rule = rule_of(rule_id, comparison)
    return clean(rule.name[texts.lang]) if rule else clean(rule_id)


def tier_word(tier_id: str, comparison: Comparison, texts: Texts) -> str:
    """Return a circle's name; one that neither standard has keeps its id."""
    for standard in (comparison.new.standard, comparison.old.standard):
        for tier in standard.tiers:
            if tier.id == tier_id:
                return clean(tier.name[texts.lang])
    return clean(tier_id)


def change(row: Row, name: str, shown: Callable[[Any], str], texts: Texts) -> str:
    """Return a figure before and now, once where it looks the same."""
    old, new = shown(row[f"{name}_old"]), shown(row[f"{name}_new"])
    return old if old == new else texts("comparing.arrow", old=old, new=new)


def verdict_change(row: Row, texts: Texts) -> str:
    """Return a verdict before and now."""
    return change(row, "verdict", lambda value: verdict_word({"verdict": value}, texts), texts)


def share_change(row: Row, texts: Texts) -> str:
    """Return a coverage before and now, each with a decimal and on its side of what is asked."""
    old, new = (
        _range(row[f"share_low_{end}"], row[f"share_high_{end}"], row[f"min_share_{end}"], texts)
        for end in ("old", "new")
    )
    return old if old == new else texts("comparing.arrow", old=old, new=new)


def _range(low: object, high: object, needed: object, texts: Texts) -> str:
    asked = number(needed)
    ends = [share_word(end, 1.0 if math.isnan(asked) else asked) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else texts("explain.range", low=ends[0], high=ends[1])


def share_word(share: object, needed: float) -> str:
    """Return a share as a percentage with one decimal, or as many as tell the truth."""
    value = number(share)
    if math.isnan(value):
        return percent(share)
    decimals = truthful_decimals(value, needed=needed, least=1, most=2)
    return percent(value, needed=needed) if decimals is None else f"{value * 100:.{decimals}f}%"


def count_word(value: object) -> str:
    """Return a number of people or of what stands in for them."""
    figure = number(value)
    return "–" if math.isnan(figure) else f"{figure:,.0f}"


def value_word(value: object) -> str:
    """Return any figure, with no more than two decimals."""
    figure = number(value)
    return "–" if math.isnan(figure) else f"{figure:,.2f}".rstrip("0").rstrip(".")


def cost_change(row: Row, comparison: Comparison, texts: Texts) -> str:
    """Return the minutes or metres that half of a group walks, before and now."""
    rule = rule_of(str(row["rule_id"]), comparison)
    metres = isinstance(rule, AccessRule) and rule.kind == "distance_threshold"
    key, shape = ("words.metres", "{:,.0f}") if metres else ("words.minutes", "{:.1f}")

    def shown(value: object) -> str:
        cost = number(value)
        return "–" if math.isnan(cost) else texts(key, value=shape.format(cost))

    return change(row, "median", shown, texts)


def people_change(row: Row, name: str, texts: Texts) -> str:
    """Return a number of what a rule counts, before and now, with the unit if it is not people."""

    def shown(end: str) -> str:
        unit, count = row.get(f"unit_{end}", row.get("unit")), count_word(row[f"{name}_{end}"])
        plain = unit == "people" or count == "–"
        return count if plain else texts(f"comparing.count_{unit}", value=count)

    old, new = shown("old"), shown("new")
    return old if old == new else texts("comparing.arrow", old=old, new=new)


def place_word(row: Row, name: str, comparison: Comparison, texts: Texts) -> str:
    """Return the name of a community or a unit, with its district where there are several."""
    own = clean(str(row[name])) if row[name] else texts("words.no_unit")
    if not comparison.districts:
        return own
    return texts("comparing.in_district", district=clean(str(row["district"])), name=own)


# ---- targets, inputs, facilities, communities ----------------------------------------------------


def target_word(row: Row, comparison: Comparison, texts: Texts) -> str:
    """Return what a target counts, and where."""
    if row["tier"]:
        what = tier_word(str(row["tier"]), comparison, texts)
    else:
        what = rule_word(str(row["rule_id"]), comparison, texts)
    counted = str(row["counted"])
    key = f"words.units_{counted}"
    if counted == "community":
        key = f"words.setting_{row['setting'] or 'all'}"
    where = clean(str(row["unit_name"])) if row["unit_name"] else ""
    if comparison.districts and not row["district"]:
        where = texts("comparing.whole_area")
    parts = (where, texts.words.get(key, clean(counted)), what)
    return " · ".join(part for part in parts if part)


def target_counts(row: Row, texts: Texts) -> str:
    """Return how many meet a target, before and now."""

    def shown(end: str) -> str:
        met, of, unknown = (row[f"{n}_{end}"] for n in ("met", "denominator", "insufficient"))
        if met is None:
            return "–"
        key = "of_open" if unknown else "of"
        return texts(f"comparing.{key}", met=met, of=of, open=unknown)

    old, new = shown("old"), shown("new")
    return old if old == new else texts("comparing.arrow", old=old, new=new)


def needed_change(row: Row, texts: Texts) -> str:
    """Return the share a target asks for, before and now."""
    return change(row, "min_share", lambda value: "–" if value is None else required(value), texts)


def input_parts(row: Row, comparison: Comparison, texts: Texts) -> tuple[str, str, str, str]:
    """Return what kind of thing an input is, its name, and what it was and is."""
    kind, name = str(row["kind"]), clean(str(row["name"]))
    if kind == "rule":
        name = rule_word(str(row["name"]), comparison, texts)
    elif kind == "tier":
        name = tier_word(str(row["name"]), comparison, texts)
    ends = [_input_value(row[end], texts) for end in ("old", "new")]
    if ends[0] == ends[1]:
        before = ends[0] if kind == "file" else ""
        ends = [before, texts("comparing.contents")]
    return texts(f"comparing.kind_{kind}"), name, ends[0], ends[1]


def _input_value(value: object, texts: Texts) -> str:
    if isinstance(value, Bilingual):
        return clean(value[texts.lang], longest=400)
    return texts("comparing.absent") if value is None else clean(str(value))


def facility_name(row: Row, texts: Texts) -> str:
    """Return a facility's name, its old one too where it has another."""
    old, new = (row[f"name_{end}"] for end in ("old", "new"))
    shown = [
        clean(str(name)) or texts("comparing.unnamed") for name in (old, new) if name is not None
    ]
    same = len(set(shown)) == 1
    return shown[0] if same else texts("comparing.arrow", old=shown[0], new=shown[-1])


def facility_service(row: Row, texts: Texts) -> str:
    """Return a facility's service, its old one too where it has another."""
    services = [row[f"service_{end}"] for end in ("old", "new")]
    shown = [clean(service_word(str(one), texts)) for one in services if one is not None]
    same = len(set(shown)) == 1
    return shown[0] if same else texts("comparing.arrow", old=shown[0], new=shown[-1])


def facility_change(row: Row, texts: Texts) -> str:
    """Say what happened to a facility."""
    words = texts(f"comparing.status_{row['status']}")
    moved = number(row["moved_m"])
    if row["status"] == "moved" and moved >= METRES_TOLERANCE:
        by = texts("comparing.moved_by", metres=f"{moved:,.0f}")
        return texts("comparing.separator").join((words, by))
    return words


def community_changes(row: Row, texts: Texts) -> str:
    """Say what is other about a community than before."""
    if row["status"] != "changed":
        return texts(f"comparing.community_{row['status']}")
    said = []
    if row["name_old"] != row["name_new"]:
        said.append(texts("comparing.renamed", name=clean(str(row["name_old"]))))
    if row["id_old"] != row["id_new"]:
        said.append(texts("comparing.recoded", id=clean(str(row["id_old"]))))
    if row["setting_old"] != row["setting_new"]:
        ends = {end: setting_word(row[f"setting_{end}"], texts) for end in ("old", "new")}
        said.append(texts("comparing.setting", **ends))
    old, new = (count_word(row[f"population_{end}"]) for end in ("old", "new"))
    if old != new:
        said.append(texts("comparing.people", old=old, new=new))
    if row["outline_changed"]:
        said.append(texts("comparing.outline"))
    return texts("comparing.separator").join(said)


def setting_word(setting: object, texts: Texts) -> str:
    """Return the word for a setting."""
    return texts.words.get(f"words.setting_one_{setting}", clean(str(setting)))
