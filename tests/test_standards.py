"""The format of a standard: what a sound file holds, and what is said of one that is not."""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

import circles
from circles.errors import FaultsError, InputError
from circles.standards import Standard, load_standard
from circles.standards.model import (
    AccessRule,
    CapacityRule,
    InventoryRule,
    PresenceRule,
    UnitRule,
)
from circles.standards.parts import Range
from circles.standards.rules import KINDS
from circles.standards.schema import json_schema
from tests.own_standard import OWN

ROOT = Path(__file__).parent.parent


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a place for a standard's file."""
    return tmp_path / "own.toml"


def _faults(path: Path, text: str) -> tuple[str, ...]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load_standard(path)
    assert caught.value.where == str(path)
    return caught.value.faults


# ---- a sound file --------------------------------------------------------------------------------


def test_own_standard(own: Path) -> None:
    """A standard of one's own loads from its path, given as a path or as text."""
    own.write_text(OWN, encoding="utf-8-sig")
    standard = load_standard(own)
    assert load_standard(str(own)) == standard
    assert circles.Standard.load(own) == standard
    assert {rule.kind for rule in standard.rules} == set(KINDS)
    assert [rule.id for rule in standard.tier_rules("full")] == ["library", "health", "size"]
    assert (standard.period, standard.issued) == ((2021, 2025), date(2021, 3, 1))


def test_rules_by_kind(own: Path) -> None:
    """Each kind of rule is a class of its own, with the values of the file."""
    own.write_text(OWN, encoding="utf-8")
    standard = load_standard(own)
    assert [rule.id for rule in standard.access_rules] == ["library", "health", "elders"]
    (presence,) = standard.of_kind(PresenceRule)
    assert (presence.per, presence.min, presence.count_by) == ("street", 1, "located")
    (ratio,) = standard.of_kind(CapacityRule)
    assert [d.column for d in ratio.denominators] == ["population", "0-3"]
    assert (ratio.per, ratio.min, ratio.levels) == (1000, 5.8, ("community", "city"))
    (size,) = standard.of_kind(UnitRule)
    assert [(check.min, check.between) for check in size.checks] == [
        (500, None),
        (None, (0.3, 0.5)),
    ]
    (inventory,) = standard.of_kind(InventoryRule)
    assert (inventory.services, inventory.count) == (("elder_meal",), 1036)
    assert standard.of_kind(AccessRule) == standard.access_rules


def test_limits_are_strict_and_lenient(own: Path) -> None:
    """A pair has two ends, a number the same end twice."""
    own.write_text(OWN, encoding="utf-8")
    standard = load_standard(own)
    assert standard.access_rule("elders").limits == {
        "central": Range(10, 15),
        "outer": Range(20, 25),
    }
    assert standard.access_rule("library").limits == {"urban": Range(15, 15)}
    assert standard.access_rule("health").services == ("clinic", "hospital")
    assert standard.access_rule("library").services == ("culture",)


def test_a_zone_goes_before_the_setting(own: Path) -> None:
    """Where a community's zone is named, its limit holds; an unknown zone is not guessed."""
    text = OWN.replace("outer = [20, 25]", "outer = [20, 25], rural = 30")
    own.write_text(text, encoding="utf-8")
    rule = load_standard(own).access_rule("elders")
    assert rule.limit_in("urban", "central") == Range(10, 15)
    assert rule.limit_in("rural", "outer") == Range(20, 25)
    assert rule.limit_in("rural") == Range(30, 30)
    assert rule.limit_in("urban") is None
    assert rule.asks_zone_of("urban")
    assert not rule.asks_zone_of("rural")
    assert not load_standard(own).access_rule("library").asks_zone_of("urban")


def test_a_figures_status_is_that_of_its_first_source(own: Path) -> None:
    """What stands in a policy is policy; what names an assumption only is assumed."""
    own.write_text(
        OWN.replace('sources = ["plan"]\n\n[[rules]]\nid = "health"',
                    'sources = ["paper", "plan"]\n\n[[rules]]\nid = "health"'),
        encoding="utf-8",
    )  # fmt: skip
    standard = load_standard(own)
    statuses = {rule.id: standard.status(rule) for rule in standard.rules}
    assert statuses["library"] == "verified"
    assert statuses["health"] == "assumed"
    assert statuses["stations"] == "policy"


