"""Why a target is missed, by how the name of its row begins: shown on the page where the row is."""

CAUSES: dict[str, str] = {
    "ingest NDJSON": (
        "Ingestion: of a file of 100,000 rows, some 45 % of the time goes into taking fields out of the JSON documents "
        "in SQL, 20 % into the rules of the contract in Polars, 18 % into the transaction, 11 % into reading lines. "
        "DuckDB's own reader, with the columns named, parses once what is parsed several times here."
    ),
    "ingest Parquet": (
        "Parquet: its rows become JSON documents first, so that all formats share one path; typed columns would not "
        "need to be written as text and parsed again."
    ),
    "ingest NDJSON, by a row loop": (
        "The row loop is quicker than was thought when the target was set: SQLite takes tens of thousands of rows a "
        "second where a file is one transaction."
    ),
    "routing": "Routing: not profiled yet.",
    "delivery hand-over": (
        "Hand-over: 5,000 versions of templates are as many deliveries, each with a batch of its own: two files, "
        "written and synced. Rendering is no longer the limit."
    ),
    "delivery logs in": (
        "Logs in: typed columns become JSON and are parsed again (13 %), the rules of the contract take a third, "
        "the key of each row and the search for known ones most of the rest."
    ),
    "status out": "Status out, all rows: not profiled yet.",
    "status out, 1 % new rows": (
        "1 % new rows: what a run costs whatever it finds; at 1,000,000 events about 0.6 s of 0.9 s (status out) and "
        "0.7 s of 1.2 s (logs in) are Prefect's records of a flow and its tasks."
    ),
    "archive with proof": "Archive: not profiled yet.",
    "whole life": "Whole life: four tenths of it are the hand-over at 1,000,000 events.",
}
