"""值班台: what needs this person now, what runs, what the day holds; live while it is open."""
