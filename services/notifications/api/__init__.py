"""Notifications over HTTP, a module a resource."""
