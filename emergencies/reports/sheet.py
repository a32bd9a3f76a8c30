"""What all papers of events share."""

FORM = "V1.0"
"""Version of the printed forms."""
