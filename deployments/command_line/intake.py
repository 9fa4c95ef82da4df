"""Commands of the intake service and of its callers' tokens."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from deployments.command_line.output import AsJson, note, show, show_rows
from tasks.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Tokens of those who may send events to the intake service.")
Name = Annotated[str, typer.Argument(help="Name of the account.")]
STOP_SECONDS = 30


def intake(
    host: Annotated[str, typer.Option(help="Address to listen on; TLS is a proxy's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8_080,
) -> None:
    """Serve events and delivery logs over HTTP, in the foreground; Ctrl-C ends it once all calls are answered."""
    import uvicorn

    from deployments.intake.app import intake_app

    note(f"Taking events at http://{host}:{port}/accounts/NAME/events; the API is described at /docs.")
    uvicorn.run(
        intake_app(Settings()),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


@app.command("new")
def new(
    name: Name,
    days: Annotated[int | None, typer.Option(min=1, help="How long it is valid; left out: until revoked.")] = None,
    rotate: Annotated[bool, typer.Option(help="End the account's other tokens, after --grace-hours.")] = False,
    grace_hours: Annotated[int, typer.Option(min=0, help="How long others go on with --rotate.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a token for an account. It is shown once, and kept as a digest only."""
    from tasks.account_run import account_run
    from tasks.exchange.intake.tokens import end_tokens, new_token

    settings, now = Settings(), datetime.now(UTC)
    account_run(name)
    ended = end_tokens(settings.tokens_path, name, at=now + timedelta(hours=grace_hours)) if rotate else []
    token = new_token(settings.tokens_path, name, now=now, lifetime=timedelta(days=days) if days else None)
    show({"account": name, "token": token, "ending": ended}, as_json=as_json, title="Keep it: it is not shown again")


@app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens, by the characters that they are told apart by."""
    from tasks.exchange.intake.tokens import load_tokens

    rows = [token.model_dump(exclude={"digest"}) for token in load_tokens(Settings().tokens_path)]
    show_rows("tokens", rows, as_json=as_json, title="Tokens")


@app.command("revoke")
def revoke(
    name: Name,
    token_id: Annotated[str | None, typer.Option(help="One of them; left out: all of the account's.")] = None,
    as_json: AsJson = False,
) -> None:
    """End tokens of an account at once."""
    from tasks.exchange.intake.tokens import end_tokens

    only = None if token_id is None else [token_id]
    ended = end_tokens(Settings().tokens_path, name, at=datetime.now(UTC), only=only)
    if not ended:
        raise LookupError(f"Account {name} has no valid token{f' {token_id}' if token_id else ''}")
    show({"account": name, "revoked": ended}, as_json=as_json, title="Revoked")


@app.command("secret")
def secret(
    name: Name,
    provider: Annotated[str, typer.Argument(help="One that signs its webhooks.")],
    as_json: AsJson = False,
) -> None:
    """Keep what a provider signs an account's webhooks with; it is read from the prompt, or from standard input."""
    from tasks.account_run import account_run
    from tasks.exchange.intake.signatures import SCHEMES
    from tasks.exchange.intake.webhook_secrets import keep_secret

    account_run(name)
    if provider not in SCHEMES:
        raise LookupError(f"{provider} does not sign; its webhooks carry the token. These sign: {', '.join(SCHEMES)}")
    text = typer.prompt("Secret", hide_input=True, err=True).strip()
    keep_secret(Settings().webhook_secrets_path, name, provider, text)
    show({"account": name, "provider": provider}, as_json=as_json, title="Kept")
