"""Venues: applications, the registry, terms and trial programmes, and the needs that they serve."""
