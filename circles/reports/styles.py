"""How QGIS draws the layers of the results: in the colours of the map, with a legend in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from circles.assessment import Assessment
from circles.explain import limit_word, one_line, profile_word, required, verdict_word
from circles.facilities import load_catalogue
from circles.reports import qml
from circles.reports.geopackage import Style
from circles.standards.model import AccessRule
from circles.texts import Texts

#: The colours of the map, by its names for them; a test holds them together.
COLOURS: Final[Mapping[str, str]] = {
    "met": "#8fcfd1",
    "not-met": "#d0602f",
    "insufficient": "#f4f1ea",
    "not-applicable": "#ffffff",
    "half-missed": "#b8431a",
    "most-reached": "#eda77b",
    "passed": "#a9dbdb",
    "all-reached": "#4fa9ae",
    "quarter-1": "#f1eef6",
    "quarter-2": "#bdb5da",
    "quarter-3": "#8d83bd",
    "quarter-4": "#5f5399",
    "border": "#55534d",
    "gap": "#6d1243",
    "reach-ink": "#3b2c85",
}
_HATCH: Final = "#9a9588"
_OTHER: Final = "#52606d"
_VERDICTS: Final[Mapping[str, str]] = {
    "met": "met",
    "not_met": "not-met",
    "insufficient_data": "insufficient",
    "not_applicable": "not-applicable",
}
_DEFAULT: Final = "circles"
_ROUNDING: Final = 1e-9
# What QGIS shows over a feature: expressions that escape what stands in the tables.
_ESCAPE: Final = "map('&', '&amp;', '<', '&lt;')"
_NAME: Final = f'<b>[% replace("name", {_ESCAPE}) %]</b>'
_LINES: Final = f"[% replace(replace(\"explanation\", {_ESCAPE}), '\\n', '<br>') %]"
_TIP: Final = f"{_NAME}<br>{_LINES}"
_NEED: Final = {"service": '[% "service" %]', "minutes": '[% "minutes" %]'}


def layer_styles(
    assessment: Assessment, *, aliases: Mapping[str, Mapping[str, str]], texts: Texts
) -> Iterator[Style]:
    """Return the styles of all layers, the default of each before its others.

    Communities are coloured by the verdict of the standard's first tier, and have a style more for
    each other tier and for the coverage by each rule. Homes out of reach and isochrones show one
    rule or need, and the others when they are ticked.

    Parameters
    ----------
    assessment
        The run.
    aliases
        What the columns are called, by layer and column.
    texts
        The words of the legend's language.
    """
    about = _about(assessment, texts)
    yield from _communities(assessment, aliases["communities"], about, texts)
    facilities = qml.document(
        _facilities(assessment, texts), "marker", tip=_NAME, aliases=aliases["facilities"]
    )
    yield Style("facilities", _DEFAULT, facilities, about, default=True)
    reach = texts("layers.reach", **_NEED)
    isochrones = qml.document(
        _isochrones(assessment, texts), "fill", tip=reach, aliases=aliases["isochrones"]
    )
    yield Style("isochrones", _DEFAULT, isochrones, about, default=True)
    gaps = qml.document(_gaps(assessment, texts), "marker", aliases=aliases["gaps"])
    yield Style("gaps", _DEFAULT, gaps, about, default=True)


def _about(assessment: Assessment, texts: Texts) -> str:
    said = [texts("words.fictional")] if assessment.fictional else []
    return " ".join([*said, *([] if assessment.walked else [texts("no_network.notice")])])


def _communities(
    assessment: Assessment, aliases: Mapping[str, str], about: str, texts: Texts
) -> Iterator[Style]:
    standard = assessment.standard
    renderers = [
        *((tier.name[texts.lang], _verdicts(f"tier_{tier.id}", texts)) for tier in standard.tiers),
        *(
            (texts("layers.coverage", rule=rule.name[texts.lang]), _coverage(rule, texts))
            for rule in standard.access_rules
        ),
    ]
    for number, (name, renderer) in enumerate(renderers):
        first = number == 0
        # The others speak of colours alone: names of columns stay when one of them is chosen.
        told = qml.document(
            renderer, "fill", tip=_TIP if first else "", aliases=aliases if first else None
        )
        title = one_line(name)
        about_it = f"{title} {about}".strip()
        yield Style("communities", _DEFAULT if first else title, told, about_it, default=first)


def _verdicts(attribute: str, texts: Texts) -> ET.Element:
    categories = [
        qml.Category(verdict, verdict_word(verdict, texts), _area(look))
        for verdict, look in _VERDICTS.items()
    ]
    return qml.by_category(attribute, categories, "fill")


def _coverage(rule: AccessRule, texts: Texts) -> ET.Element:
    """Return the classes of the map: of what must be reached, enough is told from too little."""
    verdict, low = qml.column(f"{rule.id}_verdict"), qml.column(f"{rule.id}_share_low")
    if rule.min_share is None:
        classes = [
            (
                f"quarter-{n}",
                texts(f"map.class_quarter_{n}"),
                f"{verdict} IS NULL AND {_quarter(low, n)}",
            )
            for n in (4, 3, 2, 1)
        ]
        total = qml.column(f"{rule.id}_total")
        unknown = f"{verdict} = 'insufficient_data' OR ({low} IS NULL AND {total} IS NOT NULL"
        unknown += f" AND {verdict} IS NULL)"
    else:
        classes = list(_judged(rule.min_share, verdict, low, texts))
        unknown = f"{verdict} = 'insufficient_data'"
    rules = [qml.Rule(label, test, _area(look)) for look, label, test in classes]
    for name, test in (("insufficient_data", unknown), ("not_applicable", qml.ELSE)):
        rules.append(qml.Rule(verdict_word(name, texts), test, _area(_VERDICTS[name])))
    return qml.by_rules(rules, "fill")


def _judged(needed: float, verdict: str, low: str, texts: Texts) -> Iterator[tuple[str, str, str]]:
    """Return look, label and test of each class of a share that is asked for."""
    half = 0.5 if needed > 0.5 else needed / 2
    words = {"needed": required(needed), "half": required(half)}
    met, missed = f"{verdict} = 'met'", f"{verdict} = 'not_met'"
    everybody = 1 - _ROUNDING
    yield "all-reached", texts("map.class_all"), f"{met} AND {low} >= {everybody!r}"
    if needed < 1:
        yield "passed", texts("map.class_passed", **words), f"{met} AND {low} < {everybody!r}"
    yield "most-reached", texts("map.class_most", **words), f"{missed} AND {low} >= {half!r}"
    yield "half-missed", texts("map.class_half", **words), f"{missed} AND {low} < {half!r}"


def _quarter(low: str, number: int) -> str:
    first, last = (number - 1) / 4 - _ROUNDING, number / 4 - _ROUNDING
    tests = [*([f"{low} >= {first!r}"] if number > 1 else [])]
    tests += [f"{low} < {last!r}"] if number < 4 else []
    return " AND ".join(tests)


def _area(look: str) -> qml.Symbol:
    solid = qml.solid(COLOURS[look], outline=COLOURS["border"], width_mm=0.2, opacity=0.8)
    return (solid, qml.hatched(_HATCH)) if look == "insufficient" else (solid,)


def _facilities(assessment: Assessment, texts: Texts) -> ET.Element:
    present = set(assessment.facilities["service"])
    marks = [
        qml.Category(key, service.name[texts.lang], _mark(service.colour))
        for key, service in load_catalogue().items()
        if key in present
    ]
    other = qml.Category("", texts("layers.other_services"), _mark(_OTHER))
    return qml.by_category("service", [*marks, other], "marker")


def _mark(colour: str) -> qml.Symbol:
    return (qml.mark("circle", colour, size_mm=2.6),)


def _isochrones(assessment: Assessment, texts: Texts) -> ET.Element:
    """Return a rule a need and profile, with its limits below it; the first one is shown."""
    table = assessment.isochrones
    needs = dict.fromkeys(zip(table["service"], table["profile"], strict=True))
    several = len({service for service, _ in needs}) < len(needs)
    rules = []
    for number, (service, profile) in enumerate(needs):
        own = table[(table["service"] == service) & (table["profile"] == profile)]
        need = _need_word(str(service), assessment, texts)
        walked = texts("map.need_profile", need=need, profile=profile_word(str(profile), texts))
        rules.append(
            qml.Rule(
                walked if several else need,
                f"{qml.column('service')} = {qml.literal(str(service))}"
                f" AND {qml.column('profile')} = {qml.literal(str(profile))}",
                parts=tuple(_limits(sorted(set(own["minutes"])), texts)),
                shown=number == 0,
            )
        )
    return qml.by_rules(rules, "fill")


def _limits(limits: Sequence[float], texts: Texts) -> Iterator[qml.Rule]:
    for place, limit in enumerate(limits):
        ink = qml.outlined(COLOURS["reach-ink"], width_mm=0.5, dashed=place > 0)
        test = f"{qml.column('minutes')} = {float(limit)!r}"
        yield qml.Rule(limit_word(limit, "time_threshold", texts), test, (ink,))


def _need_word(service: str, assessment: Assessment, texts: Texts) -> str:
    """Return what a need is called: in the catalogue, or else by the first rule that has it."""
    known = load_catalogue().get(service)
    named = [rule.name for rule in assessment.standard.access_rules if rule.service == service]
    names = [*([known.name] if known else []), *named]
    return one_line(names[0][texts.lang]) if names else service


def _gaps(assessment: Assessment, texts: Texts) -> ET.Element:
    """Return a rule a rule of the standard that leaves homes out; the first one is shown."""
    present = set(assessment.gaps["rule_id"].unique())
    rules = [rule for rule in assessment.standard.access_rules if rule.id in present]
    return qml.by_rules(
        [
            qml.Rule(
                one_line(rule.name[texts.lang]),
                f"{qml.column('rule_id')} = {qml.literal(rule.id)}",
                parts=tuple(_homes(rule, texts)),
                shown=number == 0,
            )
            for number, rule in enumerate(rules)
        ],
        "marker",
    )


def _homes(rule: AccessRule, texts: Texts) -> Iterator[qml.Rule]:
    beyond, colour = qml.column("beyond"), COLOURS["gap"]
    solid = qml.mark("square", colour, size_mm=1.4)
    yield qml.Rule(texts("layers.gap_beyond"), beyond, (solid,))
    if rule.has_range:
        hollow = qml.mark("square", "#ffffff", size_mm=1.4, outline=colour)
        yield qml.Rule(texts("layers.gap_strict"), f"NOT {beyond}", (hollow,))
