"""What every gateway does when it is first used, done once in a process that is forked for each of them.

Much of it is loaded or put together only when it is asked for; a process that lives for half a second would spend most
of its life on it.
"""

from sqlalchemy.orm import configure_mappers

from api.resources import load_routers


def make_ready() -> None:
    """Everything is loaded and every table's class is put together; nothing is opened and no thread is started."""
    load_routers()
    configure_mappers()
