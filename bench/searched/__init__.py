"""The house of the search bench."""
