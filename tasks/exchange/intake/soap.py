"""Message Center's SOAP calls: `PushEvent` and `PushEvents` on `nms:rtEvent` and `nms:batchEvent`, `Logon` before them.

Source: Adobe's pages on event description, and KA-19369. Answers are document/literal, as their WSDL has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from tasks.contracts.vocabulary import Queue

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SCHEMAS: Final[dict[str, tuple[str, Queue]]] = {
    "urn:nms:rtEvent": ("rtEvent", "rt"),
    "urn:nms:batchEvent": ("batchEvent", "batch"),
}
SESSION: Final = "urn:xtk:session"
METHODS: Final = ("PushEvent", "PushEvents", "Logon")
CONTENT_TYPE: Final = "text/xml; charset=utf-8"


class SoapFaultError(Exception):
    """What a call is answered with where it cannot be done."""

    def __init__(self, text: str, *, is_ours: bool = False, detail: str = "") -> None:
        super().__init__(text)
        self.is_ours, self.detail = is_ours, detail


@dataclass(frozen=True)
class SoapCall:
    """A call: what is asked for, and by whom."""

    method: str
    namespace: str
    token: str | None
    password: str | None = None
    """Of a `Logon`."""

    @property
    def element(self) -> str:
        """The name of the events' elements."""
        return SCHEMAS[self.namespace][0]

    @property
    def queue(self) -> Queue:
        """The queue that the caller chose by the schema."""
        return SCHEMAS[self.namespace][1]


def read_call(content: bytes) -> SoapCall:
    """What a SOAP envelope asks for; the events in it are for the reader of Message Center XML.

    Raises:
        SoapFaultError: It is no envelope, or asks for what there is not.
    """
    try:
        envelope = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise SoapFaultError(f"The call is not well-formed XML: {error}") from error
    body = envelope.find(f"{{{ENVELOPE}}}Body")
    if body is None or len(body) != 1:
        raise SoapFaultError("The call is no SOAP 1.1 envelope with one method in its body")
    namespace, _, method = body[0].tag.rpartition("}")
    namespace = namespace.removeprefix("{").split("|")[0]
    values = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in body[0]}
    is_known = (namespace in SCHEMAS and method in METHODS[:2]) or (namespace == SESSION and method == "Logon")
    if not is_known:
        raise SoapFaultError(
            f"There is no method {method} on {namespace or 'no schema'}; there are PushEvent and PushEvents on "
            f"{' and '.join(SCHEMAS)}, and Logon on {SESSION}"
        )
    return SoapCall(method, namespace, _token(values.get("sessiontoken")), values.get("strPassword"))


def _token(text: str | None) -> str | None:
    """A session's token; the other form, `login/password`, has it behind the login."""
    return text.rpartition("/")[2] if text else None


def event_pushed(call: SoapCall, event_id: int) -> str:
    """The answer to `PushEvent`."""
    return _envelope(f'<PushEventResponse xmlns="{call.namespace}"><plId>{event_id}</plId></PushEventResponse>')


def events_pushed(call: SoapCall, events: Sequence[tuple[int, str | None]]) -> str:
    """The answer to `PushEvents`: the elements, each with its id, which is 0 where it was not stored, and why not."""
    elements = "".join(
        f'<{call.element} xmlns="" id="{event_id}"' + (f" error={quoteattr(error)}" if error else "") + "/>"
        for event_id, error in events
    )
    return _envelope(
        f'<PushEventsResponse xmlns="{call.namespace}"><pdomEventCollection>'
        f'<{call.element}Collection xmlns="">{elements}</{call.element}Collection>'
        "</pdomEventCollection></PushEventsResponse>"
    )


def logged_on(token: str) -> str:
    """The answer to `Logon`."""
    return _envelope(
        f'<LogonResponse xmlns="{SESSION}"><pstrSessionToken>{escape(token)}</pstrSessionToken>'
        "<pdomSessionInfo/><pstrSecurityToken/></LogonResponse>"
    )


def fault(error: SoapFaultError) -> str:
    """A fault."""
    side = "Server" if error.is_ours else "Client"
    return _envelope(
        f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{side}</faultcode><faultstring>{escape(str(error))}</faultstring>"
        f"<detail>{escape(error.detail or str(error))}</detail></SOAP-ENV:Fault>"
    )


def _envelope(body: str) -> str:
    return (
        f"<?xml version='1.0' encoding='utf-8'?>"
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{ENVELOPE}"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    )
