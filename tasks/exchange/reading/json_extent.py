"""Where a JSON value ends within a long text, at a bounded price in memory and in depth."""

import json
import re
from typing import Final

from tasks.exchange.reading.read_received import ROW_MAX_BYTES

# Only the extent of a value matters here: numbers stay text, however long they are, and control characters pass.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
_WINDOW: Final = 4 * ROW_MAX_BYTES
_AHEAD: Final = ROW_MAX_BYTES + 1
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_TO_BRACKET: Final = re.compile(r'[^"\[\]{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"\[\]{}]*+)*+([\[\]{}])', re.DOTALL)


class JsonExtents:
    """Finds the ends of the values in a text, from its start to its end.

    Values are decoded out of a window, since Python's objects take many times the room of their text. One that is
    longer than a row may be, or nested too deeply, is nobody's row: only its brackets are counted.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._begun = 0
        self._window = text[:_WINDOW]

    def value_end(self, at: int) -> int:
        """Where the value that begins at `at` ends.

        Raises:
            ValueError: There is no JSON value.
        """
        window_end = self._begun + len(self._window)
        if at + _AHEAD > window_end < len(self.text):
            self._begun, self._window = at, self.text[at : at + _WINDOW]
        try:
            return self._begun + _DECODER.raw_decode(self._window, at - self._begun)[1]
        except RecursionError:
            return self._counted_end(at)
        except json.JSONDecodeError as error:
            end = self._counted_end(at, else_raise=error)
            if end - at < ROW_MAX_BYTES:
                raise json.JSONDecodeError(error.msg, self.text, self._begun + error.pos) from error
            return end

    def _counted_end(self, at: int, *, else_raise: json.JSONDecodeError | None = None) -> int:
        """The end of a string, an array or an object whose brackets alone are looked at."""
        if self.text.startswith('"', at) and (string := _STRING.match(self.text, at)):
            return string.end()
        depth, end = 0, at
        while (self.text[at : at + 1] in {"[", "{"}) and (step := _TO_BRACKET.match(self.text, end)):
            end = step.end()
            depth += 1 if step[1] in "[{" else -1
            if not depth:
                return end
        if else_raise is None:
            raise ValueError(f"the value that begins at character {at + 1:,} never ends")
        raise json.JSONDecodeError(else_raise.msg, self.text, self._begun + else_raise.pos)
