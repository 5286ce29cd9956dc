"""What places may be held against: communities, buildings, streets and water around them."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from circles.crs import FloatArray, to_metres

if TYPE_CHECKING:
    import geopandas as gpd

    from circles.network import WalkNetwork

BoolArray = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

#: Farther than this, a building or a street has nothing to do with a place.
FAR_M: Final = 60.0
_STEP_M: Final = 3.5


@dataclass(frozen=True)
class Surroundings:
    """What places may be held against; every layer may be missing.

    Parameters
    ----------
    crs
        The run's local metric system, in which all layers are.
    communities
        Polygons, in the order that `named` counts by.
    buildings, streets, water
        Polygons, lines, polygons.
    """

    crs: CRS
    communities: Shapes | None = None
    buildings: Shapes | None = None
    streets: Shapes | None = None
    water: Shapes | None = None

    @classmethod
    def of(
        cls,
        crs: CRS,
        *,
        communities: "gpd.GeoDataFrame | None" = None,
        buildings: "gpd.GeoDataFrame | None" = None,
        network: "WalkNetwork | None" = None,
        water: "gpd.GeoDataFrame | None" = None,
    ) -> "Surroundings":
        """Project a run's layers; frames may be in any CRS of their own."""
        return cls(
            crs,
            communities=_projected(communities, crs),
            buildings=_projected(buildings, crs),
            streets=None if network is None else _street_lines(network, crs),
            water=_projected(water, crs),
        )

    @cached_property
    def layers(self) -> frozenset[str]:
        """Names of the layers that tell where a place may be and that have anything in them."""
        known = {"buildings": self.buildings, "streets": self.streets, "water": self.water}
        return frozenset(
            name for name, shapes in known.items() if shapes is not None and len(shapes)
        )

    def within(self, layer: str, points: FloatArray) -> BoolArray:
        """Tell which points lie in a layer of polygons.

        Parameters
        ----------
        layer
            ``"buildings"`` or ``"water"``, one of `layers`.
        points
            Metres of `crs`, shape (n, 2).
        """
        tree = self._buildings_tree if layer == "buildings" else self._water_tree
        inside = np.zeros(len(points), dtype=np.bool_)
        inside[tree.query(shapely.points(points), predicate="intersects")[0]] = True
        return inside

    def from_wall_m(self, points: FloatArray) -> FloatArray:
        """Return how far points are from the nearest building, metres, `FAR_M` at most; 0 in it."""
        return np.where(self.within("buildings", points), 0.0, _to(self._walls, points))

    def from_street_m(self, points: FloatArray) -> FloatArray:
        """Return how far points are from the middle of the nearest street, `FAR_M` at most."""
        return _to(self._streets, points)

    @cached_property
    def _buildings_tree(self) -> shapely.STRtree:
        return shapely.STRtree(cast("Shapes", self.buildings))

    @cached_property
    def _water_tree(self) -> shapely.STRtree:
        return shapely.STRtree(cast("Shapes", self.water))

    @cached_property
    def _walls(self) -> cKDTree:
        return cKDTree(_marks(shapely.boundary(self.buildings)))

    @cached_property
    def _streets(self) -> cKDTree:
        return cKDTree(_marks(self.streets))


def _to(marks: cKDTree, points: FloatArray) -> FloatArray:
    distance_m = marks.query(points, distance_upper_bound=FAR_M)[0]
    return cast("FloatArray", np.minimum(distance_m, FAR_M))


def _marks(lines: Any) -> FloatArray:
    """Set marks along lines: distances to the nearest mark are right to 30 cm from 5 m on."""
    return shapely.get_coordinates(shapely.segmentize(lines, _STEP_M))


def _projected(frame: "gpd.GeoDataFrame | None", crs: CRS) -> Shapes | None:
    return None if frame is None else np.asarray(frame.geometry.to_crs(crs))


def _street_lines(network: "WalkNetwork", crs: CRS) -> Shapes:
    """Return the streets that places may join: no ferries, no lone pieces."""
    edges = network.edges
    points = np.column_stack(to_metres(edges.lon, edges.lat, crs))
    owner = np.repeat(np.arange(len(edges.offset) - 1), np.diff(edges.offset))
    lines = cast("Shapes", shapely.linestrings(points, indices=owner))
    return lines[network.joinable]
