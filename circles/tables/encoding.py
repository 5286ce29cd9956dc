"""Text as it is encoded: which encoding the bytes of a table are in.

Bytes of Big5 can often be read as GB18030 and the other way round, as nonsense. What tells them
apart is how usual the characters are that come out.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from circles.errors import InputError
from circles.tables.columns import rows_in_words

#: Encodings under the names that a reader knows them by, with the codecs that read them.
_CODECS: Final = {"GB18030": ("gb18030",), "Big5": ("cp950", "big5hkscs")}
_ASKED: Final = {
    **dict.fromkeys(("utf8", "utf8sig", "utf8bom"), "utf-8-sig"),
    **dict.fromkeys(("gbk", "gb2312", "gb18030", "cp936", "ansi"), "gb18030"),
    **dict.fromkeys(("big5", "cp950"), "cp950"),
    **dict.fromkeys(("big5hkscs", "hkscs"), "big5hkscs"),
    **dict.fromkeys(("utf16", "utf16le", "utf16be", "unicode"), "utf-16"),
}
_NAMES: Final = {"utf-8-sig": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16"}

# The words of addresses, lists of facilities and tables of people, in both scripts: where one
# script writes a character otherwise, its own form is what gives its encoding away.
_USUAL: Final = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而"
    "方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好"
    "应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向"
    "道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特"
    "件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队"
    "市街道路号楼村社区居民委员会中心服务长者饭堂卫生站养老院幼儿园名称地址经纬编码类型床位人口户助餐点日间照"
    "料机构托育县镇乡省广东州深圳北京上海南京武汉电话备注单位面积岁及以上合计序城东门新华永安福龙园花苑小巷弄栋"
    "厅所学校医院诊药店公司有限责联系时间开放状态办事处村委居委党群家综合残疾婴婚儿女童妇"
    "這個為們來時說國產動會發對過後學經進無與當點從業應開還關線數樣間實現電機體兩氣變條沒結問題軍總將組見計別"
    "運農幾區強決戰則處隊臺灣縣鄉鎮鄰號樓弄巷段據點機構護養長者關懷託收量床位數歲戶門華龍園廳醫診藥聯繫開態辦"
    "綜殘嬰兒婦財團法人私立財協會基督教會老人養護中心里別行政區類型稱編碼緯經約負責電話備註時間營業單位歲"
    "參評價標準項額補貼質達級審蓋範圍優設施農貧戰齡層類測資訊際術環術適輔導餐館飯堂節辦員額覽圖書樂務員"
    "信義松山士林北投內湖南港文山萬大安正同忠孝仁愛民權復興敦化光復樂利西東路新店板橋桃園臺中高雄澎湖花蓮"
)
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f]")
_MIXED: Final = 2
_PLAUSIBLE: Final = 0.35


@dataclass(frozen=True)
class Decoded:
    """The text of a file.

    Parameters
    ----------
    text
        The text.
    encoding
        The name of its encoding.
    given
        Whether the encoding was named, rather than found.
    others
        The lines, from 1, that are in another encoding, with its name.
    """

    text: str
    encoding: str
    given: bool = False
    others: tuple[tuple[int, str], ...] = ()


def decode(data: bytes, path: Path, *, encoding: str | None = None) -> Decoded:
    """Read bytes as text, in the encoding named or else in the one they are in.

    Parameters
    ----------
    data
        UTF-8, with a byte order mark or not, UTF-16 with one, GB18030 (GBK) or Big5. Lines of GBK
        or Big5 inside UTF-8, or the other way round, are told apart.
    path
        The file, for the message.
    encoding
        What it is in; found out by default.

    Raises
    ------
    InputError
        The bytes are no text of these encodings, or single lines are none.
    """
    if encoding is not None:
        return _as_asked(data, path, encoding)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _as_asked(data, path, "utf-16", given=False)
    if b"\0" in data:
        raise _no_text(path)
    text = decoded(data, "utf-8-sig")
    if text is not None:
        return Decoded(text, "UTF-8")
    if _has_utf8(data):
        return _line_by_line(data, path)
    found = likeliest(data)
    if found is None or (_CONTROL.search(found.text) and plausibility(found.text) < _PLAUSIBLE):
        raise _no_text(path)
    return found


def decoded(data: bytes, encoding: str) -> str | None:
    """Return the text of the bytes, or None if they are not text in this encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def likeliest(data: bytes) -> Decoded | None:
    """Read bytes as GB18030 or Big5, whichever gives the more usual characters; or not at all."""
    readings = [
        Decoded(text, name)
        for name, codecs_ in _CODECS.items()
        if (text := next((t for c in codecs_ if (t := decoded(data, c)) is not None), None))
        is not None
    ]
    if not readings:
        return None
    best = max(readings, key=lambda reading: plausibility(reading.text))
    return best if len(readings) > 1 or plausibility(best.text) > 0 else None


