"""Events brought to the door of those they concern: signed, at least once, in order per resource."""
