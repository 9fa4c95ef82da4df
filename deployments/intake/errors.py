"""Errors as callers see them: what was wrong, and what to do."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tasks.account_run import UnknownAccountError
from tasks.contracts.intake import ErrorAnswer
from tasks.event_ids import NoIdsError
from tasks.store.lock import StoreBusyError

BUSY_SECONDS = 1
TITLES = {
    400: "The call could not be read",
    401: "A token is needed",
    403: "The token is another account's",
    404: "There is no such thing",
    405: "No such method here",
    409: "The key is in use",
    413: "The call is too large",
    415: "The content is of a type that is not read",
    422: "Nothing of the call could be taken",
    429: "Too many events",
    503: "Not just now",
}


class CallError(Exception):
    """A call that cannot be answered as asked."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with, for the OpenAPI description."""
    content = {"application/problem+json": {"schema": ErrorAnswer.model_json_schema()}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error's answer."""
    answer = ErrorAnswer(title=TITLES.get(status, "Error"), status=status, detail=detail)
    return JSONResponse(
        answer.model_dump(exclude_none=True),
        status_code=status,
        media_type="application/problem+json",
        headers=dict(headers or {}),
    )


def told_as_problems(app: FastAPI) -> None:
    """Has an app tell every error in the same shape."""

    @app.exception_handler(CallError)
    async def _call(_: Request, error: CallError) -> JSONResponse:
        return problem(error.status, error.detail, error.headers)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def _parameters(_: Request, error: RequestValidationError) -> JSONResponse:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return problem(400, told)

    @app.exception_handler(UnknownAccountError)
    async def _account(_: Request, error: UnknownAccountError) -> JSONResponse:
        return problem(404, str(error))

    async def _busy(_: Request, error: Exception) -> JSONResponse:
        return problem(503, f"{error}; send it again", {"Retry-After": str(BUSY_SECONDS)})

    for kind in (NoIdsError, StoreBusyError, OSError):
        app.add_exception_handler(kind, _busy)
