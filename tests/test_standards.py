"""Standards as data: the bundled one, and the faults of people's own."""

import re
from datetime import date
from pathlib import Path

import pytest

from circles.errors import FaultsError, InputError
from circles.facilities import load_catalogue
from circles.standards import load_standard, standard_ids

GOOD = """
schema = "circles.standard/1"
id = "own"
name = { zh = "自定", en = "Own" }
issuer = { zh = "某市", en = "A city" }

[[sources]]
id = "plan"
document = { zh = "规划", en = "Plan" }
quote = "15分钟"
status = "policy"

[[assumptions]]
id = "walking"
text = { zh = "步行", en = "On foot" }

[[rules]]
id = "library"
kind = "time_threshold"
service = "culture"
name = { zh = "图书馆", en = "Library" }
max_minutes = { urban = 15 }
min_share = 0.85
sources = ["plan"]

[[rules]]
id = "health"
kind = "distance_threshold"
service = "health"
any_of = ["clinic", "hospital"]
name = { zh = "医疗", en = "Health" }
group = "65+"
profile = "frail"
max_metres = { urban = 1000, rural = 5000 }
min_share = 1
assumptions = ["walking"]

[[tiers]]
id = "basic"
name = { zh = "基本", en = "Basic" }
rules = ["library"]

[[tiers]]
id = "full"
extends = "basic"
name = { zh = "完整", en = "Full" }
rules = ["health"]

[[targets]]
id = "all-urban"
tier = "full"
setting = "urban"
min_share = 0.9
"""


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


def test_bundled_standards_load_under_their_ids() -> None:
    """Each bundled file holds the standard that its name says."""
    assert "guangzhou-1530" in standard_ids()
    for standard_id in standard_ids():
        assert load_standard(standard_id).id == standard_id


def test_guangzhou_limits() -> None:
    """The Guangzhou circles have the limits of the plan: 15 and 30 minutes, 10 minutes, 10 li."""
    standard = load_standard("guangzhou-1530")
    assert standard.rule("gov_service").max_minutes == {"urban": 15, "rural": 30}
    assert standard.rule("culture-urban").max_minutes == {"urban": 10}
    assert standard.rule("culture-rural").max_metres == {"rural": 5000}
    assert standard.rule("sports-urban").thresholds == {"urban": 10}
    assert standard.rule("sports-rural").thresholds == {"rural": 5000}
    assert {rule.min_share for rule in standard.rules} == {0.85}


def test_guangzhou_groups_and_profiles() -> None:
    """Services for elders are for people of 60 and over who walk as elders do."""
    standard = load_standard("guangzhou-1530")
    by_group = {rule.id: (rule.group, rule.profile) for rule in standard.rules}
    assert by_group["elder_meal"] == by_group["elder_station"] == ("60+", "senior")
    assert by_group["childcare"] == ("0-3", "adult")
    assert by_group["police"] == ("all", "adult")


def test_guangzhou_tiers() -> None:
    """The quality circle asks for all of the convenience circle and five services more."""
    standard = load_standard("guangzhou-1530")
    convenience = [rule.service for rule in standard.tier_rules("convenience")]
    quality = [rule.service for rule in standard.tier_rules("quality")]
    assert set(convenience) == {
        *("party_service", "gov_service", "health", "elder_meal", "culture", "sports", "police"),
    }
    assert quality[: len(convenience)] == convenience
    assert quality[len(convenience) :] == [
        *("elder_station", "social_work", "childcare", "children_home", "volunteer"),
    ]


def test_guangzhou_holds_in_both_settings() -> None:
    """Every service of a tier has one rule, and only one, in each setting."""
    standard = load_standard("guangzhou-1530")
    for setting in ("urban", "rural"):
        services = [r.service for r in standard.tier_rules("quality") if setting in r.thresholds]
        assert len(services) == len(set(services)) == 12


def test_guangzhou_targets() -> None:
    """The shares that the plan asks for, by the end of its period."""
    standard = load_standard("guangzhou-1530")
    assert {(t.tier, t.setting): t.min_share for t in standard.targets} == {
        ("convenience", "urban"): 0.9,
        ("convenience", "rural"): 0.5,
        ("quality", "urban"): 0.5,
        ("quality", "rural"): 0.1,
    }
    assert {target.deadline for target in standard.targets} == {date(2025, 12, 31)}


def test_guangzhou_says_what_it_rests_on() -> None:
    """Every rule, tier and target names a sentence of the plan and what is assumed."""
    standard = load_standard("guangzhou-1530")
    for part in (*standard.rules, *standard.tiers, *standard.targets):
        statuses = {standard.source(source).status for source in part.sources}
        assert "policy" in statuses
        assert all(standard.assumption(word).text.zh for word in part.assumptions)
    for rule in standard.rules:
        assert "pass-share" in rule.assumptions
        assert ("walking" in rule.assumptions) != (rule.kind == "distance_threshold")
    for source in standard.sources:
        assert (source.quote is not None) == (source.status == "policy")
    assert len(standard.not_evaluated) >= 5


