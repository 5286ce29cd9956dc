"""The usual names of the columns of a facility table, and finding them."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import pandas as pd

from circles.tables import first_column
from circles.tables.folding import folded
from circles.texts import Bilingual

SERVES: Final = "serves"
#: What a facility can hold, and the usual names of the columns that say it, folded.
AMOUNT_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "places": ("places", "托位", "托位数", "收托数", "收托量", "核定收托", "核定收托数"),
        "seats": ("seats", "餐位", "餐位数", "座位", "座位数", "席位", "席位数"),
        "beds": (
            *("beds", "床位", "床位数", "核定床位", "核定床位数", "总床位", "总床位数"),
            *("核定总床位数", "床数", "核定床数", "开放床数", "许可床数"),
        ),
        "area_m2": (
            "aream2",
            "flooraream2",
            "建筑面积",
            "面积",
            "使用面积",
            "总面积",
            "楼地板面积",
        ),
    }
)
#: Columns of a capacity that do not say of what: it is of the service's usual kind.
UNSAID_COLUMNS: Final = ("capacity", "容量")
NAME_COLUMNS: Final = (
    *("名称", "设施名称", "机构名称", "单位名称", "站点名称", "据点名称", "网点名称", "name"),
    *("机关名称", "医疗院所", "医疗机构名称", "场所名称", "园所名称", "学校名称", "title"),
    *("申请单位名称", "申请单位", "服务单位", "服务单位名称"),
)
TYPE_COLUMNS: Final = (
    *("设施类型", "设施类别", "机构类型", "机构类别", "据点类型", "服务类型", "服务类别"),
    *("类型", "类别", "种类", "service", "type", "category"),
)
SERVES_COLUMNS: Final = (
    *("serves", "服务范围", "服务社区", "服务村居", "服务村里", "覆盖社区", "覆盖村居", "覆盖范围"),
)
HOURS_COLUMNS: Final = (
    *("openinghours", "openuntil", "开放时间", "营业时间", "服务时间", "开放时段", "关门时间"),
)
ADDRESS_COLUMNS: Final = ("地址", "详细地址", "据点地址", "设施地址", "机构地址", "address", "addr")
PHONE_COLUMNS: Final = ("电话", "联系电话", "服务电话", "联络电话", "phone", "tel", "telephone")
CODE_COLUMNS: Final = (
    *(
        "统一社会信用代码",
        "社会信用代码",
        "机构代码",
        "组织机构代码",
        "机构编码",
        "备案编号",
        "许可证号",
    ),
)
#: Columns of places for children under three in a table of kindergartens.
NURSERY_COLUMNS: Final = ("托位", "托位数", "托班托位", "托班托位数", "托班人数", "托班", "托班数")
#: What a column says, in the words of a report.
MEANINGS: Final[Mapping[str, Bilingual]] = MappingProxyType(
    {
        "name": Bilingual(zh="名称", en="name"),
        "type": Bilingual(zh="类型", en="type"),
        "places": Bilingual(zh="托位", en="places"),
        "seats": Bilingual(zh="座位", en="seats"),
        "beds": Bilingual(zh="床位", en="beds"),
        "area_m2": Bilingual(zh="面积", en="floor area"),
        "capacity": Bilingual(zh="容量", en="capacity"),
        SERVES: Bilingual(zh="服务范围", en="whom it serves"),
        "hours": Bilingual(zh="开放时间", en="opening hours"),
        "address": Bilingual(zh="地址", en="address"),
        "phone": Bilingual(zh="电话", en="telephone"),
        "code": Bilingual(zh="机构代码", en="code"),
        "state": Bilingual(zh="是否在运营", en="whether it is open"),
    }
)
_JOINT: Final = re.compile(r"[-_/\\|:\s]")


def usual_column(frame: pd.DataFrame, names: Iterable[str]) -> str | None:
    """Return the column that has the first of some folded names, in either kind of characters.

    Of a header of several rows the last part may be the name: 核定床數-核定總床位數.
    """
    wanted = tuple(names)
    return first_column(frame, wanted) or _by_key(frame, wanted)


def _by_key(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    whole: dict[str, str] = {}
    last: dict[str, str] = {}
    for column in map(str, frame.columns):
        plain = re.sub(r"[(（].*?[)）]", "", column)
        whole.setdefault(_JOINT.sub("", folded(plain)), column)
        last.setdefault(folded(_JOINT.split(plain)[-1]), column)
    found = (known.get(name) for known in (whole, last) for name in names)
    return next((column for column in found if column is not None), None)
