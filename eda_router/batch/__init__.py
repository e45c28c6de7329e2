"""Many designs routed in many ways, and one table of what came of it."""
