"""日历: what falls on which day, on a page of the house and as a feed of one person (ADR 0036)."""
