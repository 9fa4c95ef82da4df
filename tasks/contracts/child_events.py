"""New events in the place of others: replayed, or sent again on another channel (design 3.2, 3.7)."""

import dataframely as dy

from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import CHANNELS


class Child(Frame):
    """An event to be made."""

    parent_event_id = dy.Int64(primary_key=True)
    channel = dy.Enum(CHANNELS)
