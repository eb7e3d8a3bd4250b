"""The outside world's formats as pure functions and models: no I/O, no knowledge of the rest of Portolan."""
