"""Damaged population rasters: whatever their bytes, they are read or refused in words."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from pyproj import Transformer
from rasterio.transform import Affine
from shapely import box

from circles.crs import WGS84
from circles.demand import cells_from_rasters, demand_from_rasters, rasters
from circles.errors import CirclesError, InputError
from tests.drawn_heights import CRS_M, corner, write_grid
from tests.drawn_people import drawn, drawn_in_metres, sums

#: Four kilometres by four, with two communities in the middle.
SIDE: Final = 40
COMMUNITIES: Final = drawn(box(-900, -900, 20, 900), box(20, -900, 900, 900))
IN_METRES: Final = corner(-2000.0, 2000.0, 100.0)
#: Tags and the places of strips and tiles stand at the beginning of these files.
HEADER: Final = 700
EACH: Final = 40
MOST_S: Final = 2.0
FILES: Final[dict[str, dict[str, Any]]] = {
    "striped_float": {"dtype": np.float32, "nodata": -99999.0},
    "striped_lzw": {"dtype": np.int16, "compress": "lzw", "predictor": 2, "nodata": -1},
    "tiled_lzw": {
        "dtype": np.float32,
        "compress": "lzw",
        "tiled": True,
        "blockxsize": 16,
        "blockysize": 16,
    },
    "tiled_deflate": {
        "dtype": np.float64,
        "compress": "deflate",
        "tiled": True,
        "blockxsize": 32,
        "blockysize": 32,
    },
    "tiled_bytes": {"dtype": np.uint8, "tiled": True, "blockxsize": 16, "blockysize": 16},
    "big_tiff": {"dtype": np.int32, "ENDIANNESS": "BIG", "BIGTIFF": "YES"},
    "degrees": {"dtype": np.float32, "crs": "EPSG:4326", "compress": "packbits"},
}


def sound(path: Path, kind: str) -> bytes:
    """Write a sound raster of a kind and return its bytes."""
    profile = dict(FILES[kind])
    value = np.random.default_rng(3).integers(0, 30, (SIDE, SIDE)).astype(profile.pop("dtype"))
    profile.setdefault("transform", IN_METRES)
    if "crs" in profile:
        lon, lat = Transformer.from_crs(CRS_M, WGS84, always_xy=True).transform(-2000, 2000)
        profile["transform"] = Affine(0.001, 0, lon, 0, -0.001, lat)
    return write_grid(path, value, **profile).read_bytes()


def damaged(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Yield versions of a file: cut off, or with one to four bytes changed, half in its header."""
    for nth in range(EACH):
        if nth % 6 == 0:
            yield content[: int(rng.integers(0, len(content)))]
            continue
        changed = bytearray(content)
        end = len(content) if nth % 2 else min(HEADER, len(content))
        for place in rng.integers(0, end, int(rng.integers(1, 5))):
            flipped = changed[place] ^ (1 << int(rng.integers(0, 8)))
            changed[place] = int(rng.choice([0, 1, 127, 128, 255, rng.integers(0, 256), flipped]))
        yield bytes(changed)


