"""`kapok`: run, kafka, serve, play, import, rebuild, topics, screen, residents, verify-ledger, triage-report, docs, token; one verb each."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
import uvloop
from rich.console import Console

from deploy.sample.doors import DoorClosed, Doors
from deploy.sample.play import away as nobody_answers
from deploy.sample.play import play as play_sample
from deploy.sample.summary import print_summary
from deploy.sample.year import YEARS, play_year
from deploy.triage import corpus
from deploy.triage.report import answered, report
from services.apart import MemberDown
from services.documents import write as write_documents
from services.import_told import Interrupted, imported
from services.importing import FileChanged, position_of
from services.intake.files.lines import Unreadable
from services.intake.weights import triage
from services.kafka import NoBroker, run_on_kafka
from services.main import SERVICES
from services.run import NotStarted, beside
from services.run import run as run_embedded
from services.sending import NotSent
from services.tending import LedgerBroken, Refused, check_books, make_topics
from services.tending import rebuild as rebuild_projection
from services.tending import verify_ledger as verify_public_ledger
from shared.embedded import EmbeddedProblem
from shared.errors import NotNow
from shared.home import home
from shared.runtime import Environment, House, environment
from shared.serving import PortTaken, Server, bound
from shared.settings import Settings, SettingsProblem, read_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
_BY_NAME = {service.name: service for service in SERVICES}
_HERE = f"http://127.0.0.1:{os.environ.get('KAPOK_PORT') or 8080}"  # where `run` with the same surroundings serves


def stop(sentence: str) -> NoReturn:
    """One clear sentence, exit code 2."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="End after the summary.")] = False,
    no_sample: Annotated[bool, typer.Option("--no-sample", help="Do not play the sample where the store is empty.")] = False,
) -> None:
    """Everything in one process on the embedded database, with sample data the first time; Ctrl-C ends it cleanly."""
    try:
        settings = read_settings()
        sock = bound(settings.host, settings.port)
        with home(settings.home) as here, beside(settings) as told:
            uvloop.run(run_embedded(here, told, sock, once=once, sample=not no_sample))
    except (SettingsProblem, EmbeddedProblem, PortTaken, NotStarted, DoorClosed) as wrong:
        stop(str(wrong))
    except KeyboardInterrupt:  # before anything was served
        raise typer.Exit(0) from None


@app.command()
def kafka(once: Annotated[bool, typer.Option("--once", help="End after the summary.")] = False) -> None:
    """The same city with one process per service on a real Kafka broker beside the embedded database."""
    try:
        run_on_kafka(read_settings(), once=once)
    except (SettingsProblem, EmbeddedProblem, NoBroker, MemberDown) as wrong:
        stop(str(wrong))


@app.command()
def serve(
    names: Annotated[list[str], typer.Argument(help="Services of this process: intake, matching, disbursement, notifications.")],
) -> None:
    """Some services in this process, on the databases and the bus that settings name; what images and units start."""
    unknown = [name for name in names if name not in _BY_NAME]
    if unknown:
        stop(f"There is no service {unknown[0]}; there are {', '.join(_BY_NAME)}.")
    try:
        settings = read_settings()
        needed = _needed(names, settings, environment(settings))
        if needed:
            stop(f"Not set, and needed to serve {', '.join(names)}: {', '.join(needed)}.")
        sock = bound(settings.host, settings.port)
    except (SettingsProblem, PortTaken) as wrong:
        stop(str(wrong))
    server = Server(House(tuple(_BY_NAME[name] for name in names), lambda: environment(settings)), host=settings.host, port=settings.port)
    uvloop.run(server.serve(sockets=[sock]))


def _needed(names: Sequence[str], settings: Settings, around: Environment) -> list[str]:
    """What these services cannot work without and nobody gave, by variable; only the embedded run brings it along."""
    missing = [f"KAPOK_{name.upper()}_DSN" for name in names if name not in around.dsns]
    if "disbursement" in names:  # it pays through the bank, and asks intake whom
        by_file = settings.bank == "folder"
        missing += [] if by_file or settings.bank_url else ["KAPOK_BANK_URL"]
        told = {
            "KAPOK_PAYER_NAME": settings.payer_name,
            "KAPOK_PAYER_ACCOUNT": settings.payer_account,
            "KAPOK_PAYER_BANK": settings.payer_bank,
        }
        missing += [name for name, value in told.items() if by_file and not value]
        missing += [] if settings.intake_url or "intake" in names else ["KAPOK_INTAKE_URL"]
    return missing


