"""Models of the answers to reads."""
