"""One community, rule by rule, from the files of a results folder: `circles explain`."""

import difflib
import json
import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from circles.errors import InputError
from circles.explain import (
    explain_finding,
    limit_word,
    number,
    one_line,
    required,
    share_range,
    verdict_word,
)
from circles.explain_finding import amount_words, finding_words, limit_words, reason_words
from circles.reports.rule_words import rule_words
from circles.standards.model import AccessRule, InventoryRule, Rule, Standard
from circles.tables import matching_key
from circles.texts import Bilingual, Texts, Value

Row = Mapping[Hashable, Any]

_RESULTS: Final = "results.json"
_MANIFEST: Final = "manifest.json"
_NEAREST: Final = 5
_ORDER: Final = ("not_met", "insufficient_data", "met", "not_applicable", "reported")


@dataclass(frozen=True)
class Results:
    """What a results folder says.

    Parameters
    ----------
    summary
        The content of ``results.json``; see `circles.reports.summary.summarise`.
    standard
        The standard that was applied, as ``manifest.json`` keeps it.
    """

    summary: Mapping[str, Any]
    standard: Standard

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Read a results folder.

        Raises
        ------
        InputError
            The folder holds no results, or those of another version.
        """
        summary, manifest = (_json(folder / name) for name in (_RESULTS, _MANIFEST))
        try:
            standard = Standard.model_validate(manifest["parameters"]["standard"])
            communities, findings = summary["communities"], summary["findings"]
        except (KeyError, TypeError, ValidationError) as error:
            message = (
                f"{folder}: the results are not those of this version of circles; run it again"
            )
            raise InputError(message) from error
        return cls({**summary, "communities": communities, "findings": findings}, standard)

    def community(self, wanted: str) -> str:
        """Return the id of the community with this id or name.

        Raises
        ------
        InputError
            There is none, or there are several; the nearest are named.
        """
        communities: Mapping[str, Row] = self.summary["communities"]
        if wanted in communities:
            return wanted
        key = matching_key(wanted)
        found = [i for i, own in communities.items() if matching_key(str(own["name"])) == key]
        if len(found) == 1:
            return found[0]
        if found:
            message = f"{wanted!r} is the name of {len(found)} communities; give the id of one: "
            raise InputError(message + self._listed(found))
        message = f"there is no community {wanted!r} in these results; the nearest: "
        raise InputError(message + self._listed(self._nearest(wanted)))

    def _nearest(self, wanted: str) -> list[str]:
        """Return the ids of the communities whose name or id is most like what was asked for."""
        key = matching_key(wanted)

        def likeness(item: tuple[str, Row]) -> float:
            name = matching_key(str(item[1]["name"]))
            alike = (difflib.SequenceMatcher(None, key, word).ratio() for word in (name, item[0]))
            return -max(*alike, float(bool(key) and key in name))

        ranked = sorted(self.summary["communities"].items(), key=likeness)
        return [community_id for community_id, _ in ranked[:_NEAREST]]

    def _listed(self, ids: list[str]) -> str:
        communities = self.summary["communities"]
        shown = []
        for community_id in ids[:_NEAREST]:
            own = communities[community_id]
            street = f", {one_line(str(own['street']))}" if own["street"] else ""
            shown.append(f"{community_id} ({one_line(str(own['name']))}{street})")
        return "; ".join(shown) + ("; …" if len(ids) > _NEAREST else "")


def record_lines(results: Results, community_id: str, texts: Texts) -> Iterator[str]:
    """Tell a community's circles and every rule that is about it, the worst first.

    Of each rule: the verdict, what was measured and what is short; what the rule asks; which
    sentence of which document it stands in; what is assumed; and what would change the verdict.

    Parameters
    ----------
    results
        A results folder that was read.
    community_id
        The community.
    texts
        The words of the reader's language.
    """
    own: Row = results.summary["communities"][community_id]
    yield _head(community_id, own, texts)
    yield from _tiers(own, results.standard, texts)
    entries = [*_access(own, results, texts), *_others(community_id, results, texts)]
    unlike = {(entry[0], entry[1].id, entry[2]): entry for entry in entries}.values()
    for verdict, rule, found, flip in sorted(unlike, key=lambda entry: _ORDER.index(entry[0])):
        yield ""
        word = verdict_word(verdict, texts)
        yield texts("record.verdict", verdict=word, found=found)
        yield texts("record.asks", asks=rule_words(rule, results.standard, texts))
        yield from _basis(rule, results.standard, texts)
        if flip:
            yield texts("record.flip", flip=flip)


#: A rule's verdict, the rule, what was found, and what would change the verdict.
_Entry = tuple[str, Rule, str, str]


def _head(community_id: str, own: Row, texts: Texts) -> str:
    parts = [
        one_line(str(own["name"])),
        community_id,
        texts(f"words.setting_one_{own['setting']}"),
        *(one_line(str(own[name])) for name in ("street", "district") if own[name]),
    ]
    return texts("record.separator").join(parts)


def _tiers(own: Row, standard: Standard, texts: Texts) -> Iterator[str]:
    for tier in standard.tiers:
        scores = own["scores"][tier.id]
        yield texts(
            "record.tier",
            tier=one_line(tier.name[texts.lang]),
            verdict=verdict_word(str(own["tiers"][tier.id]), texts),
            met=scores["met"],
            applied=scores["applied"],
        )


def _access(own: Row, results: Results, texts: Texts) -> Iterator[_Entry]:
    for rule in results.standard.access_rules:
        if rule.id in own["rules"]:
            row = _access_row(rule, own["rules"][rule.id])
            found = explain_finding(row, rule, texts)
            yield str(row["verdict"] or "reported"), rule, found, _flip_access(row, rule, texts)


def _access_row(rule: AccessRule, figures: Row) -> Row:
    """Return a verdict as a row of the table of verdicts; what has no range has one limit."""
    row: dict[Hashable, Any] = {
        **{f"strict_{name}": figures[name] for name in ("limit", "share_low", "share_high")},
        "strict_verdict": figures["verdict"],
        **dict.fromkeys(("open_share_low", "open_share_high", "open_known", "open_unknown")),
        **figures,
    }
    return row | {"kind": rule.kind, "group": rule.group, "min_share": rule.min_share}


def _flip_access(row: Row, rule: AccessRule, texts: Texts) -> str:
    """Say what would change a verdict of access."""
    verdict, unit = row["verdict"], str(row["unit"])
    if verdict is None:
        return ""
    if verdict == "not_applicable":
        return texts("explain.flip_nobody")
    if row["reason"] == "off_network_decides":
        share = share_range(
            row["share_low"], row["share_high"], texts, needed=number(rule.min_share)
        )
        return texts("explain.flip_open", share=share, needed=required(number(rule.min_share)))
    if verdict == "insufficient_data":
        return texts("explain.flip_data", reason=texts(f"reasons.{row['reason']}"))
    counted = {"people": "people", "floor_area_m2": "area_m2", "frontage_m": "frontage_m"}[unit]
    if verdict == "not_met":
        more = amount_words(math.ceil(number(row["shortfall"]) - 1e-9), counted, texts)
        limit = limit_word(number(row["limit"]), rule.kind, texts)
        return texts("explain.flip_more", amount=more, limit=limit)
    spare = (number(row["share_low"]) - number(rule.min_share)) * number(row["total"])
    fewer = amount_words(max(math.floor(spare + 1e-9), 0), counted, texts)
    return texts("explain.flip_fewer", amount=fewer)


def _others(community_id: str, results: Results, texts: Texts) -> Iterator[_Entry]:
    for rule in results.standard.rules:
        for row in _own_findings(rule, community_id, results):
            found = finding_words(row, results.standard, texts)
            if row["level"] != "community":
                unit = one_line(str(row["unit_name"])) or texts("words.no_unit")
                found = texts("record.of_unit", unit=unit, found=found)
            flip = _flip_other(row, results.standard, texts)
            yield str(row["verdict"] or "reported"), rule, found, flip


def _own_findings(rule: Rule, community_id: str, results: Results) -> list[Row]:
    """Return a rule's findings in the community, or else in the lowest unit that it is part of."""
    if isinstance(rule, AccessRule | InventoryRule):
        return []
    own = results.summary["communities"][community_id]
    district = own["district"] or ""
    units = {
        "community": community_id,
        "street": "/".join(word for word in (district, own["street"]) if word),
        "district": district or results.summary["name"],
        "city": results.summary["name"],
    }
    found = [row for row in results.summary["findings"] if row["rule_id"] == rule.id]
    for level, unit in units.items():
        here = [row for row in found if row["level"] == level and row["unit_id"] == unit]
        if here:
            return [_finding_row(row) for row in here]
    return []


