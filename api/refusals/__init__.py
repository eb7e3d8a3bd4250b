"""Which problems an operation can answer with, and what each looks like, for the OpenAPI description.

Nobody writes that down twice. `sources` reads in our own code which refusals an endpoint's functions name, with their
class and their words; `contracts` says of each call to a contract which of its errors a caller meets, and takes the
words from the errors' templates; `samples` fills in the values of one trade. So a refusal that is raised is described,
and what is described is what would be raised.
"""

from api.refusals.operations import Refusals, refusals_of

__all__ = ["Refusals", "refusals_of"]
