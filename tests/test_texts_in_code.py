"""Words that readers see stand in the catalogues: none is missing, left over, or in code."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from circles.texts import load_texts

PACKAGE = Path(__file__).parent.parent / "circles"
WORDS = load_texts("zh").words
SECTIONS = "|".join(sorted({key.split(".")[0] for key in WORDS}))
HAN = re.compile("[\u3400-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
#: Names that look like a key and are none: files, and keys of the project file.
NO_KEYS = re.compile(
    r"\w+\.(?:html|json|xlsx|gpkg|css|js|svg|docx|pdf|png|toml|parquet|path|tables)"
)
#: The rooms whose strings readers see; what others raise as errors is in English by design.
SHOWN = (
    *("reports", "maps", "pictures", "check", "comparing"),
    *("explain", "explain_rollup", "explain_finding"),
)


@cache
def sources(*endings: str) -> tuple[Path, ...]:
    """Return the package's own files with these endings."""
    found = (path for path in sorted(PACKAGE.rglob("*")) if path.suffix in endings)
    return tuple(path for path in found if "vendor" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """Return a module as Python reads it."""
    return ast.parse(path.read_text("utf-8"))


def strings(path: Path) -> Iterator[str]:
    """Yield a module's plain strings."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def composed(path: Path) -> Iterator[str]:
    """Yield a module's strings with gaps, as patterns; a sum's beginning has its gap at the end."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(part.value) if isinstance(part, ast.Constant) else GAP  # type: ignore[arg-type]
                for part in node.values
            ]
            yield "".join(parts)
        elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
            yield re.escape(str(node.left.value)) + GAP


GAP = ".+"


@cache
def whole_keys() -> dict[str, str]:
    """Return the keys that stand in code and templates as they are, with a file that has them."""
    key = re.compile(rf"(?:{SECTIONS})\.[a-z0-9_]*[a-z0-9]")
    found: dict[str, str] = {}
    for path in sources(".py"):
        found |= {text: path.name for text in strings(path) if key.fullmatch(text)}
    for path in sources(".html"):
        told = re.findall(rf"[\"']((?:{SECTIONS})\.\w+)[\"']", path.read_text("utf-8"))
        found |= dict.fromkeys(told, path.name)
    return {text: name for text, name in found.items() if not NO_KEYS.fullmatch(text)}


@cache
def key_patterns() -> frozenset[str]:
    """Return the patterns of keys that are put together in code."""
    beginning = re.compile(rf"(?:{SECTIONS})\\\.[\w.+]+")
    return frozenset(
        pattern
        for path in sources(".py")
        for pattern in composed(path)
        if beginning.fullmatch(pattern)
    )


@cache
def names() -> frozenset[str]:
    """Return what can fill a gap: names of code and data, and strings of one word."""
    found: set[str] = set()
    for path in sources(".py"):
        for node in ast.walk(tree(path)):
            found |= set(_names(node))
    for path in sources(".html", ".js"):
        found |= set(re.findall(r"\w+", path.read_text("utf-8")))
    for path in sources(".toml"):
        if (PACKAGE / "texts") not in path.parents:
            found |= set(_keys(tomllib.loads(path.read_text("utf-8"))))
    return frozenset(found)


def _names(node: ast.AST) -> Iterator[str]:
    """Yield what a piece of code can fill gaps with: strings, names of values and of options."""
    if isinstance(node, ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.AnnAssign | ast.Assign):
        told = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
        yield from (one.id.lower() for one in told if isinstance(one, ast.Name))
    elif isinstance(node, ast.Constant) and re.fullmatch(r"\w+(?:\.\w+)*", str(node.value)):
        yield str(node.value).replace(".", "_")


def _keys(value: object) -> Iterator[str]:
    """Yield the keys and the texts of a table of data."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
    elif isinstance(value, str):
        yield value


@cache
def fragments() -> frozenset[str]:
    """Return the patterns of names that are themselves put together."""
    found = {pattern for path in sources(".py") for pattern in composed(path)}
    plain = re.compile(r"(?:\w|\.\+)+")
    joined = {pattern.replace(r"\.", "_") for pattern in found}  # dots of a path may be replaced
    return frozenset(p for p in joined if plain.fullmatch(p) and re.search(r"[a-z]{2}", p))


@cache
def _fills(part: str) -> bool:
    """Whether something in code can fill a gap with this."""
    if part in names() or any(
        all(piece in names() for piece in pieces)
        for pattern in fragments()
        for pieces in _fillings(pattern, part)
        if pieces
    ):
        return True
    # Endings such as "_also" are added where they apply.
    ends = [place for place, letter in enumerate(part) if letter == "_"]
    return any(part[end:] in endings() and (not end or _fills(part[:end])) for end in ends)


@cache
def endings() -> frozenset[str]:
    """Return the strings of code that begin with an underscore."""
    found = {text for path in sources(".py") for text in strings(path)}
    return frozenset(text for text in found if re.fullmatch(r"_\w+", text))


def used(key: str) -> bool:
    """Whether something shows a text: by its key, or by a pattern and names that fill its gaps."""
    if key in whole_keys():
        return True
    section, name = key.split(".", 1)
    if section == "map" and name.startswith("ui_"):
        return _in_page(name)
    return any(
        all(_fills(part) for part in parts)
        for pattern in key_patterns()
        for parts in _fillings(pattern, key)
    )


def _fillings(pattern: str, key: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways in which the gaps of a pattern can be filled to give a key."""
    head, gap, rest = pattern.partition(GAP)
    start = re.match(head, key)
    if not (start and gap):
        if re.fullmatch(pattern, key):
            yield ()
        return
    left = key[start.end() :]
    for end in range(1, len(left) + 1):
        for others in _fillings(rest, left[end:]):
            yield (left[:end], *others)