def _finding_row(figures: Mapping[str, Any]) -> Row:
    """Return a finding as a row of the table of findings."""
    values = tuple((name, _gap(value)) for name, value in figures["reason_values"].items())
    return cast("Row", {**figures, "reason_values": values})


def _gap(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(cast("str | Bilingual", _gap(part)) for part in value)
    if isinstance(value, dict):
        return Bilingual.model_validate(value)
    return cast("Value", value)


def _flip_other(row: Row, standard: Standard, texts: Texts) -> str:
    """Say what would change a verdict of presence, of a ratio or of a size."""
    verdict, unit = row["verdict"], str(row["unit"])
    if verdict is None or verdict == "not_applicable":
        return ""
    if verdict == "insufficient_data":
        return texts("explain.flip_data", reason=reason_words(row, texts))
    short = number(row["shortfall"])
    if verdict == "not_met":
        key = "explain.flip_add" if short > 0 else "explain.flip_take"
        return texts(key, amount=amount_words(abs(short), unit, texts))
    low, high = number(row["required_low"]), number(row["required_high"])
    ends = [("below", low), ("above", high)]
    said = [
        texts(f"explain.flip_{word}", amount=limit_words(row, end, standard, texts))
        for word, end in ends
        if not math.isnan(end)
    ]
    return texts("explain.separator").join(said)


def _basis(rule: Rule, standard: Standard, texts: Texts) -> Iterator[str]:
    """Quote what the rule stands in, and name what is assumed in it."""
    for source in map(standard.source, rule.sources):
        place = source.place[texts.lang] if source.place else ""
        document = source.document[texts.lang]
        named = texts("explain.place", document=document, place=place) if place else document
        quote = texts("standards.quotation", quote=source.quote) if source.quote else ""
        status = texts(f"words.status_{source.status}")
        cited = texts("standards.source", named=named, status=status)
        yield texts("record.source", source=one_line(cited + quote))
    for assumption in map(standard.assumption, rule.assumptions):
        yield texts("record.assumed", what=one_line(assumption.text[texts.lang]))


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        message = f"{path}: there are no results here; name the folder that `circles run` wrote"
        raise InputError(message) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"{path}: not a file that circles wrote ({error}); run it again"
        raise InputError(message) from error
    if not isinstance(content, dict):
        message = f"{path}: not a file that circles wrote; run it again"
        raise InputError(message)
    return content
