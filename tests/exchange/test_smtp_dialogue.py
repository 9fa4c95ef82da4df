"""Commands at once, where a server takes that, and replies however they come."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tasks.contracts.accounts import SmtpServer
from tasks.exchange.sending.smtp_connection import NotSentError, connected
from tasks.exchange.sending.smtp_dialogue import Dialogue, ServerReply

COMMANDS = (b"MAIL FROM:<a@b.org>", b"RCPT TO:<c@d.org>", b"DATA")


def dialogue(greeting: bytes, replies: list[bytes], use: Callable[[Dialogue], Awaitable[object]]) -> list[bytes]:
    """What the server read, each time that it read; it answers to each reading with the next of the replies."""
    read: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(greeting)
        for reply in replies:
            read.append(await reader.read(65_536))
            writer.write(reply)
        await writer.drain()
        writer.close()

    async def both() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            made = await connected(SmtpServer(port=port, timeout_seconds=2, tls="off"))
            await use(made)
            made.close()

    asyncio.run(both())
    return read


async def asked(made: Dialogue, expected: list[ServerReply]) -> None:
    assert await made.ask(*COMMANDS) == expected


def test_commands_go_at_once_where_the_server_takes_that() -> None:
    replies = [b"250 2.1.0 ok\r\n250-two\r\n250 lines\r\n354 go on\r\n"]
    told = [ServerReply(250, "2.1.0 ok"), ServerReply(250, "two\nlines"), ServerReply(354, "go on")]
    read = dialogue(b"250-x\r\n250 PIPELINING\r\n", replies, lambda made: asked(made, told))
    assert read == [b"".join(command + b"\r\n" for command in COMMANDS)]


def test_commands_go_in_turn_elsewhere_up_to_the_first_refusal() -> None:
    told = [ServerReply(250, "ok"), ServerReply(550, "no")]
    read = dialogue(b"250 x\r\n", [b"250 ok\r\n", b"550 no\r\n"], lambda made: asked(made, told))
    assert read == [command + b"\r\n" for command in COMMANDS[:2]]


def test_a_refusal_before_the_connection_is_lost_is_heard() -> None:
    told = [ServerReply(421, "enough")]
    dialogue(b"250-x\r\n250 PIPELINING\r\n", [b"421 enough\r\n"], lambda made: asked(made, told))


@pytest.mark.parametrize("reply", [b"what?\r\n", b"250-" + b"x\r\n250-" * 200 + b"x\r\n", b"250 " + b"x" * 2**17, b""])
def test_what_is_no_reply_is_a_lost_connection(reply: bytes) -> None:
    async def fails(made: Dialogue) -> None:
        with pytest.raises(OSError, match=r"reply is none|gone|^$"):
            await made.ask(b"NOOP")

    dialogue(b"250 x\r\n", [reply], fails)


def test_a_server_that_says_nothing_costs_the_time_limit_and_no_more() -> None:
    async def says_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.close()

    async def nobody_answers() -> None:
        server = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NotSentError):
                await connected(SmtpServer(port=port, timeout_seconds=0.2))
            await asyncio.sleep(0.5)

    asyncio.run(nobody_answers())
