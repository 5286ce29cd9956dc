"""The project file `circles.toml`: what one district's run needs."""

from circles.project.file import Project, ProjectFile, load_project, project_of, read_toml
from circles.project.sources import SourceKeys
from circles.project.tables import (
    BUILDINGS,
    BY_STANDARD,
    CheckTable,
    CommunitiesTable,
    CommunityTable,
    DemandTable,
    FacilityTable,
    MapTable,
    NetworkTable,
    OutputTable,
    SettingRule,
    UnitLayer,
)

__all__ = [
    "BUILDINGS",
    "BY_STANDARD",
    "CheckTable",
    "CommunitiesTable",
    "CommunityTable",
    "DemandTable",
    "FacilityTable",
    "MapTable",
    "NetworkTable",
    "OutputTable",
    "Project",
    "ProjectFile",
    "SettingRule",
    "SourceKeys",
    "UnitLayer",
    "load_project",
    "project_of",
    "read_toml",
]
