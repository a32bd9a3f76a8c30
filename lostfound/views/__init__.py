"""Pages of found things, by noun; rows come from ``queries``, changes go through ``workflow``."""
