"""One table or layer, wherever it is kept, and what is said of how to read it."""

from dataclasses import dataclass
from pathlib import Path

from circles.tables.address import DatabaseAddress


@dataclass(frozen=True)
class Source:
    """Where a table or layer is, and how to read it; what is None is found out.

    Parameters
    ----------
    location
        The file, or the database.
    layer
        The layer of a file that has several; the table of a database, as ``schema.table``.
    query
        A query of a database, instead of a table.
    sheet
        The sheet of a workbook.
    encoding
        The encoding of a text table or a Shapefile.
    header_row
        The row, counted from 1, in which a table's header begins.
    lon, lat
        The columns of a table's coordinates; for a projected `crs` easting and northing.
    crs
        ``"wgs84"``, ``"cgcs2000"``, ``"gcj02"``, ``"bd09"``, ``"EPSG:n"`` or ``"auto"``.
    """

    location: Path | DatabaseAddress
    layer: str | None = None
    query: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    lon: str | None = None
    lat: str | None = None
    crs: str | None = None

    @property
    def name(self) -> str:
        """What outputs call it: the file's name, or the database without its secrets."""
        if isinstance(self.location, DatabaseAddress):
            what = self.layer or ("(query)" if self.query else "")
            return f"{self.location.name} {what}".strip()
        return self.location.name
