"""The bundled standards: their figures, what each figure rests on, and the words of documents."""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest

from circles.facilities import load_catalogue
from circles.standards import Standard, load_standard, standard_ids
from circles.standards.model import (
    CapacityRule,
    InventoryRule,
    PresenceRule,
    UnitRule,
)
from circles.standards.parts import Range

ALL = [load_standard(standard_id) for standard_id in standard_ids()]
GUANGZHOU = load_standard("guangzhou-1530")
CHINESE = re.compile("[\u4e00-\u9fff]")
#: Documents of other bodies, of which no text is kept: nothing may be quoted from them.
UNQUOTED = {"gb50180-2018", "tdt1063-2021", "shanghai-15min", "itdp-pedestrians-first"}

every = pytest.mark.parametrize("standard", ALL, ids=[standard.id for standard in ALL])


# ---- all of them ---------------------------------------------------------------------------------


def test_the_bundled_standards() -> None:
    """Guangzhou, two national ones, Kunming twice, Taizhou, Shanghai, and one for anywhere."""
    assert standard_ids() == (
        *("gb50180-2018", "guangzhou-1530", "itdp-pedestrians-first", "kunming-community"),
        *("kunming-elder-meals", "shanghai-15min", "taizhou-2023", "tdt1063-2021"),
    )
    assert [standard.id for standard in ALL] == list(standard_ids())


@every
def test_services_are_in_the_catalogue(standard: Standard) -> None:
    """What a bundled standard asks for can be found."""
    for rule in standard.rules:
        if isinstance(rule, CapacityRule):
            services = rule.numerator.services
        else:
            services = () if isinstance(rule, UnitRule) else rule.services
        assert set(services) <= set(load_catalogue())


@every
def test_a_quotation_is_of_a_policy_document_and_of_nothing_else(standard: Standard) -> None:
    """Policy sources quote a kept document; what is second-hand or remembered quotes nothing."""
    for source in standard.sources:
        assert (source.quote is not None) == (source.status == "policy"), source.id
        assert (source.file is not None) == (source.status == "policy"), source.id
    if standard.id in UNQUOTED:
        assert {source.status for source in standard.sources} <= {
            *("verified", "secondary", "assumed"),
        }


@every
def test_what_is_remembered_says_so(standard: Standard) -> None:
    """A source that nobody read says in both languages that it is from memory and unverified."""
    for source in standard.sources:
        if source.status == "assumed":
            assert source.place is not None
            assert "凭记忆" in source.place.zh
            assert "未经核实" in source.place.zh
            assert "from memory, unverified" in source.place.en


@every
def test_every_part_rests_on_something(standard: Standard) -> None:
    """Every rule, tier and target names what it rests on, and nothing named is left unused."""
    parts = (*standard.rules, *standard.tiers, *standard.targets)
    for part in parts:
        assert part.sources, part.id
    counts = [c for rule in standard.of_kind(InventoryRule) for c in rule.also]
    used = {key for p in (*parts, *counts, *standard.assumptions) for key in p.sources}
    assert {source.id for source in standard.sources} == used | set(standard.settings.sources)
    assumed = {key for part in parts for key in part.assumptions}
    assumed |= set(standard.settings.assumptions)
    assert {assumption.id for assumption in standard.assumptions} == assumed
    assert standard.not_evaluated


@every
def test_pass_shares_and_paces_are_assumed_unless_a_document_sets_them(standard: Standard) -> None:
    """No document says which share of a community must be reached, nor how fast people walk."""
    for rule in standard.access_rules:
        if rule.min_share == 0.85 and standard.id != "shanghai-15min":
            assert "pass-share" in rule.assumptions, rule.id
        if rule.kind == "time_threshold":
            pace = {"adult-speed", "senior-speed", "elder-any"}
            assert pace & set(rule.assumptions), rule.id


