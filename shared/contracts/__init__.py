"""The contracts of events: classes, topics, the form on the wire, and schemas; they import nothing else of Bilet."""