@app.command()
def play(
    url: Annotated[str, typer.Option(help="Where Kapok serves.")] = _HERE,
    year: Annotated[int | None, typer.Option(help="Replay a year of the seeds: 2022.")] = None,
) -> None:
    """Play the sample, or a whole year, through the public APIs; twice changes nothing."""

    async def played() -> None:
        console = Console(stderr=True)
        async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
            doors = Doors(http, url)
            print_summary(await (play_sample(doors, console) if year is None else play_year(doors, console, year)), console)

    if year is not None and year not in YEARS:
        stop(f"There is no year {year} to replay; there is {', '.join(map(str, YEARS))}.")
    try:
        asyncio.run(played())
    except httpx.TransportError as fault:
        stop(nobody_answers(fault))
    except DoorClosed as closed:
        stop(str(closed))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="NDJSON or CSV, plain, gzip or zip; see the columns in services/intake/README.md.")],
    url: Annotated[str, typer.Option(help="Where Kapok serves.")] = _HERE,
    token: Annotated[str, typer.Option(envvar="KAPOK_TOKEN", help="A token of a role that may report.")] = "",
    client: Annotated[str, typer.Option(help="A client of the embedded issuer instead of a token, e.g. gov.")] = "",
    secret: Annotated[str, typer.Option(help="Its secret.")] = "demo",  # noqa: S107 - the embedded run's demo secret
    rejects: Annotated[Path | None, typer.Option(help="Where refused rows are written; .csv or .ndjson.")] = None,
    encoding: Annotated[str, typer.Option(help="The file's encoding, where it is not found by itself.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this file's import was interrupted.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the rows here and send nothing.")] = False,
) -> None:
    """Send a file of reports; twice changes nothing. Ends with 0 when all is recorded, 3 when rows were refused, 2 when it cannot be sent."""
    if not file.is_file():
        stop(f"There is no file {file}.")
    if not (token or client or dry_run):
        stop("Who sends it? Give --token (or KAPOK_TOKEN), or --client.")
    out = rejects or file.with_name(file.name + ".rejects.csv")
    try:
        refused = imported(file, out, url, token=token, client=client, secret=secret, encoding=encoding, resume=resume, dry_run=dry_run)
    except Unreadable as broke:
        stop(f"{file} cannot be read{f' from line {broke.line} on' if broke.line else ''}: {broke}.")
    except (NotSent, FileChanged, OSError) as no:
        begun = isinstance(no, NotSent) and position_of(file).exists()
        stop(f"{no} What was answered is kept; --resume goes on from there." if begun else str(no))
    except Interrupted:
        print("Interrupted. What was answered is kept; --resume goes on from there.", file=sys.stderr)
        raise typer.Exit(130) from None
    raise typer.Exit(3 if refused else 0)


@app.command()
def docs() -> None:
    """Write the generated parts of the documents anew."""
    for path in write_documents():
        print(path)


@app.command()
def triage_report(
    file: Annotated[Path | None, typer.Option(help="A labelled file of your own, in the format of the corpus.")] = None,
    part: Annotated[str, typer.Option(help="A part of the corpus: held_back, final or training.")] = "held_back",
) -> None:
    """How well triage reads labelled narratives: per need, voice and language, and how urgencies are confused."""
    try:
        narratives = corpus.read(file) if file else corpus.part(part)
    except (corpus.NotACorpus, OSError, UnicodeDecodeError) as wrong:
        stop(str(wrong))
    if not narratives:
        stop(f"There are no narratives in {file or part}.")
    found = answered(narratives, lambda text: ((said := triage(text)).needs, said.level))
    print(report(found))


@app.command()
def topics() -> None:
    """Make the topics of all services on the bus that settings name; those that are there stay as they are."""
    try:
        for name in asyncio.run(make_topics(read_settings())):
            print(name)
    except (SettingsProblem, NotNow) as wrong:
        stop(str(wrong))


@app.command()
def rebuild(
    projection: Annotated[str, typer.Argument(help="`<service>.<projection>`, as /ops lists them.")],
    token: Annotated[str, typer.Option(envvar="KAPOK_TOKEN", help="A token of the role ops or admin; see `kapok token ops`.")],
    url: Annotated[str, typer.Option(help="Where Kapok serves.")] = _HERE,
) -> None:
    """Grow a read table anew from its events beside the live one, compare, and swap."""

    async def rebuilt() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=600) as http:
            done = await rebuild_projection(http, url, token, projection)
        print(f"{done['projection']}: {done['events']} events read; rows that differed: {done['differing_rows']}")

    _asked(rebuilt())


@app.command()
def verify_ledger(
    url: Annotated[str, typer.Option(help="Where Kapok serves.")] = _HERE,
    token: Annotated[str, typer.Option(envvar="KAPOK_TOKEN", help="A token of the role auditor: then the books behind it too.")] = "",
) -> None:
    """Read the public ledger as anybody can and compute it again: hashes, Merkle root, signature; with a token the books as well."""

    async def verified() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            found = await verify_public_ledger(http, url)
            print(f"{found['entries']} entries fit their hashes; the head {found['root']} is signed, {found['signed_at']}.")
            if token:
                at = await check_books(http, url, token)
                print(f"The books balance entry by entry and hold what was published, {at}.")

    _asked(verified())


def _asked(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except httpx.TransportError as fault:
        stop(nobody_answers(fault))
    except (Refused, LedgerBroken) as no:
        stop(str(no))


_OWN = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command(context_settings=_OWN)
def screen(context: typer.Context) -> None:
    """FILE --as-of DAY --out FOLDER: hold residents' data against dated limits without a service."""
    _columns("screen", context.args)


@app.command(context_settings=_OWN)
def residents(context: typer.Context) -> None:
    """--count N --out FILE: make-believe residents for exercises, CSV or Parquet."""
    _columns("residents", context.args)


def _columns(verb: str, args: list[str]) -> NoReturn:
    """Become the process that has the columnar engine, which no other verb should wait for."""
    os.execv(sys.executable, [sys.executable, "-m", "services.intake.screening.command", verb, *args])  # noqa: S606 - ourselves


@app.command()
def token(
    client: Annotated[str, typer.Argument(help="A client of the embedded issuer, e.g. operator or charity-<code>.")],
    secret: Annotated[str, typer.Option(help="Its secret.")] = "demo",  # noqa: S107 - the embedded run's demo secret
    url: Annotated[str, typer.Option(help="Where Kapok serves.")] = _HERE,
) -> None:
    """Print a token of the embedded issuer."""
    try:
        answer = httpx.post(f"{url}/auth/token", json={"client_id": client, "client_secret": secret}, trust_env=False)
    except httpx.TransportError as away:
        stop(f"Nobody answers at {url} ({type(away).__name__}).")
    if answer.status_code != 200:
        stop("Unknown client or wrong secret.")
    print(answer.json()["access_token"])


if __name__ == "__main__":
    app()
