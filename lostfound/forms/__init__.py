"""One form per act, by noun as in the workflow; they check, the workflow decides."""
