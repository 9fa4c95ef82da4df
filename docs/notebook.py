"""A notebook over the published data: `marimo edit docs/notebook.py`, or `marimo run` to look only."""

import marimo

app = marimo.App(width="medium", app_title="Message Center")


@app.cell
def _():
    import os
    from pathlib import Path

    import altair as alt
    import duckdb
    import marimo as mo
    import polars as pl

    home = Path(os.environ.get("MESSAGE_CENTER_HOME", "data"))
    published = home / "published" / "control.duckdb"
    mo.stop(not published.exists(), mo.md(f"Nothing is published at `{published}` yet: archive an account first."))
    # An edition stays as it was for as long as it is open; no flow waits for it.
    archive = duckdb.connect(str(published), read_only=True)
    return alt, archive, mo, pl, published


@app.cell
def _(archive, mo):
    accounts = [name for (name,) in archive.sql("select distinct account from event order by 1").fetchall()]
    account = mo.ui.dropdown(["all", *accounts], value="all", label="Account")
    mo.hstack([account])
    return (account,)


@app.cell
def _(account, archive, mo, pl):
    chosen = pl.lit(account.value == "all") | (pl.col("account") == account.value)
    level = archive.sql("from service_level").pl().filter(chosen)
    mo.vstack([mo.md("## Service level"), mo.ui.table(level, selection=None)])
    return chosen, level


@app.cell
def _(alt, archive, chosen, mo):
    statuses = archive.sql("select account, event_type, status, count(*) as events from event group by all").pl()
    shown = statuses.filter(chosen)
    chart = (
        alt.Chart(shown)
        .mark_bar()
        .encode(
            alt.X("sum(events):Q", title="events"),
            alt.Y("event_type:N", title=None, sort="-x"),
            alt.Color("status:N", title=None),
            tooltip=["event_type", "status", "sum(events)"],
        )
        .properties(width="container")
    )
    mo.vstack([mo.md("## What became of events"), mo.ui.altair_chart(chart)])
    return (shown,)


@app.cell
def _(archive, chosen, mo):
    waits = archive.sql("""
        select account, channel, count(*) as sent,
            quantile_cont(epoch(processed_at) - epoch(greatest(created_at, scheduled_at)), [0.5, 0.95]) as p50_and_p95
        from event
        where status = 'sent'
        group by all
        order by all
    """).pl()  # fmt: skip
    seconds = waits.filter(chosen)
    mo.vstack([mo.md("## Seconds from event to outcome"), mo.ui.table(seconds, selection=None)])
    return (seconds,)


@app.cell
def _(mo):
    query = mo.ui.code_editor(
        "select status, reason, count(*) as events\nfrom event\ngroup by all\norder by events desc", language="sql"
    )
    mo.vstack([mo.md("## A question of your own"), query])
    return (query,)


@app.cell
def _(archive, mo, query):
    answer = archive.sql(query.value).pl()
    mo.ui.table(answer, selection=None)
    return (answer,)


if __name__ == "__main__":
    app.run()
