"""How deep JSON documents nest."""

import re
from itertools import accumulate
from typing import Final

import polars as pl

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def deeper_than(levels: int, documents: pl.Series) -> pl.Series:
    """Whether each document nests more than so many levels; only those with more brackets than that are looked at."""
    suspects = documents.str.count_matches(r"[\[{]").gt(levels).fill_null(value=False)
    deep = [_depth(document.encode()) > levels for document in documents.filter(suspects)]
    return suspects.scatter(suspects.arg_true(), deep)


def _depth(document: bytes) -> int:
    brackets = _STRING.sub(b"", document).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)
