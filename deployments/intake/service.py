"""What the routes of one service share."""

from dataclasses import dataclass

from fastapi import FastAPI, Request

from deployments.intake.gate import Gate
from tasks.intake import Intake
from tasks.settings import Settings


@dataclass(frozen=True)
class Service:
    """The ways in, and who may use them."""

    settings: Settings
    intake: Intake
    gate: Gate

    @staticmethod
    def of(request: Request) -> "Service":
        """The service that a request came to."""
        service: Service = request.app.state.service
        return service


def serve_from(app: FastAPI, settings: Settings) -> Service:
    """Gives an app its service."""
    service = Service(settings, Intake(settings), Gate(settings))
    app.state.service = service
    return service