def plausibility(text: str) -> float:
    """Return how usual the characters of a Chinese text are: about 1 for text, below 0 for none."""
    strange = {sign: count for sign, count in Counter(text).items() if not sign.isascii()}
    if not strange:
        return 1.0
    total = sum(_weight(sign) * count for sign, count in strange.items())
    return total / sum(strange.values())


@cache
def _weight(character: str) -> float:
    if character in _USUAL:
        return 1.5
    if not _HAN.match(character):
        # Full-width signs and letters of Europe are no evidence; private characters are.
        return -2.0 if "\ue000" <= character <= "\uf8ff" else 0.0
    in_gb = character.encode("gb2312", "ignore")
    if in_gb and in_gb[0] < 0xD8:
        return 0.7  # the 3,755 most used simplified characters
    in_big5 = character.encode("big5", "ignore")
    if in_big5 and in_big5[0] < 0xC7:
        return 0.5  # the 5,401 most used traditional ones
    return -0.8


def _as_asked(data: bytes, path: Path, encoding: str, *, given: bool = True) -> Decoded:
    key = re.sub(r"[\s_\-]", "", encoding).casefold()
    codec = _ASKED.get(key)
    if codec is None:
        message = (
            f"{path}: encoding = {encoding!r} is not known; give utf-8, utf-16, gb18030 (GBK) or "
            "big5"
        )
        raise InputError(message)
    text = decoded(data, codec)
    if text is None or "\0" in text:
        message = (
            f"{path}: the text is not in {encoding}; remove encoding, so that it is found out, or "
            "correct it"
        )
        raise InputError(message)
    name = _NAMES.get(codec, "Big5")
    return Decoded(text.removeprefix("\ufeff"), name, given=given)


def _no_text(path: Path) -> InputError:
    return InputError(
        f"{path}: the text is neither UTF-8 nor GB18030 (GBK) nor Big5, or the file is not a text "
        "table; save it again as CSV UTF-8"
    )


def _has_utf8(data: bytes) -> bool:
    """Whether lines of a text that is not UTF-8 as a whole can be nothing else."""
    return any(_surely_utf8(line) for line in data.split(b"\n"))


def _surely_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8: two Chinese characters of it are six bytes that must all fit."""
    if line.isascii():
        return False
    text = decoded(line, "utf-8")
    return text is not None and len(_HAN.findall(text)) >= _MIXED


def _line_by_line(data: bytes, path: Path) -> Decoded:
    """Read a text of which some lines are in another encoding."""
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    readings = [_line(line) for line in lines]
    wrong = [number for number, reading in enumerate(readings, start=1) if reading is None]
    if wrong:
        message = (
            f"{path}: the text is in several encodings, and these lines are in none that can be "
            f"told: {_lines_in_words(wrong)}; save the file again as CSV UTF-8"
        )
        raise InputError(message)
    whole = [reading for reading in readings if reading is not None]
    main = _most([r.encoding for r, line in zip(whole, lines, strict=True) if not line.isascii()])
    others = tuple(
        (number, reading.encoding)
        for number, (reading, line) in enumerate(zip(whole, lines, strict=True), start=1)
        if not line.isascii() and reading.encoding != main
    )
    return Decoded("\n".join(reading.text for reading in whole), main, others=others)


def _line(line: bytes) -> Decoded | None:
    text = decoded(line, "utf-8")
    if text is not None:
        return Decoded(text, "UTF-8")
    found = likeliest(line)
    return found if found is not None and plausibility(found.text) >= _PLAUSIBLE else None


def _most(names: Sequence[str]) -> str:
    return max(sorted(set(names)), key=names.count)


def _lines_in_words(lines: Iterable[int]) -> str:
    return rows_in_words(list(lines)).replace("row", "line", 1)
