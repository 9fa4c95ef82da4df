"""No faster to a domain than it takes, in the order of the batch else, and every message once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.accounts import DomainLimit
from tasks.exchange.sending import domain_line
from tasks.exchange.sending.domain_line import DomainLine


def messages(*domains: str) -> list[dict[str, Any]]:
    return [{"event_id": number, "recipient": f"a@{domain}"} for number, domain in enumerate(domains)]


async def sent(line: DomainLine, workers: int, seen: list[tuple[int, Counter[str]]]) -> None:
    under_way: Counter[str] = Counter()

    async def work() -> None:
        while line.waiting:
            async with line.next() as message:
                if message is not None:
                    domain = message["recipient"].partition("@")[2].lower()
                    under_way[domain] += 1
                    seen.append((message["event_id"], Counter(under_way)))
                    await asyncio.sleep(0.001)
                    under_way[domain] -= 1

    await asyncio.gather(*(work() for _ in range(workers)))


def taken(batch: list[dict[str, Any]], limits: dict[str, DomainLimit], workers: int) -> list[tuple[int, Counter[str]]]:
    seen: list[tuple[int, Counter[str]]] = []
    asyncio.run(sent(DomainLine(batch, limits), workers, seen))
    return seen


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["a.org", "B.org", "c.org"]), max_size=25),
    st.dictionaries(st.sampled_from(["a.org", "b.org", "*"]), st.integers(1, 3)),
    st.integers(1, 6),
)
def test_every_message_goes_once_and_no_domain_has_more_than_it_takes(
    domains: list[str], most: dict[str, int], workers: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domain_line, "SECONDS_BETWEEN_LOOKS", 0.001)
        seen = taken(messages(*domains), {name: DomainLimit(at_once=number) for name, number in most.items()}, workers)
    assert sorted(number for number, _ in seen) == list(range(len(domains)))
    for _, under_way in seen:
        for domain, number in under_way.items():
            assert number <= most.get(domain, most.get("*", workers))


def test_a_full_domain_is_passed_by_and_the_order_stays() -> None:
    seen = taken(messages("a.org", "a.org", "b.org", "b.org"), {"a.org": DomainLimit(at_once=1)}, 2)
    assert [number for number, _ in seen][:2] == [0, 2]
    assert [number for number, _ in taken(messages(*"abcabc"), {}, 1)] == list(range(6))


def test_messages_of_a_domain_are_spread_over_the_minute() -> None:
    async def timed() -> float:
        began = asyncio.get_running_loop().time()
        await sent(DomainLine(messages(*["a.org"] * 4, "b.org"), {"a.org": DomainLimit(per_minute=600)}), 2, [])
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(timed()) >= 0.3


def test_a_message_that_did_not_leave_is_the_next_again() -> None:
    line = DomainLine(messages("a.org", "b.org"), {})

    async def again() -> list[int]:
        async with line.next() as first:
            assert first is not None
        line.again(first)
        seen: list[tuple[int, Counter[str]]] = []
        await sent(line, 1, seen)
        return [number for number, _ in seen]

    assert asyncio.run(again()) == [0, 1]
