"""The sender that hands messages to a mail server, over several connections side by side."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import SmtpServer
from tasks.contracts.deliver_events import HandOver, Message
from tasks.exchange.sending.compose_mail import compose
from tasks.exchange.sending.domain_line import DomainLine
from tasks.exchange.sending.hand_over_journal import Journal, Result, journal, results_frame
from tasks.exchange.sending.journalled import Journalled, answer
from tasks.exchange.sending.senders import Answer, SenderUnavailableError
from tasks.exchange.sending.smtp_connection import NotSentError, connected, leave, transfer
from tasks.exchange.sending.smtp_dialogue import Dialogue


@dataclass
class _Sending:
    """A batch on its way: messages that wait, results so far, and why a connection gave up."""

    line: DomainLine
    journal: Journal
    results: list[Result] = field(default_factory=list)
    trouble: str = ""

    def note(self, result: Result) -> None:
        self.journal.note(result)
        self.results.append(result)


@dataclass(frozen=True)
class SmtpSender(Journalled):
    """Sends the mails of an account; keeps a journal per batch in the folder `outbox`."""

    server: SmtpServer
    name: str = "smtp"
    batch_messages: int = 5_000
    round_messages: int = 5_000

    async def send(self, batches: Mapping[str, dy.DataFrame[Message]]) -> dict[str, Answer]:
        """Sends batches one after the other. What no connection could take is deferred; what is no mail is refused.

        An answer is a `SenderUnavailableError` where no connection took anything at all of the batch, a
        `FileExistsError` where a batch of this id was sent before.
        """
        return {batch_id: await answer(self._sent(batch_id, messages)) for batch_id, messages in batches.items()}

    async def _sent(self, batch_id: str, messages: dy.DataFrame[Message]) -> dy.DataFrame[HandOver]:
        is_mail = pl.col("channel") == "email"
        others = [
            Result(event_id, "refused", "failed", f"the smtp sender takes mail only, not {channel}")
            for event_id, channel in messages.filter(~is_mail).select("event_id", "channel").iter_rows()
        ]
        mails = list(messages.filter(is_mail).iter_rows(named=True))
        with journal(self.journal_path(batch_id), self.now) as opened:
            sending = _Sending(DomainLine(mails, self.server.domains), opened)
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self.server.connections, len(mails))):
                    workers.create_task(self._work(sending))
        if mails and not sending.results and not others:
            raise SenderUnavailableError(sending.trouble)
        left = [Result(mail["event_id"], "deferred", None, sending.trouble) for mail in sending.line.waiting]
        return results_frame([*others, *sending.results, *left], self.now)

    async def _work(self, sending: _Sending) -> None:
        """Opens connections one after the other, for as long as each gets somewhere and messages wait."""
        while sending.line.waiting:
            got_somewhere = False
            try:
                client = await connected(self.server)
                try:
                    while sending.line.waiting and client.is_open:
                        await self._next(sending, client)
                        got_somewhere = True
                finally:
                    await leave(client)
            except NotSentError as error:
                sending.trouble = str(error)
            if not got_somewhere:
                return

    async def _next(self, sending: _Sending, client: Dialogue) -> None:
        async with sending.line.next() as message:
            if message is not None:
                await self._pass_on(message, sending, client)

    async def _pass_on(self, message: dict[str, Any], sending: _Sending, client: Dialogue) -> None:
        try:
            mail = compose(
                message,
                default_sender=self.server.sender_address,
                now=self.now,
                bounce_address=self.server.bounce_address,
            )
        except ValueError as error:
            sending.note(Result(message["event_id"], "refused", "failed", f"cannot be made a mail: {error}"))
            return
        await sending.journal.intend(mail.event_id)
        try:
            result = await transfer(client, mail, self.server.dsn)
        except NotSentError as error:
            sending.journal.note(Result(mail.event_id, "deferred", None, str(error)))
            sending.line.again(message)
            raise
        sending.note(result)
