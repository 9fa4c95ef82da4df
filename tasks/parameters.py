"""Parameters that several flows share, described and bounded: they become the form in the Prefect UI."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from tasks.contracts.accounts import AccountName
from tasks.contracts.vocabulary import Queue

AccountParameter = AccountName
QueueParameter = Annotated[Queue, Field(description="Queue of the events: batch or real time.")]
NowParameter = Annotated[AwareDatetime | None, Field(description="Clock of the run; empty: the real time.")]
PathsParameter = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=4096)]] | None,
    Field(max_length=10_000, description="Files or folders; empty: all that waits in the account's inbox."),
]
IdsParameter = Annotated[
    list[Annotated[int, Field(ge=1, le=2**63 - 1)]] | None,
    Field(max_length=100_000, description="These events; empty: any."),
]
DryRunParameter = Annotated[bool, Field(description="Count what would be done, and change nothing.")]
IngestParameter = Annotated[bool, Field(description="First take in what waits in the queue's inbox.")]
RecycleParameter = Annotated[
    bool, Field(description="Then send what failed on the next of the account's fallback channels, if it has any.")
]
CollectParameter = Annotated[bool, Field(description="First collect the delivery logs that wait in the inbox.")]