def test_communities_are_told_apart_in_four_ways_unless_the_file_says_otherwise(own: Path) -> None:
    """Without a word the column decides, then committees, the statistics' codes, and zones."""
    bare = OWN[: OWN.index("[settings]")] + OWN[OWN.index("[[sources]]") :]
    own.write_text(bare.replace('["urban", "cungaiju"]', '["urban"]'), "utf-8")
    settings = load_standard(own).settings
    assert settings.order == ("column", "committee", "nbs_code", "zone")
    assert settings.nbs_code["rural"] == ("210", "220")
    assert settings.committee["urban"][-1] == "社区"
    assert not settings.classes


def test_standard_that_is_not_there(tmp_path: Path) -> None:
    """A wrong id is answered with the nearest bundled one, a wrong path with the path."""
    with pytest.raises(InputError, match=r"no standard 'guangzhou-1350'; .*'guangzhou-1530'"):
        load_standard("guangzhou-1350")
    with pytest.raises(InputError, match="cannot be opened"):
        load_standard(tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["id = ", "[" * 5000, "id = 1\nid = 2"])
def test_file_that_is_not_toml(own: Path, text: str) -> None:
    """A file that is not TOML says where it goes wrong."""
    own.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="this is not TOML"):
        load_standard(own)


def test_file_that_is_not_utf8(own: Path) -> None:
    """A file in another encoding is refused with what to do."""
    own.write_bytes(OWN.encode("gb18030"))
    with pytest.raises(InputError, match="save it again as UTF-8"):
        load_standard(own)


# ---- a standard that extends another -------------------------------------------------------------

CHILD = """
schema = "circles.standard/2"
id = "child"
extends = "own.toml"
name = { zh = "子", en = "Child" }
issuer = { zh = "某区", en = "A district" }

[[assumptions]]
id = "ours"
text = { zh = "本区", en = "Ours" }

[[rules]]
id = "library"
kind = "time_threshold"
service = "culture"
name = { zh = "图书馆", en = "Library" }
max_minutes = { urban = 10 }
min_share = 0.9
assumptions = ["ours"]

[[rules]]
id = "police"
kind = "time_threshold"
service = "police"
name = { zh = "警务室", en = "Police" }
max_minutes = { urban = 10 }
min_share = 0.9
assumptions = ["ours"]
"""


@pytest.fixture
def child(own: Path) -> Path:
    """Write a standard that extends the sound one beside it."""
    own.write_text(OWN, encoding="utf-8")
    path = own.with_name("child.toml")
    path.write_text(CHILD, encoding="utf-8")
    return path


def test_an_entry_takes_the_place_of_the_one_it_extends(child: Path) -> None:
    """A rule of the same id replaces the other in its place and whole; the rest is taken over."""
    standard, parent = load_standard(child), load_standard(child.with_name("own.toml"))
    ids = [rule.id for rule in parent.rules]
    assert [rule.id for rule in standard.rules] == [*ids, "police"]
    library = standard.access_rule("library")
    assert (library.limits, library.min_share) == ({"urban": Range(10, 10)}, 0.9)
    assert (library.open_until, library.sources) == (None, ())
    assert standard.tiers == parent.tiers
    assert standard.deadline == parent.deadline
    assert (standard.id, standard.name.en, standard.extends) == ("child", "Child", "own.toml")
    assert standard.rules[1:-1] == parent.rules[1:]


def test_a_bundled_standard_can_be_extended(own: Path) -> None:
    """Naming its id is enough."""
    text = CHILD.replace('"own.toml"', '"guangzhou-1530"').replace('id = "library"', 'id = "lib"')
    own.write_text(text, encoding="utf-8")
    parent = load_standard("guangzhou-1530")
    rules = load_standard(own).rules
    assert rules[: len(parent.rules)] != parent.rules  # its police rule is another
    assert [rule.id for rule in rules] == [*(rule.id for rule in parent.rules), "lib"]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_cycle_of_standards_is_named(tmp_path: Path, length: int) -> None:
    """The message walks the circle: a → b → c → a."""
    for number in range(length):
        head = f'id = "s{number}"\nextends = "s{(number + 1) % length}.toml"'
        path = tmp_path / f"s{number}.toml"
        path.write_text(OWN.replace('id = "own"', head, 1), "utf-8")
    with pytest.raises(FaultsError) as caught:
        load_standard(tmp_path / "s0.toml")
    walk = " → ".join(f"s{number % length}.toml" for number in range(length + 1))
    assert f"extends: the standard extends itself: {walk}" in caught.value.faults


