"""日历: what falls on which day."""
