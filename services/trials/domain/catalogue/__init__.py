"""Definitions that seasons refer to: competencies, instruments with their words, education programmes."""