def test_what_is_extended_must_be_there(child: Path) -> None:
    """An unknown id and a missing file are faults of the file that names them."""
    child.write_text(CHILD.replace('"own.toml"', '"guangzho"'), "utf-8")
    with pytest.raises(FaultsError, match="extends: there is no standard 'guangzho'"):
        load_standard(child)
    child.write_text(CHILD.replace('"own.toml"', '"other.toml"'), "utf-8")
    with pytest.raises(FaultsError, match=r"extends: .*other\.toml: .* cannot be opened"):
        load_standard(child)


def test_a_fault_is_placed_in_the_file_it_stands_in(child: Path) -> None:
    """Numbers count the entries of the own file; faults of the other file name that file."""
    child.write_text(CHILD.replace("urban = 10", "urban = 0"), "utf-8")
    parent = child.with_name("own.toml")
    parent.write_text(OWN.replace("count = 1036", "count = 0"), "utf-8")
    with pytest.raises(FaultsError) as caught:
        load_standard(child)
    told = caught.value.faults
    assert any(fault.startswith("rules no. 1 (library), max_minutes.urban: ") for fault in told)
    assert any(fault.startswith("rules no. 2 (police), max_minutes.urban: ") for fault in told)
    assert any(fault.startswith(f"{parent}, rules no. 7 (canteens), count: ") for fault in told)


