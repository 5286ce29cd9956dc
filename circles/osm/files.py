"""OpenStreetMap files (.osm.pbf, .osm): whether they are any, and how osmium opens them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import osmium

from circles.errors import InputError
from circles.osm.xml_guard import refuse_entities
from circles.tables import refuse_missing

Box = tuple[float, float, float, float]

SUFFIXES: Final = (".osm.pbf", ".pbf", ".osm")


def check_extract(path: Path) -> None:
    """Refuse a path that is no OpenStreetMap extract, or an XML file that hides entities."""
    refuse_missing(path)
    if not path.name.lower().endswith(SUFFIXES):
        message = f"{path}: not an OpenStreetMap extract; expected one of {', '.join(SUFFIXES)}"
        raise InputError(message)
    if path.suffix.lower() == ".osm":
        refuse_entities(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say of any failure to read an extract that the extract is at fault."""
    try:
        yield
    except (RuntimeError, ValueError, IndexError) as error:
        message = (
            f"{path}: this OpenStreetMap extract cannot be read to its end ({error}); it is "
            "damaged, cut off or of another kind — download or copy it again"
        )
        raise InputError(message) from error


def osm_file(path: Path) -> osmium.io.File:
    """Return an extract as osmium opens it: its kind goes by its suffix, in capitals too."""
    return osmium.io.File(str(path), "osm" if path.suffix.lower() == ".osm" else "pbf")


def header_box(path: Path) -> Box | None:
    """Return the area the extract says it covers, or None if it does not say."""
    with osmium.io.Reader(osm_file(path), osmium.osm.NOTHING) as reader:  # no further than that
        box = reader.header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return (low.lon, low.lat, high.lon, high.lat)
