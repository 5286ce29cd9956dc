"""What a planner hands in: the briefing page, the workbook, the layers and the figures."""