@every
def test_both_languages(standard: Standard) -> None:
    """Chinese texts are in Chinese, and English ones are not."""
    texts = [standard.name, standard.issuer, *standard.not_evaluated]
    texts += [part.name for part in (*standard.rules, *standard.tiers)]
    texts += [assumption.text for assumption in standard.assumptions]
    texts += [source.document for source in standard.sources]
    texts += [source.place for source in standard.sources if source.place]
    assert [text for text in texts if not text.zh.strip() or not text.en.strip()] == []
    marked = re.compile("村改居")  # a word of the community table, which is Chinese
    assert [t.en for t in texts if CHINESE.search(marked.sub("", t.en))] == []
    named = [standard.name, *(part.name for part in (*standard.rules, *standard.tiers))]
    assert [text.zh for text in named if not CHINESE.search(text.zh)] == []


@every
def test_a_chinese_sentence_has_chinese_punctuation(standard: Standard) -> None:
    """Outside of quotations, commas and brackets between Chinese characters are full-width."""
    half_width = re.compile(r"[\u3400-\u9fff}”][,;:!?()]|[,;:!?()][\u3400-\u9fff“]")
    texts = [assumption.text.zh for assumption in standard.assumptions]
    texts += [text.zh for text in standard.not_evaluated]
    texts += [part.name.zh for part in (*standard.rules, *standard.tiers)]
    assert [text for text in texts if half_width.search(text)] == []


@every
def test_a_standard_written_as_the_manifest_has_it_is_the_same(standard: Standard) -> None:
    """What a run keeps of its standard can be read again, pairs and dates included."""
    kept = json.dumps(standard.model_dump(mode="json", exclude_none=True, by_alias=True))
    assert Standard.model_validate(json.loads(kept)) == standard


# ---- Guangzhou -----------------------------------------------------------------------------------


def test_guangzhou_limits() -> None:
    """The circles have the limits of the plan: 15 and 30 minutes, 10 minutes, 10 li."""
    rule = GUANGZHOU.access_rule
    assert rule("gov_service").limits == {"urban": Range(15, 15), "rural": Range(30, 30)}
    assert rule("culture-urban").limits == {"urban": Range(10, 10)}
    assert rule("culture-rural").limits == {"rural": Range(5000, 5000)}
    assert rule("sports-urban").max_minutes == {"urban": 10}
    assert rule("sports-rural").max_metres == {"rural": 5000}
    assert rule("elder_care").limits == {
        "central": Range(10, 15),
        "outer": Range(20, 25),
        "rural": Range(30, 30),
    }
    assert {rule.min_share for rule in GUANGZHOU.access_rules} == {0.85}


def test_guangzhou_groups_and_profiles() -> None:
    """Services for elders are for people of 60 and over who walk as elders do."""
    by_group = {rule.id: (rule.group, rule.profile) for rule in GUANGZHOU.access_rules}
    assert {by_group[k] for k in ("elder_meal", "elder_station", "elder_care")} == {
        ("60+", "senior")
    }
    assert by_group["childcare"] == ("0-3", "adult")
    assert by_group["police"] == ("all", "adult")


def test_guangzhou_tiers() -> None:
    """The quality circle asks for all of the convenience circle and five services more."""
    convenience, quality = (
        [GUANGZHOU.access_rule(rule.id).service for rule in GUANGZHOU.tier_rules(tier)]
        for tier in ("convenience", "quality")
    )
    assert set(convenience) == {
        *("party_service", "gov_service", "health", "elder_meal", "culture", "sports", "police"),
    }
    assert quality[: len(convenience)] == convenience
    assert quality[len(convenience) :] == [
        *("elder_station", "social_work", "childcare", "children_home", "volunteer"),
    ]


def test_guangzhou_holds_in_both_settings() -> None:
    """Every service of a tier has one rule, and only one, in each setting."""
    rules = [GUANGZHOU.access_rule(rule.id) for rule in GUANGZHOU.tier_rules("quality")]
    for setting in ("urban", "rural"):
        services = [rule.service for rule in rules if rule.limit_in(setting)]
        assert len(services) == len(set(services)) == 12


def test_guangzhou_targets() -> None:
    """The shares that the plan asks for, by the end of its period; presence everywhere."""
    shares = {(t.tier, t.setting): t.min_share for t in GUANGZHOU.targets if t.of.tier}
    assert shares == {
        ("convenience", "urban"): 0.9,
        ("convenience", "rural"): 0.5,
        ("quality", "urban"): 0.5,
        ("quality", "rural"): 0.1,
    }
    present = {t.of.rule: t.min_share for t in GUANGZHOU.targets if t.of.rule}
    assert present == {rule.id: 1.0 for rule in GUANGZHOU.of_kind(PresenceRule)}
    assert {target.deadline for target in GUANGZHOU.targets} == {date(2025, 12, 31)}


