"""Alembic's entrance: one connection, short lock waits, one migrator at a time."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from shared.db.tables.core import Base

# A migration that waits for a lock stops everybody behind it: better to give up and try again.
_LIMITS = "-c lock_timeout=5000 -c statement_timeout=600000"
_ONE_AT_A_TIME = 7_305_112_210  # an advisory lock's number, of no meaning

url = make_url(context.config.attributes["database_url"]).set(drivername="postgresql+psycopg2")
engine = create_engine(url, poolclass=NullPool, connect_args={"options": _LIMITS, "connect_timeout": 10})
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
        context.run_migrations()
