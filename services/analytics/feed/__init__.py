"""The regions' numbered logs: numbers and pseudonyms for events, pages for readers, and their Kafka topics."""
