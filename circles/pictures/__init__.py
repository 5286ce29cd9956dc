"""Static pictures of an assessment: maps and charts, as SVG and PNG."""
