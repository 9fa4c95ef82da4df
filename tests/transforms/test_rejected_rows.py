"""Rejected rows as people see them."""

import polars as pl
import pytest

from tasks.transforms.rejected_rows import shown_rejects


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('{"email": "ada.love+x@example.org"}', '{"email": "***@example.org"}'),
        ("<email>ada@example.org</email>", "<email>***@example.org</email>"),
        ("a@b.c, d@e", "***@b.c, ***@e"),
        ("no address @ all", "no address @ all"),
        ("y" * 190 + ' "ada.lovelace@example.org"', "y" * 190 + ' "***@exam'),
        (None, ""),
    ],
)
def test_mail_addresses_are_masked_before_the_text_is_cut(raw: str | None, text: str) -> None:
    row = {"source_file": "a", "line": 1, "reason": "no_type", "detail": raw, "raw": raw}
    [shown] = shown_rejects(pl.DataFrame([row], schema_overrides={"raw": pl.String, "detail": pl.String})).to_dicts()
    assert shown == {"file": "a", "line": 1, "reason": "no_type", "detail": text, "text": text}