# ---- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "min_share = 0.85",
            "min_share = 1.2",
            "rules no. 1 (library), min_share: Input should be less than or equal to 1 (it is 1.2)",
        ),
        (
            "{ urban = 15 }",
            "{ urban = -15 }",
            "urban: a number above 0 or a pair [strict, lenient] of them was expected (it is -15)",
        ),
        ("{ urban = 15 }", "{ urban = inf }", "of them was expected (it is inf)"),
        ("{ urban = 15 }", "{ urban = true }", "of them was expected (it is True)"),
        ("{ urban = 15 }", "{ urban = [5, 10, 15] }", "was expected (it is [5, 10, 15])"),
        ("{ urban = 15 }", "{ urbn = 15 }", "max_minutes.urbn: Input should be 'urban', 'rural'"),
        (
            "central = [10, 15]",
            "central = [15, 10]",
            "(elders), max_minutes.central: the strict limit 15 is above the lenient one 10",
        ),
        (
            "max_minutes = { urban",
            "max_minute = { urban",
            "max_minute: unknown key 'max_minute'; keys: 'max_minutes', 'max",
        ),
        ("issuer =", "issuers =", "issuers: unknown key 'issuers'; keys: 'issuer'"),
        ("issuer =", "issuers =", "issuer: the key 'issuer' is missing"),
        ('zh = "某市",', 'zh = "某市", fr = "v",', "issuer.fr: unknown key 'fr'; keys: 'en', 'zh'"),
        (
            "capacity =",
            "capcity =",
            "rules no. 5 (places), numerator.capcity: unknown key 'capcity'; keys: 'capacity'",
        ),
        (
            "min = 500",
            "mn = 500",
            "rules no. 6 (size), checks.no. 1.mn: unknown key 'mn'; keys: 'min'",
        ),
        (
            '"time_threshold"',
            '"time_treshold"',
            "(library): there are no rules of the kind 'time_treshold'; kinds: 'time_threshold'",
        ),
        (
            'kind = "presence"',
            "",
            "rules no. 4 (stations): the key 'kind' is missing; kinds: ",
        ),
        ('"time_threshold"', '"distance_threshold"', "takes max_metres and not max_minutes"),
        (
            '"circles.standard/2"',
            '"circles.standard/1"',
            "schema: the file is written as 'circles.standard/1'; this version reads 'circles.sta",
        ),
        ("[2021, 2025]", "[2025, 2021]", "period: the first year 2025 is after the last 2021"),
        ("2021-03-01", '"last March"', "issued: Input should be a valid date"),
        ('"20:30"', '"25:30"', "open_until: String should match pattern"),
        (
            'service = "culture"',
            'service = "cultur"',
            "service: there is no service 'cultur'; services: 'culture'",
        ),
        (
            'any_of = ["clinic", "hospital"]',
            "",
            "rules (health), service: there is no service 'health'",
        ),
        (
            '"hospital"]',
            '"hospitel"]',
            "any_of: there is no service 'hospitel'; services: 'hospital'",
        ),
        (
            'services = ["childcare"]',
            'services = ["childcar"]',
            "rules (places), numerator.services: there is no service 'childcar'",
        ),
        ('"frail"', '"fral"', "rules (health), profile: there is no 'fral'; profiles: 'frail'"),
        ('"stroller"', '"strolle"', "rules (places), catchment.profile: there is no 'strolle'"),
        ('"65+"', '"65 +"', "rules (health), group: '65 +' is not written as"),
        (
            'column = "population"',
            'column = "populaton"',
            "denominators.column: there is no 'populaton'; denominators: 'population'",
        ),
        ("settings = [", "setings = [", "rules no. 6 (size), setings: unknown key 'setings'"),
        (
            '["urban", "cungaiju"]',
            '["urban", "cungai"]',
            "rules (size), settings: there is no 'cungai'; settings and classes: 'cungaiju',",
        ),
        ('"nbs_code"]', '"nbs"]', "settings.order.no. 2: Input should be 'column', 'committee'"),
        ('= "urban" }\nsources', '= "town" }\nsources', "settings.classes.cungaiju: Input should"),
        ('per = "street"', 'per = "town"', "per: Input should be 'community', 'street'"),
        (
            'per = "street"',
            'per = "street"\nsettings = ["urban"]',
            "settings are for communities, not for a street",
        ),
        ('per = "street"', 'per = "street"\nmin = 0', "min: Input should be greater than 0"),
        (
            ', capacity = "places"',
            "",
            "numerator: a numerator is either services with their capacity, or a column",
        ),
        (
            'capacity = "places" }',
            'capacity = "places", column = "n" }',
            "a numerator is either services with their capacity, or a column",
        ),
        (
            'services = ["childcare"], capacity = "places"',
            'column = "places"',
            "rule 'places': a catchment needs a numerator of services",
        ),
        ("min = 5.8", "", "rule 'places' takes either min or between"),
        ("min = 5.8", "min = 5.8\nbetween = [1, 2]", "rule 'places' takes either min or between"),
        ("min = 5.8", "between = [2, 1]", "between: the least value 2 is above the most 1"),
        ('["community", "city"]', "[]", "levels: Tuple should have at least 1 item"),
        (
            'rule = "library"',
            'rule = "stations"',
            "rules (places), catchment.rule: 'stations' sets no time or distance",
        ),
        (
            'catchment = { rule = "library"',
            'catchment = { rule = "librar"',
            "rules (places), catchment.rule: there is no 'librar'; rules: 'library'",
        ),
        ("min = 500", "min = 500, max = 300", "the check of households has a min above its max"),
        ("{ measure = \"households\", min = 500 }", "{ measure = \"households\" }",
         "the check of households needs min, max or between"),
        (
            "between = [0.3, 0.5]",
            "between = [0.3, 0.5], min = 1",
            "the check of area_km2 takes between, or min and max, not both",
        ),
        ("[0.3, 0.5]", "[0.5, 0.3]", "the least value 0.5 is above the most 0.3"),
        ("[0.3, 0.5]", "[0.3]", "two numbers above 0, [least, most], were expected"),
        ('"households"', '"house"', "measure: Input should be 'households', 'population'"),
        ("count = 1036", "count = 10.5", "count: Input should be a valid integer"),
        ("count = 1036", "count = 1036\ntolerance = 1.5", "tolerance: Input should be less than 1"),
        (
            'service = "elder_meal"',
            'service = "elder_meal"\nunit = "street"',
            "rule 'canteens' counts either a service or a unit",
        ),
        (
            'service = "elder_meal"',
            'unit = "street"\nany_of = ["elder_meal"]',
            "rule 'canteens': any_of needs the service that it answers",
        ),
        (
            'service = "elder_meal"',
            'unit = "street"\nsetting = "rural"',
            "rule 'canteens': a setting is for communities only",
        ),
        (
            '["plan"]\n\n[[rules]]\nid = "health"',
            '["paln"]\n\n[[rules]]\nid = "health"',
            "rules (library), sources: there is no 'paln'; sources: 'plan'",
        ),
        (
            'sources = ["plan"]\n\n[[rules]]\nid = "health"',
            '\n[[rules]]\nid = "health"',
            "rules (library): the rule names neither a source nor an assumption",
        ),
        (
            'min_share = 0.9\nsources = ["plan"]',
            "min_share = 0.9",
            "targets (all-urban): the target names neither a source nor an assumption",
        ),
        (
            'min_share = 1\nassumptions = ["walking"]\n\n[[rules]]',
            'min_share = 1\nassumptions = ["walk"]\n\n[[rules]]',
            "rules (health), assumptions: there is no 'walk'",
        ),
        (
            'en = "On foot" }\nsources = ["paper"]',
            'en = "On foot" }\nsources = ["papr"]',
            "assumptions (walking), sources: there is no 'papr'; sources: 'paper'",
        ),
        (
            '2018-02-01, sources = ["paper"]',
            '2018-02-01, sources = ["papr"]',
            "rules (canteens), also.sources: there is no 'papr'",
        ),
        (
            'cungaiju = "urban" }\nsources = ["plan"]',
            'cungaiju = "urban" }\nsources = ["pln"]',
            "settings, sources: there is no 'pln'; sources: 'plan'",
        ),
        ('quote = "15分钟"', "", "sources (plan): a source of status 'policy' needs its quote"),
        (
            'status = "policy"',
            'status = "rumour"',
            "sources no. 1 (plan), status: Input should be 'policy', 'verified'",
        ),
        (
            'rules = ["library"]',
            'rules = ["libary"]',
            "tiers (basic), rules: there is no 'libary'; rules: 'library'",
        ),
        (
            'rules = ["library"]',
            'rules = ["library", "library"]',
            "tiers (basic), rules: 'library' is listed 2 times",
        ),
        (
            'rules = ["library"]',
            'rules = ["canteens"]',
            "tiers (basic), rules: 'canteens' gives no verdict on a community",
        ),
        (
            'rules = ["library"]',
            'rules = ["stations"]',
            "tiers (basic), rules: 'stations' gives no verdict on a community",
        ),
        (
            'rules = ["library"]',
            'rules = ["elders"]',
            "tiers (basic), rules: 'elders' gives no verdict on a community",
        ),
        ('rules = ["library"]', "rules = []", "tiers (basic): the tier has no rules"),
        (
            'extends = "basic"',
            'extends = "basis"',
            "tiers (full), extends: there is no 'basis'; tiers: 'basic'",
        ),
        (
            'extends = "basic"',
            'extends = "full"',
            "tiers (full), extends: the tier extends itself: full → full",
        ),
        (
            'rules = ["library"]',
            'rules = ["library"]\nextends = "full"',
            "tiers (basic), extends: the tier extends itself: basic → full → basic",
        ),
        (
            'of = { tier = "full" }',
            'of = { tier = "fool" }',
            "targets (all-urban), of.tier: there is no 'fool'; tiers: 'full'",
        ),
        (
            'of = { rule = "stations" }',
            'of = { rule = "station" }',
            "targets (all-streets), of.rule: there is no 'station'; rules: 'stations'",
        ),
        (
            'of = { tier = "full" }',
            'of = { tier = "full", rule = "size" }',
            "targets no. 1 (all-urban), of: a target is of either a tier or a rule",
        ),
        (
            'of = { rule = "stations" }',
            'of = { rule = "canteens" }',
            "targets (all-streets), of.rule: 'canteens' gives no verdict that could be counted",
        ),
        (
            'level = "district"',
            'level = "street"',
            "targets (all-streets): a share of units of the level 'street' needs a higher level",
        ),
        (
            'level = "district"',
            'level = "district"\nsetting = "urban"',
            "targets (all-streets): a setting is for communities, and this counts a street",
        ),
        (
            '\nsetting = "urban"\nmin_share = 0.9',
            '\nsetting = "town"\nmin_share = 0.9',
            "targets no. 1 (all-urban), setting: Input should be 'urban' or 'rural'",
        ),
        (
            'of = { tier = "full" }\nsetting = "urban"',
            'of = { tier = "basic" }\nsetting = "rural"',
            "targets (all-urban): no rule of its tier holds in rural communities",
        ),
        ('id = "health"', 'id = "library"', "rules: the id 'library' is given 2 times"),
    ],
)  # fmt: skip
def test_each_fault_is_named(own: Path, old: str, new: str, fault: str) -> None:
    """Each possible fault of a file gets a sentence that says what and where."""
    assert old in OWN
    faults = _faults(own, OWN.replace(old, new, 1))
    assert any(fault in sentence for sentence in faults), faults


