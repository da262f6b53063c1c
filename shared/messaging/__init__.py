"""Kafka: the relay that publishes the outbox, and consumers whose effects happen once."""
