"""Conditions as text, and the same as plain functions with SQL's three truth values."""

import operator
from typing import Any

from reference_life import Condition, Event

RELATIONS = {"=": operator.eq, "<>": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt}


def number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def compared(left: Any, right: Any, relation: str) -> bool | None:
    if left is None or right is None:
        return None
    return bool(RELATIONS[relation](left, right))


def both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def either(left: bool | None, right: bool | None) -> bool | None:
    return negated(both(negated(left), negated(right)))


def amount(event: Event) -> float | None:
    return number(event.ctx.get("amount"))


def total(event: Event) -> float | None:
    order = event.ctx.get("order")
    return number(order.get("total")) if isinstance(order, dict) else None


CONDITIONS = (
    Condition("ctx.amount > 50", lambda one: compared(amount(one), 50, ">")),
    Condition("country = 'FR'", lambda one: compared(one.fields["country"], "FR", "=")),
    Condition("country = 'F''R'", lambda one: compared(one.fields["country"], "F'R", "=")),
    Condition(
        "ctx.order.total >= 500 and country <> 'DE'",
        lambda one: both(compared(total(one), 500, ">="), compared(one.fields["country"], "DE", "<>")),
    ),
    Condition(
        "ctx.amount < 10 or country = 'US'",
        lambda one: either(compared(amount(one), 10, "<"), compared(one.fields["country"], "US", "=")),
    ),
    Condition("not (country = 'FR')", lambda one: negated(compared(one.fields["country"], "FR", "="))),
    Condition("ctx.code = 'A1'", lambda one: compared(one.ctx.get("code"), "A1", "=")),
    Condition("ctx.code is null", lambda one: one.ctx.get("code") is None),
    Condition("ctx.never.there > 1", lambda _: None),
    Condition("external_id like 'E1%'", lambda one: (one.fields["external_id"] or "-").startswith("E1")),
)
