"""Trials over HTTP, a module a resource."""