def test_guangzhou_is_written_in_both_languages() -> None:
    """Chinese texts are in Chinese, and English ones are not."""
    standard = load_standard("guangzhou-1530")
    texts = [standard.name, standard.issuer, *standard.not_evaluated]
    texts += [part.name for part in (*standard.rules, *standard.tiers)]
    texts += [assumption.text for assumption in standard.assumptions]
    texts += [source.document for source in standard.sources]
    chinese = re.compile("[\u4e00-\u9fff]")
    assert all(chinese.search(text.zh) and not chinese.search(text.en) for text in texts)


def test_own_standard(own: Path) -> None:
    """A standard of one's own loads from its path, given as a path or as text."""
    own.write_text(GOOD, encoding="utf-8-sig")
    standard = load_standard(own)
    assert load_standard(str(own)) == standard
    assert standard.rule("health").services == ("clinic", "hospital")
    assert standard.rule("library").services == ("culture",)
    assert [rule.id for rule in standard.tier_rules("full")] == ["library", "health"]


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
    own.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(InputError, match="save it again as UTF-8"):
        load_standard(own)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "min_share = 0.85",
            "min_share = 1.2",
            "rules no. 1 (library), min_share: Input should be less than or equal to 1",
        ),
        (
            "{ urban = 15 }",
            "{ urban = -15 }",
            "max_minutes.urban: Input should be greater than 0 (it is -15)",
        ),
        (
            "{ urban = 15 }",
            "{ urban = inf }",
            "max_minutes.urban: Input should be a finite number (it is inf)",
        ),
        ("{ urban = 15 }", "{ urbn = 15 }", "max_minutes.urbn: Input should be 'urban' or 'rural'"),
        (
            "max_minutes =",
            "max_minute =",
            "max_minute: unknown key 'max_minute'; keys: 'max_minutes', 'max",
        ),
        ("issuer =", "issuers =", "issuers: unknown key 'issuers'; keys: 'issuer'"),
        ("issuer =", "issuers =", "issuer: the key 'issuer' is missing"),
        ('zh = "某市",', 'zh = "某市", fr = "v",', "issuer.fr: unknown key 'fr'; keys: 'en', 'zh'"),
        (
            '"time_threshold"',
            '"presence"',
            "rules of the kind 'presence' are not evaluated in this version",
        ),
        ('"time_threshold"', '"distance_threshold"', "takes max_metres and not max_minutes"),
        (
            '"circles.standard/1"',
            '"circles.standard/2"',
            "schema: Input should be 'circles.standard/1'",
        ),
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
        ('"frail"', '"fral"', "rules (health), profile: there is no 'fral'; profiles: 'frail'"),
        ('"65+"', '"65 +"', "rules (health), group: '65 +' is not written as"),
        (
            'sources = ["plan"]',
            'sources = ["paln"]',
            "rules (library), sources: there is no 'paln'; sources: 'plan'",
        ),
        (
            'sources = ["plan"]',
            "",
            "rules (library): the rule names neither a source nor an assumption",
        ),
        (
            'assumptions = ["walking"]',
            'assumptions = ["walk"]',
            "rules (health), assumptions: there is no 'walk'",
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
            'tier = "full"',
            'tier = "fool"',
            "targets (all-urban), tier: there is no 'fool'; tiers: 'full'",
        ),
        (
            'setting = "urban"',
            'setting = "town"',
            "targets no. 1 (all-urban), setting: Input should be 'urban' or 'rural'",
        ),
        (
            'tier = "full"\nsetting = "urban"',
            'tier = "basic"\nsetting = "rural"',
            "targets (all-urban): no rule of its tier holds in rural communities",
        ),
        ('id = "health"', 'id = "library"', "rules: the id 'library' is given 2 times"),
    ],
)
def test_each_fault_is_named(own: Path, old: str, new: str, fault: str) -> None:
    """Each possible fault of a file gets a sentence that says what and where."""
    assert old in GOOD
    faults = _faults(own, GOOD.replace(old, new, 1))
    assert any(fault in sentence for sentence in faults), faults


def test_all_faults_are_named_at_once(own: Path) -> None:
    """Faults of form and of reference come in one message."""
    text = GOOD.replace("0.85", "1.2").replace('["plan"]', '["paln"]').replace('"frail"', '"fral"')
    faults = "\n".join(_faults(own, text.replace('extends = "basic"', 'extends = "full"')))
    for word in ("(it is 1.2)", "'paln'", "'fral'", "full → full"):
        assert word in faults


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rules = 1\ntiers = {}\nsources = [1]",
        "[[rules]]\nid = 1\nsources = 2\nany_of = [3]\nmax_minutes = 4\n[[targets]]\nsetting = []",
        "[[tiers]]\nid = []\nextends = []\nrules = {}\n[[targets]]\ntier = []",
        'rules = [["a"]]\nname = "x"',
    ],
)
def test_files_of_the_wrong_shape(own: Path, text: str) -> None:
    """Values of the wrong type are faults, wherever they stand."""
    assert _faults(own, text)


def test_services_of_bundled_standards_are_in_the_catalogue() -> None:
    """What a bundled standard asks for can be found."""
    for standard_id in standard_ids():
        for rule in load_standard(standard_id).rules:
            assert set(rule.services) <= set(load_catalogue())
