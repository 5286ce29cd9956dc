"""Reading everything a project names, from its files to a district ready to be assessed."""

from circles.inputs.district import read_district

__all__ = ["read_district"]
