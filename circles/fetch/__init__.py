"""Starting a project from OpenStreetMap: download a place into a folder with a project file."""

from circles.fetch.place import fetch_place

__all__ = ["fetch_place"]
