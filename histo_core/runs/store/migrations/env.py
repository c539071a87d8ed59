"""Alembic's entry: migrate over the connection that `histo_core.runs.store.database` opened and locked."""

from alembic import context

from histo_core.runs.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
