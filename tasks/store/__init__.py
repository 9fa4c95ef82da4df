"""The only importer of DuckDB: connections, transactions, migrations, one statement per `.sql` file."""
