"""The deployments that a server should have: `prefect.yaml`, with the account blocks of the roster in use.

Prefect itself overlooks keys that it does not know; here a key misspelt is an error.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable
from datetime import timedelta
from importlib import import_module
from typing import Annotated, Any, Literal

import yaml
from prefect import Flow
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from deployments.render import PREFECT_YAML, render
from deployments.triggers import WantedTrigger
from tasks.contracts.accounts import Account
from tasks.settings import PROJECT, Settings

PLACEHOLDER = re.compile(r"\{\{ \$(\w+) \}\}")
Text = Annotated[str, Field(min_length=1)]


class PrefectYamlError(ValueError):
    """`prefect.yaml` says what no deployment can be made from."""


class Entry(BaseModel):
    """A mapping of `prefect.yaml`: its keys are known, or the file is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WantedPool(Entry):
    """Where the runs of a deployment go, and what its worker starts for them."""

    name: Text
    job_variables: dict[Literal["command", "working_dir", "env", "stream_output"], Any] = {}


class WantedLimit(Entry):
    """How many runs of a deployment there may be at once, and what happens to one more."""

    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]


class WantedSchedule(Entry):
    """A run every `interval` seconds, counted from `anchor_date`.

    The slug keeps it the same schedule when it is deployed again; a fixed anchor keeps it at its minute.
    """

    slug: Text
    interval: timedelta = Field(gt=timedelta(0))
    anchor_date: AwareDatetime


class WantedDeployment(Entry):
    """One deployment."""

    name: Text
    entrypoint: str = Field(pattern=r"^flows\.\w+:\w+$")
    work_pool: WantedPool
    description: Text | None = None
    tags: list[Text] = []
    parameters: dict[str, Any] = {}
    concurrency_limit: WantedLimit | None = None
    schedules: list[WantedSchedule] = []
    triggers: list[WantedTrigger] = []

    @property
    def flow(self) -> Flow[..., Any]:
        """The flow that it runs.

        Raises:
            PrefectYamlError: The entrypoint names none.
        """
        module, _, name = self.entrypoint.partition(":")
        try:
            found = getattr(import_module(module), name, None)
        except ImportError as error:
            raise PrefectYamlError(f"Deployment '{self.name}' of prefect.yaml: {error}") from error
        if not isinstance(found, Flow):
            raise PrefectYamlError(f"Deployment '{self.name}' of prefect.yaml: {self.entrypoint} is no flow")
        return found

    @property
    def job_variables(self) -> dict[str, Any]:
        """What its worker starts, on this machine, for the accounts in use."""
        variables: dict[str, Any] = {key: _filled(value) for key, value in self.work_pool.job_variables.items()}
        settings = Settings()
        if "home" in settings.model_fields_set:
            variables["env"] = {"MESSAGE_CENTER_HOME": str(settings.home), **variables.get("env", {})}
        return variables


class PrefectYaml(Entry):
    """All of `prefect.yaml`."""

    name: Text
    pull: list[Any] = Field(max_length=0, description="Nothing: the code is installed beside the worker.")
    definitions: dict[str, Any] = Field(default={}, description="Parts that the deployments share.")
    deployments: list[WantedDeployment]


def wanted_deployments(accounts: Iterable[Account], text: str | None = None) -> list[WantedDeployment]:
    """The deployments of `prefect.yaml`, with those that each of these accounts has.

    Raises:
        PrefectYamlError: A key is unknown or missing, a value is impossible, or a name is used twice.
    """
    source = PREFECT_YAML.read_text(encoding="utf-8") if text is None else text
    try:
        entries = PrefectYaml.model_validate(yaml.safe_load(render(accounts, source))).deployments
    except (yaml.YAMLError, ValidationError) as error:
        raise PrefectYamlError(f"prefect.yaml cannot be deployed: {error}") from error
    names = [entry.name for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PrefectYamlError(f"prefect.yaml has more than one deployment named {', '.join(twice)}")
    return entries


def _filled(value: Any) -> Any:
    """A job variable with this machine's python and this project's folder in place."""
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in value.items()}
    return PLACEHOLDER.sub(_place, value) if isinstance(value, str) else value


def _place(placeholder: re.Match[str]) -> str:
    here = {"MESSAGE_CENTER_PYTHON": shlex.quote(sys.executable), "MESSAGE_CENTER_PROJECT": str(PROJECT)}
    name = placeholder[1]
    if name not in {*os.environ, *here}:
        raise PrefectYamlError(f"prefect.yaml asks for the environment variable {name}, which is not set")
    return os.environ.get(name) or here[name]
