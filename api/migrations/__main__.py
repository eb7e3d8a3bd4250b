"""Writes the next migration: `python -m api.migrations "what changes"`."""

import sys
import tempfile

from alembic import command

from api.db import make_engine
from api.migrations import configuration, migrate


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        engine = make_engine(f"sqlite:///{directory}/fresh.db")
        migrate(engine)
        with engine.connect() as connection:
            command.revision(configuration(connection), message, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
