"""The description of the SOAP calls, from which callers generate theirs."""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader

from tasks.exchange.intake.soap import SCHEMAS

SCHEMA_NAMES: Final = tuple(namespace.removeprefix("urn:") for namespace in SCHEMAS)
"""`nms:rtEvent` and `nms:batchEvent`."""


@cache
def wsdl(schema: str, address: str) -> str:
    """The WSDL of a schema's methods, which are called at the address."""
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    namespace = f"urn:{schema}"
    element, _ = SCHEMAS[namespace]
    return templates.get_template("event.wsdl.j2").render(
        schema=schema, namespace=namespace, element=element, address=address
    )
