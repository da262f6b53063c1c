"""Aggregates and their outbox in MongoDB, written in one transaction."""
