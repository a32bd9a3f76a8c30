"""Pages of special events."""
