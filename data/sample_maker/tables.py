"""Writes the communities, the facilities and the project file the way offices keep them."""

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pyogrio
import xlsxwriter
from shapely import Polygon

from sample_maker.people import COMMUNITIES, COUNTY, Community
from sample_maker.plan import DISTRICT
from sample_maker.services import Facility
from sample_maker.shapes import lonlat

AS_OF = "2026-06-30"
CGCS2000 = "EPSG:4490"
NOTE = "本数据为虚构示例：地名、人口、设施和坐标均系编造，与任何真实地方无关。"

PROJECT = f"""\
# {NOTE}
name = "{DISTRICT}"
standard = "guangzhou-1530"
as_of = {AS_OF}
fictional = true

[network]
osm = "district.osm.pbf"

[communities]
path = "communities.gpkg"
id = "编码"
name = "名称"
setting = {{ column = "类型", urban = ["社区"], rural = ["村"] }}
street = "街镇"
district = "区"
households = "户数"
population = {{ all = "常住人口", "60+" = "60岁及以上", "65+" = "65岁及以上", "0-3" = "0-3岁" }}

[demand]
source = "buildings"

[[facilities]]
path = "facilities.xlsx"
crs = "wgs84"
sheet = "设施"
name = "名称"
service_column = "类型"

[[facilities]]
path = "childcare.csv"
crs = "wgs84"
service = "childcare"

[output]
dir = "out"
lang = "zh"
"""


def community_table(areas: Mapping[str, Polygon]) -> gpd.GeoDataFrame:
    """Return the communities with their people, in degrees."""
    rows = [_community_row(community) for community in COMMUNITIES]
    shapes = [in_degrees(areas[community.code]) for community in COMMUNITIES]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CGCS2000)


def _community_row(community: Community) -> dict[str, str | int]:
    """Return one community's row."""
    residents, over_60, over_65, under_3 = community.people
    return {
        "编码": COUNTY + community.code,
        "名称": community.name,
        "类型": community.kind,
        "街镇": community.street,
        "区": DISTRICT,
        "户数": community.households,
        "常住人口": residents,
        "60岁及以上": over_60,
        "65岁及以上": over_65,
        "0-3岁": under_3,
    }


def in_degrees(area: Polygon) -> Polygon:
    """Return an area on the plane as an area on the globe."""
    return Polygon([lonlat(x, y) for x, y in area.exterior.coords])


def write_communities(path: Path, areas: Mapping[str, Polygon]) -> None:
    """Write the communities as a GeoPackage; GDAL takes its date from ``OGR_CURRENT_DATE``."""
    path.unlink(missing_ok=True)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{AS_OF}T00:00:00.000Z"})
    try:
        community_table(areas).to_file(
            path, layer="communities", driver="GPKG", engine="pyogrio",
            layer_options={"DESCRIPTION": NOTE, "IDENTIFIER": f"{DISTRICT}社区（村）"},
        )  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_facilities(path: Path, rows: Iterable[Facility]) -> None:
    """Write the facilities as a workbook: the list, and a sheet that says it is invented."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties(
            {
                "title": f"{DISTRICT}社区服务设施",
                "comments": NOTE,
                "created": datetime.fromisoformat(AS_OF),
            }
        )
        head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1})
        sheet = book.add_worksheet("设施")
        sheet.write_row(0, 0, ["名称", "类型", "地址", "经度", "纬度", "容量"], head)
        for i, row in enumerate(rows, start=1):
            sheet.write_row(i, 0, [row.name, row.type, row.address, *row.lonlat, row.capacity])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 20)
        sheet.set_column(2, 2, 44)
        sheet.set_column(3, 4, 12)
        about = book.add_worksheet("说明")
        about.write_column(0, 0, [NOTE, "坐标系：WGS84（经纬度）。", f"数据时点：{AS_OF}。"])


def write_nurseries(path: Path, rows: Iterable[Facility]) -> None:
    """Write the day nurseries as a CSV file that Excel opens without a garbled line."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(["name", "lon", "lat", "places"])
        writer.writerows((f"{r.name}（虚构）", *r.lonlat, r.capacity) for r in rows)


def write_project(path: Path) -> None:
    """Write the project file."""
    path.write_text(PROJECT, encoding="utf-8", newline="\n")