def test_guangzhou_presence() -> None:
    """A centre in each street, a station in each community, a social-work place in both."""
    rules = {(rule.service, rule.per): rule.min for rule in GUANGZHOU.of_kind(PresenceRule)}
    assert rules == dict.fromkeys(
        [
            *(("elder_centre", "street"), ("elder_station", "community")),
            *(("social_work", "street"), ("social_work", "community")),
            *(("party_service", "community"), ("culture", "community")),
            *(("child_protection", "street"), ("disability", "street")),
        ],
        1,
    )


def test_guangzhou_ratios() -> None:
    """5.8 places per 1,000, 32 m² per 100 households, 18 workers per 10,000 twice, 1 per 300."""
    ratios = {rule.id: rule for rule in GUANGZHOU.of_kind(CapacityRule)}
    figures = {
        key: (rule.min, rule.per, [d.column for d in rule.denominators])
        for key, rule in ratios.items()
    }
    assert figures == {
        "nursery-places": (5.8, 1000, ["population"]),
        "service-area": (32, 100, ["households"]),
        "workers-10000": (18, 10000, ["population_urban", "population"]),
        "workers-300-households": (1, 300, ["households"]),
    }
    places = ratios["nursery-places"]
    assert (places.strength, places.numerator.services) == ("strive", ("childcare",))
    assert places.catchment is not None
    assert GUANGZHOU.access_rule(places.catchment.rule).group == "0-3"
    assert {rule.strength for rule in ratios.values()} == {"strive", "required"}


def test_guangzhou_inventories() -> None:
    """What the plan counts, with the other counts of the same things beside."""
    counts = {rule.id.removeprefix("inventory-"): rule for rule in GUANGZHOU.of_kind(InventoryRule)}
    assert {key: rule.count for key, rule in counts.items()} == {
        "elder_meal": 1036,
        "social_work": 203,
        "police": 1981,
        "elder_centre": 174,
        "elder_activity": 1460,
        "children_home": 2712,
        "legal": 2942,
        "council_hall": 2759,
        "streets": 176,
        "communities": 2759,
        "villages": 1144,
        "districts": 11,
    }
    assert [(c.count, c.as_of.year) for c in counts["social_work"].also] == [
        *((188, 2018), (176, 2023)),
    ]
    assert counts["villages"].setting == "rural"


def test_guangzhou_says_what_it_rests_on() -> None:
    """Every rule, tier and target of the plan names a sentence of it first."""
    for part in (*GUANGZHOU.rules, *GUANGZHOU.tiers, *GUANGZHOU.targets):
        assert GUANGZHOU.status(part) == "policy", part.id
    for rule in GUANGZHOU.access_rules:
        assert ("walking" in rule.assumptions) != (rule.kind == "distance_threshold")


# ---- the others ----------------------------------------------------------------------------------


def test_gb50180() -> None:
    """Radii by circle; what rests on memory is assumed; no circle takes in a smaller one."""
    standard = load_standard("gb50180-2018")
    known = {rule.id for rule in standard.rules if standard.status(rule) == "secondary"}
    assert known == {"kindergarten", "primary_school", "middle_school"}
    assert all(
        "memory" in rule.assumptions
        for rule in standard.rules
        if standard.status(rule) == "assumed"
    )
    limits = {rule.id: rule.limits["urban"] for rule in standard.access_rules}
    assert limits["kindergarten"] == (300, 300)
    assert limits["primary_school"] == (500, 500)
    assert limits["middle_school"] == (1000, 1000)
    assert limits["health_centre"] == limits["culture-centre"] == (800, 1000)
    assert [tier.extends for tier in standard.tiers] == [None] * 3
    assert all(set(rule.limits) == {"urban"} for rule in standard.access_rules)


