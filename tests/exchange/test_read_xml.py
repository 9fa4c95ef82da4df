"""Message Center XML: events wherever they stand, as JSON; nothing of the outside world."""

import json

import pytest

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_xml import xml_rows

SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:nms:rtEvent">
  <SOAP-ENV:Header/>
  <SOAP-ENV:Body>
    <urn:PushEvent>
      <urn:sessiontoken>mc/secret</urn:sessiontoken>
      <urn:domEvent>{events}</urn:domEvent>
    </urn:PushEvent>
  </SOAP-ENV:Body>
</SOAP-ENV:Envelope>"""
EVENT = '<rtEvent type="order" email="ann@example.org" wishedChannel="0"><ctx><total>5</total></ctx></rtEvent>'
DOCUMENT = {"type": "order", "email": "ann@example.org", "wishedChannel": "0", "ctx": {"total": "5"}}


def documents(text: str) -> list[object]:
    return [
        json.loads(document) for document in xml_rows(text.encode(), "e.xml", is_utf8=False, most=1_000)["document"]
    ]


@pytest.mark.parametrize(
    "text",
    [
        EVENT,
        SOAP.format(events=EVENT),
        f"<events>{EVENT}</events>",
        EVENT.replace("rtEvent", "batchEvent"),
        EVENT.replace("<rtEvent", '<n:rtEvent xmlns:n="urn:nms:rtEvent"').replace("</rtEvent", "</n:rtEvent"),
        EVENT.replace(
            "<rtEvent", '<rtEvent xmlns="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="y"'
        ),
        EVENT.replace('email="ann@example.org"', "").replace("<ctx>", "<email>ann@example.org</email><ctx>"),
    ],
)
def test_an_event_is_the_same_wherever_it_stands(text: str) -> None:
    assert documents(text) == [DOCUMENT]


def test_a_collection_gives_its_elements_in_order_with_their_text() -> None:
    events = [EVENT, '<rtEvent type="b"><ctx/></rtEvent>', '<rtEvent type="c"></rtEvent >', '<batchEvent type="a"/>']

    rows = xml_rows(f"<PushEvents>{' '.join(events)}</PushEvents>".encode(), "e.xml", is_utf8=False, most=1_000)

    assert rows["line"].to_list() == [1, 2, 3, 4]
    assert rows["raw"].to_list() == events
    assert [json.loads(document)["ctx"] for document in rows["document"]] == [{"total": "5"}, {}, {}, {}]


@pytest.mark.parametrize(
    ("ctx", "expected"),
    [
        ("<a>1</a>", {"a": "1"}),
        ("<a> 1 </a>", {"a": "1"}),
        ("<a/>", {"a": ""}),
        ("<a></a>", {"a": ""}),
        ('<a b="1"/>', {"a": {"@b": "1"}}),
        ('<a b="1">x</a>', {"a": {"@b": "1", "#text": "x"}}),
        ("<a>x<b>y</b>z</a>", {"a": {"b": "y", "#text": "xz"}}),
        ("<a>1</a><b/><a>2</a><a/>", {"a": ["1", "2", ""], "b": ""}),
        ("<a>&lt;b&gt; &amp; &#233;<![CDATA[<c>]]></a>", {"a": "<b> & é<c>"}),
        ('<n:a xmlns:n="urn:n" n:b="1"/>', {"a": {"@b": "1"}}),
        ("<!-- no --><?no no?><a>1</a>", {"a": "1"}),
        ('<rtEvent type="inner"/>', {"rtEvent": {"@type": "inner"}}),
    ],
)
def test_ctx_becomes_json(ctx: str, expected: object) -> None:
    (document,) = documents(f'<rtEvent type="t"><ctx>{ctx}</ctx></rtEvent>')

    assert document == {"type": "t", "ctx": expected}


def test_attributes_of_ctx_its_lone_text_and_other_children_are_kept() -> None:
    assert documents('<rtEvent type="t" hashlpId="h"><mobileApp uuid="u"/>loose<ctx id="7"/></rtEvent>') == [
        {"type": "t", "hashlpId": "h", "mobileApp": {"@uuid": "u"}, "ctx": {"@id": "7"}, "#text": "loose"}
    ]
    assert documents('<rtEvent type="t"><ctx>{"a": 1}</ctx></rtEvent>') == [{"type": "t", "ctx": '{"a": 1}'}]


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ('<rtEvent type="a"><ctx/><ctx/></rtEvent>', "the event has more than one ctx element"),
        ('<rtEvent type="a"><type>b</type></rtEvent>', "the event has both an attribute and an element named type"),
        (
            "<rtEvent><ctx>" + "<a>" * 99 + "</a>" * 99 + "</ctx></rtEvent>",
            "the event nests elements more than 100 levels deep",
        ),
        (
            "<rtEvent><ctx>" + "<a>" * 100_000 + "x" + "</a>" * 100_000 + "</ctx></rtEvent>",
            "the event nests elements more than 100 levels deep",
        ),
    ],
)
def test_an_event_that_cannot_be_one_object_costs_only_itself(event: str, problem: str) -> None:
    rows = xml_rows(f"<a>{EVENT}{event}{EVENT}</a>".encode(), "e.xml", is_utf8=False, most=1_000)

    assert rows["problem"].to_list() == [None, problem, None]
    assert [document and json.loads(document) for document in rows["document"]] == [DOCUMENT, None, DOCUMENT]


def test_ninety_nine_levels_are_not_too_deep() -> None:
    assert len(documents("<rtEvent><ctx>" + "<a>" * 98 + "</a>" * 98 + "</ctx></rtEvent>")) == 1


LAUGHS = """<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<rtEvent type="&lol2;"/>"""
OUTSIDE = """<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rtEvent type="a"><ctx>&x;</ctx></rtEvent>"""
PARAMETER = """<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]><rtEvent type="a"/>"""


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, PARAMETER, '<!DOCTYPE rtEvent SYSTEM "x.dtd"><rtEvent type="a"/>'])
def test_document_types_and_entities_are_refused(text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"e\.xml declares a document type or entities"):
        documents(text)


@pytest.mark.parametrize(
    "text",
    [
        EVENT[:-3],
        f"<a>{EVENT}",
        f"{EVENT}{EVENT}",
        "<rtEvent type='&nope;'/>",
        "<rtEvent type='a' type='b'/>",
        "<rtEvent type='\x00'/>",
        '<?xml version="1.0" encoding="nope"?><rtEvent/>',
        "",
        "plain",
    ],
)
def test_what_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"e\.xml is not well-formed XML: "):
        documents(text)


def test_a_file_without_any_event_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="holds no rtEvent or batchEvent element"):
        documents("<PushEvents><event/></PushEvents>")


def test_a_tag_without_end_is_refused_before_it_costs_time() -> None:
    with pytest.raises(UnreadableFileError, match="a tag or comment of over"):
        documents(f'<rtEvent type="{"x" * 10_000_000}"/>')


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-8"])
def test_the_declared_encoding_is_used(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rtEvent type="é"/>'

    rows = xml_rows(text.encode(encoding), "e.xml", is_utf8=False, most=1_000)

    assert json.loads(rows["document"][0])["type"] == "é"
