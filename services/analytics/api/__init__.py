"""HTTP of analytics: figures of regions and their feeds, for operators, and the first page."""
