"""The app: its routes, and what begins and ends with it."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import polars as pl
from fastapi import APIRouter, FastAPI

from deployments.intake import events, soap, webhooks
from deployments.intake.errors import told_as_problems
from deployments.intake.service import serve_from
from tasks.contracts.intake import HealthAnswer
from tasks.exchange.roster import load_roster
from tasks.settings import Settings

SWITCH_SECONDS: Final = 0.000_5
"""How long the thread that takes a group in may keep those waiting who talk to callers."""
health = APIRouter(tags=["service"])


@health.get("/health")
async def alive() -> HealthAnswer:
    """Tell that the service answers."""
    return HealthAnswer()


def intake_app(settings: Settings) -> FastAPI:
    """The intake of a home."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        service = serve_from(app, settings)
        service.intake.forget_old()
        for account in load_roster(settings.roster_path):
            service.intake.account(account.name).ids.fetch()
        gc.freeze()  # what was imported stays
        sys.setswitchinterval(SWITCH_SECONDS)
        with pl.Config(engine_affinity="in-memory"):  # a group of calls is many small queries
            yield
            await service.intake.ended()

    app = FastAPI(
        title="Message Center intake",
        version="1",
        summary="Events in, durable before they are answered; providers' delivery logs in.",
        lifespan=life,
    )
    told_as_problems(app)
    for router in (events.router, webhooks.router, soap.router, health):
        app.include_router(router)
    return app
