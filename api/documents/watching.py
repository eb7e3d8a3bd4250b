"""What is done for documents without being asked, again and again."""

from api.chain_link import ChainLink
from api.db import Database
from api.documents.erasure import Sweeper
from api.documents.readers import reader_keys_of
from api.documents.rewrapping import Rewrapper
from api.loops import Loop
from api.metrics import Metrics
from api.pools.syndicates import pool_ids
from api.settings import Settings

_FOLLOW_SECONDS = 1.0
_SWEEP_SECONDS = 1.0


def document_loops(database: Database, settings: Settings, link: ChainLink, metrics: Metrics) -> tuple[Loop, Loop]:
    """The one that follows the log of events, which new events may wake, and the one that sweeps."""
    following = Rewrapper(database, lambda: reader_keys_of(settings), pool_ids(link.addresses))
    return (
        Loop("document readers", following.step, _FOLLOW_SECONDS, metrics.loop_failures),
        Loop("document eraser", Sweeper(database).step, _SWEEP_SECONDS, metrics.loop_failures),
    )
