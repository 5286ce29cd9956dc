"""The looks of the written report: paper, fonts for Latin and Chinese, languages, styles."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from circles.texts import Lang, Texts

if TYPE_CHECKING:
    from docx.document import Document

#: A4, and the margins that offices leave for filing; millimetres.
PAPER_MM: Final = (210, 297)
MARGINS_MM: Final = {"top": 25, "bottom": 22, "left": 25, "right": 22}
TEXT_WIDTH_MM: Final = PAPER_MM[0] - MARGINS_MM["left"] - MARGINS_MM["right"]

TABLE_TEXT: Final = "Circles Table"
TABLE_HEAD: Final = "Circles Table Head"
NOTE: Final = "Circles Note"

_INK, _GREY, _RED = "1F4E5F", "5F6B70", "B3261E"

#: Where a font is missing, a word processor takes the first of these that is there.
_SUBSTITUTES: Final = {
    "仿宋": "FangSong,仿宋_GB2312,FangSong_GB2312,STFangsong,宋体,SimSun,Noto Serif CJK SC",
    "黑体": "SimHei,微软雅黑,Microsoft YaHei,STHeiti,Noto Sans CJK SC",
    "宋体": "SimSun,STSong,华文宋体,Noto Serif CJK SC",
    "微软雅黑": "Microsoft YaHei,黑体,SimHei,Noto Sans CJK SC",
}


@dataclass(frozen=True)
class _Fonts:
    """The fonts of a language: Latin and Chinese, for text, headings and tables."""

    text: tuple[str, str]
    heading: tuple[str, str]
    table: tuple[str, str]


@dataclass(frozen=True)
class _Look:
    """What a style looks like: fonts, points, colour, and the space before and after it."""

    fonts: tuple[str, str]
    points: float
    bold: bool = False
    ink: str = "000000"
    before: float = 0
    after: float = 0
    centred: bool = False


_FONTS: Final[dict[Lang, _Fonts]] = {
    "zh": _Fonts(("Times New Roman", "仿宋"), ("Arial", "黑体"), ("Times New Roman", "宋体")),
    "en": _Fonts(("Arial", "微软雅黑"), ("Arial", "微软雅黑"), ("Arial", "微软雅黑")),
}


def dress(document: "Document", texts: Texts) -> None:
    """Give a new document its paper, languages and styles.

    Parameters
    ----------
    document
        The document; it is changed.
    texts
        The words of the reader's language.
    """
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = (Mm(length) for length in PAPER_MM)
    for side, length in MARGINS_MM.items():
        setattr(section, f"{side}_margin", Mm(length))
    fonts = _FONTS[texts.lang]
    _set_defaults(document, fonts.text)
    for name, look in _looks(fonts, 12 if texts.lang == "zh" else 11).items():
        _apply(document, name, look)


def _looks(fonts: _Fonts, points: float) -> dict[str, _Look]:
    """Return the styles, with the size of the text."""
    text, heading, table = fonts.text, fonts.heading, fonts.table
    return {
        "Normal": _Look(text, points, after=6),
        "Title": _Look(heading, 22, bold=True, ink=_INK, after=6, centred=True),
        "Subtitle": _Look(text, 12, ink=_GREY, after=4, centred=True),
        "Heading 1": _Look(heading, 16, bold=True, ink=_INK, before=18, after=6),
        "Heading 2": _Look(heading, 13, bold=True, ink=_INK, before=12, after=4),
        "Caption": _Look(text, 10, ink=_GREY, after=8, centred=True),
        "Header": _Look(text, 9, ink=_RED),
        "Footer": _Look(text, 9, ink=_GREY),
        NOTE: _Look(text, 10.5, ink=_GREY, after=6),
        TABLE_TEXT: _Look(table, 9),
        TABLE_HEAD: _Look(table, 9, bold=True, ink="FFFFFF", centred=True),
    }


def font_table() -> bytes:
    """Return the part of a document that names substitutes for fonts a machine does not have."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
        for name, others in _SUBSTITUTES.items()
    )
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<w:fonts xmlns:w="{space}">{fonts}</w:fonts>'
    ).encode()


def _apply(document: "Document", name: str, look: _Look) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    if name not in document.styles:
        document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = None
    style: Any = document.styles[name]
    style.font.size, style.font.bold, style.font.italic = Pt(look.points), look.bold, False
    style.font.color.rgb = RGBColor.from_string(look.ink)
    _set_fonts(style.element.get_or_add_rPr(), look.fonts)
    form = style.paragraph_format
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.line_spacing = 1.0 if name in (TABLE_TEXT, TABLE_HEAD) else 1.25
    if look.centred:
        form.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if name == "Title":
        _drop(style.element.pPr, "pBdr")


def _set_defaults(document: "Document", fonts: tuple[str, str]) -> None:
    """Set fonts and languages where every style inherits them."""
    from docx.oxml.ns import qn

    root = document.styles.element
    properties = root.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    _set_fonts(properties, fonts)
    _set_language(properties.find(qn("w:lang")))
    settings = document.settings.element
    theme = settings.find(qn("w:themeFontLang"))
    if theme is not None:
        _set_language(theme)


def _set_fonts(properties: Any, fonts: tuple[str, str]) -> None:
    from docx.oxml.ns import qn

    latin, chinese = fonts
    element = properties.find(qn("w:rFonts"))
    if element is None:
        element = properties.makeelement(qn("w:rFonts"), {})
        properties.insert(0, element)
    # Fonts of the theme would go before those named here.
    for attribute in list(element.attrib):
        del element.attrib[attribute]
    for kind, name in (("ascii", latin), ("hAnsi", latin), ("eastAsia", chinese), ("cs", latin)):
        element.set(qn(f"w:{kind}"), name)


def _set_language(element: Any) -> None:
    """Tell Latin text from Chinese; the Chinese is simplified in either language of the words."""
    from docx.oxml.ns import qn

    element.set(qn("w:val"), "en-US")
    element.set(qn("w:eastAsia"), "zh-CN")


def _drop(properties: Any, name: str) -> None:
    from docx.oxml.ns import qn

    element = properties.find(qn(f"w:{name}"))
    if element is not None:
        properties.remove(element)
