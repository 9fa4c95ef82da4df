"""Commands and replies over a connection to a mail server, several commands at once where it takes that (RFC 2920)."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from aiosmtplib import SMTP

REFUSAL: Final = 400
MOST_LINES: Final = 100
MALFORMED: Final = "the server's reply is none: {!r}"


class ServerReply(NamedTuple):
    """What a server answered to a command."""

    code: int
    text: str
    """Its lines, without their codes."""


class Dialogue:
    """A connection that was made, encrypted and logged in elsewhere, and is used from here on."""

    def __init__(self, client: SMTP) -> None:
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise ConnectionResetError("the connection is gone")
        loop = asyncio.get_running_loop()
        self._reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(self._reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)
        self._seconds = client.timeout
        self._is_pipelined = client.supports_extension("pipelining")
        self.takes_utf8 = client.supports_extension("smtputf8")
        self.takes_dsn = client.supports_extension("dsn")

    @property
    def is_open(self) -> bool:
        """Whether it still stands, as far as is known."""
        return not (self._writer.is_closing() or self._reader.at_eof())

    async def ask(self, *commands: bytes) -> list[ServerReply]:
        """The replies to commands, up to the first that is refused; the others have no effect then.

        Raises:
            OSError: The connection is lost, nothing comes in time, or what comes is no reply.
        """
        if not self._is_pipelined:
            return await self._one_by_one(commands)
        self._writer.write(b"".join(command + b"\r\n" for command in commands))
        replies: list[ServerReply] = []
        try:
            while len(replies) < len(commands):
                replies.append(await self._reply())
        except OSError:
            if not any(reply.code >= REFUSAL for reply in replies):
                raise
        return replies

    async def tell(self, content: bytes) -> ServerReply:
        """The reply to the lines of a message; errors as for `ask`."""
        self._writer.write(content)
        return await self._reply()

    def close(self) -> None:
        """Ends it without a word."""
        self._writer.close()

    async def _one_by_one(self, commands: Sequence[bytes]) -> list[ServerReply]:
        replies: list[ServerReply] = []
        for command in commands:
            replies.append(await self.tell(command + b"\r\n"))
            if replies[-1].code >= REFUSAL:
                break
        return replies

    async def _reply(self) -> ServerReply:
        lines: list[str] = []
        while len(lines) < MOST_LINES:
            line = await asyncio.wait_for(self._line(), self._seconds)
            if not line[:3].isdigit():
                raise ConnectionResetError(MALFORMED.format(line[:80]))
            lines.append(line[4:].strip().decode("utf-8", "replace"))
            if line[3:4] != b"-":
                return ServerReply(int(line[:3]), "\n".join(lines))
        raise ConnectionResetError(MALFORMED.format(lines[0][:80]))

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ConnectionResetError("the connection is gone") from error
        return line
