"""Reading everything a project names, from its files to a district ready to be assessed."""

from circles.inputs.district import ReadProject, read_district, read_project

__all__ = ["ReadProject", "read_district", "read_project"]
