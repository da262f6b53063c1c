"""The words of the programme that every service shares: times, stages, and the forms of texts. Pure."""
