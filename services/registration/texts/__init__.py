"""The reasons for which files are refused, in the words of those who send them."""