def test_all_faults_are_named_at_once(own: Path) -> None:
    """Unknown services, impossible ranges, cycles, missing sources: one message names them all."""
    text = OWN
    for old, new in {
        'id = "own"': 'id = "own"\nextends = "own.toml"',
        'service = "culture"': 'service = "cultur"',
        "[0.3, 0.5]": "[0.5, 0.3]",
        "min_share = 0.85": "min_share = 1.2",
        'extends = "basic"': 'extends = "full"',
        'sources = ["plan"]\n\n[[rules]]\nid = "health"': '\n[[rules]]\nid = "health"',
        '"frail"': '"fral"',
        "central = [10, 15]": "central = [15, 10]",
        "count = 1036": "count = 1036\ncolour = 3",
    }.items():
        assert old in text
        text = text.replace(old, new, 1)
    faults = _faults(own, text)
    expected = (
        "extends: the standard extends itself: own.toml → own.toml",
        "rules (library), service: there is no service 'cultur'",
        "rules no. 6 (size), checks.no. 2.between: the least value 0.5 is above the most 0.3",
        "rules no. 1 (library), min_share: Input should be less than or equal to 1 (it is 1.2)",
        "tiers (full), extends: the tier extends itself: full → full",
        "rules (library): the rule names neither a source nor an assumption",
        "rules (health), profile: there is no 'fral'",
        "rules no. 3 (elders), max_minutes.central: the strict limit 15 is above the lenient",
        "rules no. 7 (canteens), colour: unknown key 'colour'",
    )
    assert [word for word in expected if not any(f.startswith(word) for f in faults)] == []
    assert len(faults) == len(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rules = 1\ntiers = {}\nsources = [1]",
        "[[rules]]\nid = 1\nsources = 2\nany_of = [3]\nmax_minutes = 4\n[[targets]]\nsetting = []",
        "[[tiers]]\nid = []\nextends = []\nrules = {}\n[[targets]]\nof = []",
        'rules = [["a"]]\nname = "x"',
        '[settings]\norder = 3\nextends = 4\n[[rules]]\nkind = "presence"\nper = []',
        'extends = 3\n[[rules]]\nkind = ["presence"]',
        'extends = "guangzhou-1530"\nrules = 3',
        '[[rules]]\nkind = "capacity_ratio"\nlevels = []\ncatchment = 3\nnumerator = []',
        '[[rules]]\nid = "x"\n[[targets]]\nof = { rule = "x" }\nsetting = "urban"\nlevel = {}',
    ],
)
def test_files_of_the_wrong_shape(own: Path, text: str) -> None:
    """Values of the wrong type are faults, wherever they stand."""
    assert _faults(own, text)


