"""A font of this machine that has Chinese characters."""

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.font_manager import FontManager, FontPath

#: Families with Chinese characters, those made for screens and print alike first.
FAMILIES: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti", "SimHei",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "DengXian", "HarmonyOS Sans SC", "Sarasa Gothic SC",
    "Droid Sans Fallback", "Noto Sans CJK TC", "Noto Sans CJK JP", "Noto Serif CJK SC",
    "Source Han Serif SC", "SimSun", "Songti SC", "STSong", "AR PL UMing CN", "AR PL UKai CN",
    "Arial Unicode MS",
)  # fmt: skip

_PLAIN: Final = "DejaVu Sans"  # comes with matplotlib
#: Shown for a character that no font has, as printers do.
_MISSING: Final = "〓", "?"
_HAN_OR_MARKS: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+")
_HAN: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


#: A Chinese font gives these the width of a character, which tears English sentences apart.
_QUOTES: Final = str.maketrans("“”‘’", "\"\"''")


@dataclass(frozen=True)
class Fonts:
    """What pictures are lettered with.

    Parameters
    ----------
    chinese
        The family of Chinese characters; None if this machine has none.
    regular, bold
        Where the letters are: a file, and the face in it.
    """

    chinese: str | None
    regular: "FontPath"
    bold: "FontPath"

    def drawable(self, text: str) -> str:
        """Return a text without characters that no font has, and without turning marks.

        Without a Chinese font what is Chinese in it is left out. Where nothing is Chinese,
        quotation marks are the straight ones.
        """
        if not has_chinese(text):
            text = text.translate(_QUOTES)
        if self.chinese is None:
            text = _HAN_OR_MARKS.sub("", text).strip(" ·、")
        return "".join(self._drawn(c) for c in text if unicodedata.category(c) not in {"Cf", "Cc"})

    def _drawn(self, character: str) -> str:
        from matplotlib.font_manager import get_font

        face = get_font(self.regular)
        return next((c for c in (character, *_MISSING) if face.get_char_index(ord(c))), "?")


def has_chinese(text: str) -> bool:
    """Return whether a text has Chinese characters."""
    return _HAN.search(text) is not None


def machine_fonts() -> Fonts:
    """Find this machine's fonts; one installed after matplotlib last looked is found, too."""
    from matplotlib import font_manager

    fonts = _fonts(font_manager.fontManager)
    return fonts if fonts.chinese else _fonts(font_manager.FontManager())


def _fonts(manager: "FontManager") -> Fonts:
    from matplotlib.font_manager import FontProperties

    there = {font.name for font in manager.ttflist}
    chinese = next((family for family in FAMILIES if family in there), None)
    regular, bold = (
        manager.findfont(FontProperties(family=[chinese or _PLAIN], weight=weight))
        for weight in ("normal", "bold")
    )
    return Fonts(chinese, regular, bold)
