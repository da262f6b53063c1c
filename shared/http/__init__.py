"""The edge: routes, bodies, problems, pages, limits, and the log of who did what."""