@pytest.mark.parametrize("value", ["", "3", '"x"', "[]", "[{}]", "{}"])
def test_any_value_in_any_place_is_taken_or_told(own: Path, value: str) -> None:
    """Whatever stands in a line, the answer is a standard or an error of this library's."""
    lines = OWN.splitlines()
    answered = 0
    for number, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        if not equals or line.startswith(" "):
            continue
        changed = f"{key} = {value}" if value else ""
        own.write_text("\n".join([*lines[:number], changed, *lines[number + 1 :]]), "utf-8")
        with suppress(InputError):
            assert load_standard(own).rules
        answered += 1
    assert answered > 80


# ---- the format for editors ----------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_program() -> None:
    """The file beside the documentation is what `circles standards schema` prints."""
    assert (ROOT / "docs" / "standard.schema.json").read_text("utf-8") == json_schema()


def test_the_schema_knows_every_kind_and_refuses_unknown_keys() -> None:
    """Editors offer the kinds of rule, and mark keys that do not exist."""
    schema = json.loads(json_schema())
    definitions = schema["$defs"]
    assert all(part["additionalProperties"] is False for part in (schema, *definitions.values()))
    mapping = schema["properties"]["rules"]["items"]["discriminator"]["mapping"]
    assert set(mapping) == set(KINDS)
    assert schema["properties"]["schema"]["const"] == "circles.standard/2"
    assert Standard.model_fields["schema_"].alias == "schema"