def _in_page(name: str) -> bool:
    """Whether the map's page names a word of its panel, whole or by its beginning and its end."""
    script = "".join(path.read_text("utf-8") for path in sources(".js"))
    if re.search(rf"\b{name}\b", script):
        return True
    begun = re.findall(r"`(ui_\w*)\$\{", script)
    return any(name.startswith(start) and name[len(start) :] in names() for start in begun)


def test_every_text_that_code_names_is_there() -> None:
    """A key in code or in a template has its text in the catalogues."""
    assert len(whole_keys()) > 200
    assert {key: name for key, name in whole_keys().items() if key not in WORDS} == {}


def test_every_pattern_in_code_finds_a_text() -> None:
    """A key that is put together has at least one text that it can become."""
    assert len(key_patterns()) > 20
    lost = [p for p in key_patterns() if not any(re.fullmatch(p, key) for key in WORDS)]
    assert [p for p in lost if not p.endswith((r"\.path", r"\.tables"))] == []


def test_no_text_is_left_over() -> None:
    """A text that nothing shows has no place in the catalogues."""
    assert [key for key in WORDS if not used(key)] == []


def test_a_key_that_nobody_names_is_noticed() -> None:
    """The test above can fail: keys that are not in code are not taken for used."""
    made_up = ("layers.seldom_shown", "words.verdict_splendid", "map.ui_unheard", "nowhere.at_all")
    assert [key for key in made_up if used(key)] == []
    assert used("map.ui_search")
    assert used("layers.figure_verdict")


# ---- nothing a reader sees stands in code --------------------------------------------------------

#: What is Chinese, or like a sentence, and no text: names of fonts and map services, ranges of
#: characters, macros of the map's page.
ALLOWED = {
    "maps/bases.py": re.compile("© (?:天地图 Tianditu|高德地图 AutoNavi)"),
    "maps/elements.py": re.compile(r"\s*\{% macro script"),
    "maps/pinyin.py": re.compile("[㐀鿿]"),
    "pictures/fonts.py": re.compile(r"\[.+\]\+?"),
    "reports/pages.py": re.compile(": the|; bundled"),  # errors in the templates of a user
    "reports/document_styles.py": re.compile("[A-Za-z仿宋黑体微软雅华文_0-9 ,]+"),
}


def shown_modules() -> list[Path]:
    """Return the modules whose strings readers see."""
    rooms = [path.relative_to(PACKAGE) for path in sources(".py")]
    return [PACKAGE / p for p in rooms if p.parts[0].removesuffix(".py") in SHOWN]


@pytest.mark.parametrize("path", shown_modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_sentence_stands_in_code(path: Path) -> None:
    """Outside docstrings and errors, modules that make outputs hold no Chinese and no sentences."""
    allowed = ALLOWED.get(path.relative_to(PACKAGE).as_posix())
    found = [
        f"{node.lineno}: {node.value}"
        for node in _shown(tree(path))
        if (HAN.search(node.value) or SENTENCE.search(node.value))
        and not (allowed and allowed.match(node.value))
    ]
    assert found == []


def _shown(module: ast.Module) -> Iterator[ast.Constant]:
    """Yield the strings that can get into an output."""
    hidden: set[int] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Expr | ast.Raise) or _is_message(node):
            hidden |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            hidden -= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in hidden
        ):
            yield node


def _is_message(node: ast.AST) -> bool:
    """Whether a statement puts an error or a line of the log into words."""
    if isinstance(node, ast.Assign):
        return any(isinstance(t, ast.Name) and t.id == "message" for t in node.targets)
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger.")


class Visible(HTMLParser):
    """Gathers what a reader of a template would see without anything filled in."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep attributes that are read aloud or shown, and note what text belongs to."""
        if tag in ("style", "script"):
            self.inside.append(tag)
        read = ("alt", "title", "aria-label", "placeholder")
        self.found += [value for name, value in attrs if name in read and value and value.strip()]

    def handle_endtag(self, tag: str) -> None:
        """Leave a style or a script."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if not self.inside:
            self.found.append(data)


@pytest.mark.parametrize("path", sources(".html"), ids=lambda path: path.name)
def test_no_word_stands_in_a_template(path: Path) -> None:
    """All words of a page come from the catalogues."""
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    page = Visible()
    page.feed(bare)
    words = [text.strip() for text in page.found if re.search(r"[^\W\d_]{2}", text)]
    assert [word for word in words if not NO_KEYS.fullmatch(word)] == []


@pytest.mark.parametrize("path", sources(".js", ".css"), ids=lambda path: path.name)
def test_no_word_stands_in_a_script(path: Path) -> None:
    """Scripts get their words with their data: no string of theirs is a sentence, or Chinese."""
    text = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text("utf-8"), flags=re.DOTALL | re.M)
    quoted = [one or two for one, two in re.findall(r"\"([^\"\n]*)\"|'([^'\n]*)'", text)]
    assert [string for string in quoted if HAN.search(string) or SENTENCE.search(string)] == []
    assert not HAN.search(text)
