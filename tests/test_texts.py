import re
import string
import tomllib
from importlib.resources import files

import pytest

from circles.errors import InputError
from circles.facilities import load_catalogue
from circles.standards import load_standard, standard_ids
from circles.texts import LANGS, Bilingual, Note, load_texts

ZH, EN = (load_texts(lang).words for lang in ("zh", "en"))
SECTIONS = {
    lang: sorted(
        entry.name
        for entry in (files("circles.texts") / lang).iterdir()
        if entry.name.endswith(".toml")
    )
    for lang in LANGS
}
HAN = re.compile("[\u3400-\u9fff]")


def gaps(text: str) -> set[str]:
    """Return the names of the gaps in a text; braces around other words are TOML in an example."""
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return {name for name in names if name == "" or name.isidentifier()}


def test_both_languages_have_the_same_files() -> None:
    """Each section exists in Chinese and in English."""
    assert SECTIONS["zh"] == SECTIONS["en"]


def test_both_languages_have_the_same_keys() -> None:
    """A text that one language has, the other has too."""
    assert ZH.keys() == EN.keys()


@pytest.mark.parametrize("key", sorted(ZH.keys() & EN.keys()))
def test_a_text_has_the_same_gaps_in_both_languages(key: str) -> None:
    """What fills a text in one language fills it in the other."""
    assert gaps(ZH[key]) == gaps(EN[key])


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_is_empty_and_every_gap_has_a_name(lang: str) -> None:
    """Texts say something, and can be filled by name."""
    words = load_texts(lang).words
    assert [key for key, text in words.items() if not text.strip() or "" in gaps(text)] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("section", SECTIONS["zh"])
def test_a_section_is_flat(lang: str, section: str) -> None:
    """A section is a list of texts, without tables in it."""
    table = tomllib.loads((files("circles.texts") / lang / section).read_text("utf-8"))
    assert {type(text) for text in table.values()} == {str}


def test_english_texts_hold_no_chinese() -> None:
    """An English reader meets Chinese only where fictional data are labelled in both languages."""
    assert {key for key, text in EN.items() if HAN.search(text)} <= {
        "words.fictional",
        "words.fictional_note",
    }


def test_a_chinese_sentence_has_chinese_punctuation() -> None:
    """Between Chinese characters stand full-width commas, semicolons, colons and brackets."""
    half_width = re.compile(r"[\u3400-\u9fff}”][,;:!?()]|[,;:!?()][\u3400-\u9fff“]")
    assert {key: text for key, text in ZH.items() if half_width.search(text)} == {}


@pytest.mark.parametrize("standard_id", standard_ids())
def test_a_standard_speaks_both_languages(standard_id: str) -> None:
    """Names in a bundled standard are Chinese in Chinese, and English in English."""
    standard = load_standard(standard_id)
    named = [standard, *standard.rules, *standard.tiers]
    assert [n.id for n in named if HAN.search(n.name.en) or not HAN.search(n.name.zh)] == []


def test_the_catalogue_speaks_both_languages() -> None:
    """Names of services are Chinese in Chinese, and English in English."""
    services = load_catalogue().values()
    assert [s.id for s in services if HAN.search(s.name.en) or not HAN.search(s.name.zh)] == []


def test_a_note_is_put_into_words_of_either_language() -> None:
    """A note fills the text of its key with its values."""
    note = Note.of("warnings.cut_ways", count=7)
    assert load_texts("zh").note(note) == "有7条道路在地图边缘被截断。"
    assert load_texts("en").note(note).startswith("7 streets are cut off")


def test_a_note_holds_names_in_both_languages() -> None:
    """A value may be a name that is another in each language, or a list of such."""
    park, school = Bilingual(zh="公园", en="Park"), Bilingual(zh="学校", en="School")
    note = Note.of("warnings.layer_partial", need=park, given=(school,), missing=(park, school))
    zh, en = (load_texts(lang).note(note) for lang in LANGS)
    assert "“公园”" in zh
    assert "公园、学校" in zh
    assert "“Park”" in en
    assert "Park, School" in en


def test_a_language_without_texts_is_refused() -> None:
    """The message names the languages there are."""
    with pytest.raises(InputError, match=r"'fr'.*zh, en"):
        load_texts("fr")
