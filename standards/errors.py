"""The base of every refusal that `standards` makes, so that a caller can catch them by one name."""


class StandardsError(ValueError):
    """A document or an identifier from outside is not what its standard asks for."""
