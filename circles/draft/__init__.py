"""A first project file from the files that a planner has: each judged, with its reasons."""

from circles.draft.project import Draft, draft_project, init_project

__all__ = ["Draft", "draft_project", "init_project"]
