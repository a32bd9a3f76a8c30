"""交接班 (F4): what one shift leaves to the next, taken over line by line, signed by both (form JB)."""