@pytest.mark.parametrize("kind", FILES)
def test_damaged_rasters_are_read_or_refused(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Quickly, in words of our own, and with nothing from GDAL on the terminal."""
    path = tmp_path / "a.tif"
    content = sound(path, kind)
    assert sum(sums(demand_from_rasters({"all": path}, COMMUNITIES, CRS_M))) > 0
    rng = np.random.default_rng(sorted(FILES).index(kind))
    refused: list[str] = []
    slowest_s = 0.0
    for nth, content_now in enumerate(damaged(content, rng)):
        path.write_bytes(content_now)
        take = cells_from_rasters if nth % 4 == 0 else demand_from_rasters
        begin_s = time.process_time()
        try:
            take({"all": path}, COMMUNITIES, CRS_M)
        except CirclesError as error:
            refused.append(str(error))
        slowest_s = max(slowest_s, time.process_time() - begin_s)
    assert refused
    assert all(str(path) in message for message in refused)
    assert slowest_s < MOST_S
    assert capfd.readouterr() == ("", "")


def test_a_signalling_nan_is_no_number(tmp_path: Path) -> None:
    """Its bits make processors raise a flag that a sound NaN does not."""
    value = np.full((2, 2), 5.0, np.float32)
    value.view(np.uint32)[0, 0] = 0x7F800001
    path = write_grid(tmp_path / "a.tif", value, transform=corner(-100.0, 200.0, 100.0))
    demand = demand_from_rasters({"all": path}, drawn(box(-100, 0, 100, 200)), CRS_M)
    assert sums(demand) == pytest.approx([15.0])


@pytest.mark.parametrize(
    ("wide_m", "words"), [(1e8, "its cells would be 100,000 km wide"), (1e300, "its cells ")]
)
def test_cells_as_wide_as_a_continent_are_refused(
    tmp_path: Path, wide_m: float, words: str
) -> None:
    """A damaged size of pixels makes them."""
    path = write_grid(
        tmp_path / "a.tif", np.ones((2, 2)), transform=Affine(wide_m, 0, -wide_m, 0, -100, 200)
    )
    with pytest.raises(InputError, match=words):
        demand_from_rasters({"all": path}, COMMUNITIES, CRS_M)


def test_only_the_ground_that_a_raster_covers_is_cut(tmp_path: Path) -> None:
    """Pixels of a centimetre: communities of a hundred million of them, of which 1,600 are here."""
    value = np.full((SIDE, SIDE), 0.0001, np.float32)
    path = write_grid(tmp_path / "a.tif", value, transform=corner(0.0, 0.4, 0.01))
    communities = drawn_in_metres(box(-1000, -1000, 0.2, 1000), box(0.2, -1000, 1000, 1000))
    demand = demand_from_rasters({"all": path}, communities, CRS_M)
    assert len(demand) == SIDE * SIDE
    assert sums(demand) == pytest.approx([0.08, 0.08], rel=1e-5)
    keys = [note.key for note in demand.notes]
    assert "warnings.raster_short" in keys


def test_too_many_pieces_are_refused_with_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ground and borders count: a comb has few pixels inside and crosses many lines."""
    monkeypatch.setattr(rasters, "_MAX_PIECES", 1000)
    path = write_grid(tmp_path / "a.tif", np.ones((SIDE, SIDE)), transform=IN_METRES)
    teeth = [box(x, -2000, x + 1, 2000) for x in (-2000, -1500, -1000, -500)]
    comb = drawn_in_metres(shapely.union_all([box(-2000, -2000, 2000, -1999), *teeth]))
    whole = drawn_in_metres(box(-2000, -2000, 2000, 2000))
    with pytest.raises(InputError, match=r"into 1,7\d\d pieces; more than 1,000 are not computed"):
        demand_from_rasters({"all": path}, whole, CRS_M)
    monkeypatch.setattr(rasters, "_MAX_PIECES", 200)
    with pytest.raises(InputError, match=r"more than 200 are not computed"):
        demand_from_rasters({"all": path}, comb, CRS_M)


def test_a_large_community_is_cut_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same people live at the same places, however small the bands."""
    value: npt.NDArray[np.float64] = np.random.default_rng(4).random((SIDE, SIDE))
    path = write_grid(tmp_path / "a.tif", value, transform=IN_METRES)
    at_once = demand_from_rasters({"all": path}, COMMUNITIES, CRS_M)
    monkeypatch.setattr(rasters, "_BATCH_PIECES", 30)
    in_bands = demand_from_rasters({"all": path}, COMMUNITIES, CRS_M)
    assert sums(in_bands) == pytest.approx(sums(at_once), rel=1e-9)
    assert len(in_bands) == len(at_once)
    order, other = (np.lexsort((d.x_m, d.y_m, d.community)) for d in (at_once, in_bands))
    assert in_bands.x_m[other] == pytest.approx(at_once.x_m[order], abs=1e-3)
    assert in_bands.weights["all"][other] == pytest.approx(at_once.weights["all"][order], rel=1e-6)
