"""``mlmodel gate``: a server that audits and tags the model versions that a registry's webhooks tell of."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from mlmodel.cli import options as asked
from mlmodel.cli.errors import InternalError, WrongUseError, printable

SECRET = "MLMODEL_GATE_SECRET"  # noqa: S105 - the name of a variable
MAX_CONNECTIONS = 64
"""At once; a server of MLflow has ten that deliver."""
EPILOG = """The secret of the webhook is in $MLMODEL_GATE_SECRET, or in the file of --secret-file; without one, nothing is served.

Exit status: 2 wrong usage or configuration; 3 the registry does not answer, or the address is in use; 130 or 143 ended by
SIGINT or SIGTERM, after what was queued, for thirty seconds at most."""


@click.command("gate", epilog=EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for a free one."
)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False),
    help="Serve HTTPS with this certificate chain.",
)
@click.option("--key", type=click.Path(exists=True, dir_okay=False), help="The private key of --certificate.")
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False),
    help="The secret of the webhook; with several lines, any of them, so that one can replace another.",
)
@click.option("--tracking-uri", metavar="URI", help="The tracking server, as MLflow takes it.")
@click.option("--registry-uri", metavar="URI", help="The registry, where it is another server.")
@click.option(
    "--max-age",
    type=click.IntRange(1, 86_400),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="Refuse deliveries whose time is farther away from now.",
)
@click.option(
    "--max-waiting",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    metavar="N",
    help="Versions that wait for their audit; beyond, the sender is asked to try again.",
)
@asked.judging_options
@click.option("-q", "--quiet", is_flag=True, help="No line for each version.")
@click.help_option("-h", "--help")
@click.pass_context
def command(
    context: click.Context,
    /,
    host: str,
    port: int,
    certificate: str | None,
    key: str | None,
    secret_file: str | None,
    tracking_uri: str | None,
    registry_uri: str | None,
    max_age: int,
    max_waiting: int,
    config_file: str | None,
    no_config: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Receive MLflow's registry webhooks; audit each new model version, and tag it as mlmodel audit --tag does.

    POST /webhook takes model_version.created and model_version_alias.created; GET /health and GET /metrics (Prometheus)
    tell how it is.
    """
    from mlmodel.audit.subjects import SourceError, WhereError
    from mlmodel.standard.rules import UnknownRuleError

    try:
        _check_pair(certificate, key)
        secrets = _secrets(secret_file)
        options = asked.options(asked.settings(config_file, no_config), asked.Given(**given))
        application = _application(
            secrets, (tracking_uri, registry_uri), options, max_age, max_waiting, _silent if quiet else _say
        )
    except (WrongUseError, UnknownRuleError, WhereError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    except SourceError as error:
        raise InternalError(printable(str(error))) from None
    _serve(application, host, port, certificate, key)


def _check_pair(certificate: str | None, key: str | None) -> None:
    if (certificate is None) is not (key is None):
        raise WrongUseError("--certificate goes with --key")


def _secrets(path: str | None) -> list[bytes]:
    if path is None:
        lines = [os.environ.pop(SECRET, "")]  # the libraries that judge need not see it
    else:
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUseError(
                f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8'}"
            ) from None
    found = [line.encode() for line in (line.strip() for line in lines) if line]
    if not found:
        raise WrongUseError(f"there is no secret: set {SECRET}, or name a --secret-file")
    return found


def _application(
    secrets: list[bytes],
    servers: tuple[str | None, str | None],
    options: Any,
    max_age: int,
    max_waiting: int,
    log: Any,
) -> Any:
    try:
        import uvicorn  # noqa: F401 - serves it

        from mlmodel.audit import gate
    except ImportError as error:
        raise WrongUseError(f"a gate needs its server: pip install 'mlmodel[gate]' ({error})") from None
    from mlmodel.audit.auditing import settings
    from mlmodel.audit.registry import Registry
    from mlmodel.audit.subjects import Wanted

    digest = settings(("models:/",), Wanted(), servers, options)
    work = gate.auditor(Registry(*servers), options, digest)
    made = gate.Gate(work, secrets, max_age=max_age, max_waiting=max_waiting, log=log)
    return gate.application(made)


def _serve(application: Any, host: str, port: int, certificate: str | None, key: str | None) -> None:
    import uvicorn

    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=10,
    )
    try:
        config.load()
    except OSError as error:
        raise InternalError(
            printable(f"{certificate} and {key} cannot be used: {error.strerror or error}")
        ) from None
    try:
        sock = config.bind_socket()
        sock.listen()
    except SystemExit:  # its logger, which is not set up here, has the reason
        raise InternalError(
            f"{host}:{port} cannot be listened at: it is in use, or no address of this machine"
        ) from None
    shown = f"[{host}]" if ":" in host else host
    _say(f"listening at {'http' if certificate is None else 'https'}://{shown}:{sock.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[sock])


def _say(line: str) -> None:
    sys.stderr.write(f"{printable(line)}\n")
    sys.stderr.flush()


def _silent(_: str) -> None:
    """What --quiet makes of lines."""
