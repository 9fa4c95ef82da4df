"""Why a target is missed, by how the name of its row begins: shown on the page where the row is."""

CAUSES: dict[str, str] = {
    "ingest NDJSON": (
        "Ingestion: of a file of 250,000 rows, some 35 % of the time goes into taking fields out of the JSON documents "
        "in SQL, 25 % into the transaction, 20 % into reading lines, 15 % into texts, instants and the rules of the "
        "contract. Reading one file while another is stored was tried: a tenth, for both cores are busy already. "
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
    "routing": (
        "Routing: an eighth of it is the transform; the rest is reading the pending events and writing seven columns "
        "of each of them again."
    ),
    "delivery hand-over": (
        "Hand-over: rounds of 100,000 messages, each with a transaction that claims and one that settles, and files "
        "that are written and synced. Why it takes 22 times as long for ten times the events was not profiled."
    ),
    "delivery logs in": (
        "Logs in: typed columns become JSON and are parsed again (a fifth), the search for known rows takes another, "
        "writing the new ones a sixth."
    ),
    "status out": (
        "Status out: all open rows are one transaction, which is half of it (a fifth of all marks each log row as "
        "applied); a third is finding the open rows and their events. All of them are held at once: hence the memory."
    ),
    "status out, 1 % new rows": (
        "1 % new rows: what a run costs whatever it finds; Prefect's records of a flow and its tasks are two thirds of "
        "it at 1,000,000 events."
    ),
    "archive with proof": (
        "Archive: six tenths are merging into the control store by key and writing it, a fifth reading the changes, a "
        "fifth publishing: rows are written three times, as a spool, in the store, and in the published files."
    ),
    "whole life": (
        "Whole life: at 1,000,000 events a quarter is ingestion, a fifth the hand-over, three tenths the archive. "
        "Memory grows where a stage holds all of its events at once: routing (6.8 GB at 10,000,000) and status out."
    ),
}
