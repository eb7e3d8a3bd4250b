"""The main job, end to end: a trade folder goes in, cash comes out, and the books are checked."""
