"""Small processes that run beside the services, in pods and on one machine."""