def test_tdt1063_reports_and_does_not_judge() -> None:
    """Its nine rates of coverage have no share to reach."""
    standard = load_standard("tdt1063-2021")
    assert {rule.min_share for rule in standard.access_rules} == {None}
    limits = {rule.id: rule.limits["urban"].strict for rule in standard.access_rules}
    assert limits == {
        "health": 15,
        "elder_care": 5,
        "culture": 15,
        "sports": 15,
        "primary_school": 10,
        "middle_school": 15,
        "market": 10,
        "rail_station": 800,
        "hospital": 2000,
    }
    assert not standard.tiers
    assert not standard.targets


def test_kunming_community() -> None:
    """3,000 and 500 households, half of a new estate lived in, 0.3–0.5 km², 30 minutes, 9 staff."""
    standard = load_standard("kunming-community")
    checks = {
        (rule.id, check.measure): (check.min, check.max, check.between, check.only_if)
        for rule in standard.of_kind(UnitRule)
        for check in rule.checks
    }
    assert checks == {
        ("households-urban", "households"): (3000, None, None, None),
        ("households-cungaiju", "households"): (500, None, None, None),
        ("occupancy", "occupancy"): (0.5, None, None, "new_estate"),
        ("area", "area_km2"): (None, None, (0.3, 0.5), None),
        ("walk", "walk_minutes_to_centre"): (None, 30, None, None),
        ("staff", "staff"): (None, 9, None, None),
    }
    assert standard.settings.classes == {"村改居": "urban"}
    counts = {rule.id: rule.count for rule in standard.of_kind(InventoryRule)}
    assert counts["inventory-health_centre"] == 369 + 92
    assert counts["inventory-elder_centre"] == 58 + 26


def test_kunming_elder_meals() -> None:
    """At least 250 canteens in the city, and every village served."""
    standard = load_standard("kunming-elder-meals")
    rules = {rule.id: rule for rule in standard.of_kind(PresenceRule)}
    assert (rules["canteens"].per, rules["canteens"].min) == ("city", 250)
    assert (rules["villages"].settings, rules["villages"].count_by) == (("rural",), "serves")
    (target,) = standard.targets
    assert (target.of.rule, target.setting, target.min_share) == ("villages", "rural", 1.0)


def test_taizhou() -> None:
    """40 m² per 100 households, and services that are open until half past eight."""
    standard = load_standard("taizhou-2023")
    (area,) = standard.of_kind(CapacityRule)
    assert (area.min, area.per, area.denominators[0].column) == (40, 100, "households")
    hours = {rule.id: rule.open_until for rule in standard.access_rules}
    assert hours == {"service_point": "20:30", "elder_care": None, "childcare": None}


def test_shanghai() -> None:
    """85 % by 2025 and 99 % by 2035, of the same services within the same 15 minutes."""
    standard = load_standard("shanghai-15min")
    by_year = {
        year: [standard.access_rule(rule.id) for rule in standard.tier_rules(year)]
        for year in ("2025", "2035")
    }
    for (year, rules), share in zip(by_year.items(), (0.85, 0.99), strict=True):
        assert {(rule.min_share, rule.deadline) for rule in rules} == {
            (share, date(int(year), 12, 31))
        }
        assert {rule.limits["urban"] for rule in rules} == {(15, 15)}
    services = [[rule.services for rule in rules] for rules in by_year.values()]
    assert services[0] == services[1]
    assert {standard.status(rule) for rule in standard.rules} == {"secondary"}


def test_itdp() -> None:
    """A kilometre to health care and to schools, anywhere, reported and not judged."""
    standard = load_standard("itdp-pedestrians-first")
    assert [rule.id for rule in standard.access_rules] == ["health", "schools"]
    for rule in standard.access_rules:
        assert rule.max_metres == {"urban": 1000, "rural": 1000}
        assert rule.min_share is None
        assert standard.status(rule) == "verified"


# ---- the documents -------------------------------------------------------------------------------


@pytest.mark.real
@every
def test_every_quotation_is_an_exact_part_of_its_document(standard: Standard) -> None:
    """The documents lie in the folder that CIRCLES_POLICY_TEXTS names."""
    folder = Path(os.environ["CIRCLES_POLICY_TEXTS"])
    quoted = [source for source in standard.sources if source.quote and source.file]
    assert bool(quoted) == (standard.id not in UNQUOTED)
    for source in quoted:
        assert source.quote in (folder / str(source.file)).read_text("utf-8"), source.id
