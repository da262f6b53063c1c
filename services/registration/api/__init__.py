"""Registration over HTTP, a module a resource."""
