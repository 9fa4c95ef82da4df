"""A mail server that does what a test's script says, down to losing the connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[[str, int], str | None]
"""What to answer to a command (`CONNECT`, `MAIL`, `RCPT`, `DATA`, `.`), given how often it came on this connection
before; None closes the connection instead."""
USUAL = {"CONNECT": "220 ready", "EHLO": "250 scripted", "DATA": "354 go on", "QUIT": "221 bye"}


@dataclass
class ScriptedServer:
    """What the server took, byte by byte, and what it was told."""

    script: Script
    port: int = 0
    contents: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        counts: dict[str, int] = {}

        def answer(command: str) -> bool:
            said = self.script(command, counts.get(command, 0)) or None
            counts[command] = counts.get(command, 0) + 1
            if said is not None:
                writer.write(said.encode() + b"\r\n")
            return said is not None

        going_on = answer("CONNECT")
        while going_on and (line := (await reader.readline()).decode()):
            command = line.split()[0].upper().partition(":")[0]
            self.commands.append(line.strip())
            going_on = answer(command)
            if command == "DATA" and going_on and self.script("DATA", counts["DATA"] - 1).startswith("354"):
                content = b""
                while (part := await reader.readline()) not in {b".\r\n", b""}:
                    content += part
                going_on = answer(".")
                if going_on and content:
                    self.contents.append(content)
            going_on = going_on and command != "QUIT"
        writer.close()


def usual(command: str, _count: int) -> str:
    return USUAL.get(command, "250 2.0.0 OK")


@asynccontextmanager
async def scripted(script: Script = usual) -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(script)
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0, limit=2**24)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
