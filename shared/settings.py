"""What every service is told: one frozen model, read from the environment (prefix `KAPOK_`)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("intake", "matching", "disbursement", "notifications")
# Of a connection that holds a lock: a holder without power or network is given up after half a minute, not after the system's hours.
HEARTBEAT = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "4"}


class SettingsProblem(Exception):
    """One clear sentence about what is missing or wrong; the command line prints it and ends with 2."""


class Settings(BaseSettings):
    """Units and bounds stand in the names; a setting without a safe default must be given outside the embedded run."""

    model_config = SettingsConfigDict(env_prefix="KAPOK_", frozen=True, extra="ignore")

    port: int = Field(default=8080, ge=0, le=65535, description="Port of the HTTP door; 0 takes a free one.")
    host: str = Field(default="127.0.0.1", description="Address the door listens on.")
    home: Path = Field(default=Path(".kapok"), description="Folder of the embedded run: database, keys.")
    bus: Literal["postgres", "kafka"] = Field(default="postgres", description="How public events travel.")
    kafka_bootstrap: str = Field(default="127.0.0.1:9092", description="Kafka brokers, comma separated.")
    intake_dsn: str = Field(default="", description="PostgreSQL of intake; empty: the embedded one.")
    matching_dsn: str = Field(default="", description="PostgreSQL of matching; empty: the embedded one.")
    disbursement_dsn: str = Field(default="", description="PostgreSQL of disbursement; empty: the embedded one.")
    notifications_dsn: str = Field(default="", description="PostgreSQL of notifications; empty: the embedded one.")
    bus_dsn: str = Field(default="", description="PostgreSQL of the bus when it is `postgres`; empty: the embedded one.")
    issuer: str = Field(default="", description="Issuer of tokens (URL); empty: the embedded issuer, embedded run only.")
    jwks_url: str = Field(default="", description="Where a foreign issuer's keys are; empty: `<issuer>/.well-known/jwks.json`.")
    audience: str = Field(default="kapok", description="Audience a token must name.")
    kek: str = Field(default="", description="Key-encryption key, 32 bytes in base64; embedded run: made and kept in home.")
    index_key: str = Field(
        default="", description="Key of blind indexes and names, 32 bytes in base64; embedded run: made and kept in home."
    )
    signing_key: str = Field(default="", description="Ed25519 private key (32 bytes, base64) of public heads and service tokens.")
    intake_url: str = Field(default="", description="Where other services reach intake; empty: this process.")
    bank_url: str = Field(default="", description="HTTP bank; empty in the embedded run: the simulator is started beside it.")
    bank: Literal["http", "folder"] = Field(
        default="http", description="How the bank is reached: told at once over HTTP, or by payment files in a folder."
    )
    bank_folder: Path = Field(default=Path(".kapok/bank"), description="Folder shared with the bank: `out`, `in` and `done` lie in it.")
    bank_silence_hours: int = Field(
        default=48, ge=1, le=2400, description="Hours after which a payment file that the bank is silent about becomes a matter for people."
    )
    payer_name: str = Field(default="", max_length=140, description="Who pays, as payment files name them.")
    payer_account: str = Field(
        default="", pattern=r"^[A-Za-z0-9]{0,34}$", description="The account that pays, and whose statements are read."
    )
    payer_bank: str = Field(default="", pattern=r"^[A-Z0-9]{0,35}$", description="The bank of that account: BIC or clearing number.")
    telephony_url: str = Field(
        default="", description="Telephony provider for campaigns; empty in the embedded run: the simulator is started beside it."
    )
    telephony_secret: str = Field(
        default="",
        description="Secret shared with the telephony provider (`whsec_` and base64); without it no word of a provider is believed.",
    )
    calling_hours: str = Field(
        default="08:00-21:00",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="The widest hours, in Asia/Shanghai, at which any campaign may ring people.",
    )
    campaign_keep_days: int = Field(
        default=30, ge=1, le=365,
        description="Days after the end of a campaign for which it keeps numbers, names and words of people known for nothing else.",
    )  # fmt: skip
    triage_url: str = Field(
        default="", description="OpenAI-compatible end point (`…/v1`) for a second opinion on narratives; empty: nobody is asked."
    )
    triage_key: str = Field(default="", description="Bearer key of that end point.", repr=False)
    triage_model: str = Field(default="default", description="Name of the model at that end point.")
    triage_seconds: float = Field(default=4, gt=0, le=30, description="How long a second opinion is waited for.")
    queue_max: int = Field(default=4000, ge=1, description="Commands that may wait for the writer before the door answers 503.")
    behind_seconds_max: float = Field(
        default=0.08, gt=0, description="How far the slowest service may be behind while bulk loads come in; beyond it they wait."
    )
    batch_max: int = Field(default=400, ge=1, description="Commands in one transaction at most.")
    relay_batch_max: int = Field(default=1000, ge=1, description="Outbox rows published at once at most.")
    poll_seconds: float = Field(default=0.25, gt=0, description="How often to look when nothing woke us.")
    body_max_bytes: int = Field(
        default=1_000_000, ge=1000, description="Largest body of one request; streamed batches are not bound by it."
    )
    upload_max_bytes: int = Field(default=268_435_456, ge=1000, description="Largest file that a page takes; it is kept on disk meanwhile.")
    rate_per_second: float = Field(default=500, gt=0, description="Requests a second of one authenticated caller.")
    rate_burst: int = Field(default=2000, ge=1, description="Requests at once of one authenticated caller.")
    public_rate_per_second: float = Field(default=20, gt=0, description="Requests a second of one address without a token.")
    public_rate_burst: int = Field(default=100, ge=1, description="Requests at once of one address without a token.")
    signed_rate_per_second: float = Field(
        default=500, gt=0, description="Words a second of one provider outside who signs them, from whatever addresses."
    )
    signed_rate_burst: int = Field(default=2000, ge=1, description="Words at once of one provider outside who signs them.")
    webhook_private_allowed: bool = Field(
        default=False, description="Webhooks may go to private and loopback addresses (embedded run: yes)."
    )
    demo: bool = Field(default=False, description="Demo clients with the secret `demo`, tokens signed by our own key; never for real data.")
    demo_charities: str = Field(
        default="gzcs,tianhe-sws,yuexiu-sws", description="Organisation codes that the demo's log-in page offers; others may log in too."
    )
    member: str = Field(default="0", description="Stable replica number of this process within its service.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level that is logged.")
    otlp_endpoint: str = Field(default="", description="OpenTelemetry collector (HTTP); empty: no traces leave.")

    @property
    def intake_at(self) -> str:
        """Where intake answers: as told, else in this process."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.intake_url or f"http://{host}:{self.port}"

    def dsn(self, name: str) -> str:
        """The DSN of a service or of `bus`; empty when the embedded database is meant."""
        return str(getattr(self, f"{name}_dsn"))

    def key(self, name: Literal["kek", "index_key", "signing_key"]) -> bytes | None:
        """A key's 32 bytes, None when it is not set; raises `SettingsProblem` when it is no such thing."""
        text = str(getattr(self, name))
        if not text:
            return None
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:  # no base64, or not even ASCII
            raw = b""
        if len(raw) != 32:
            raise SettingsProblem(f"KAPOK_{name.upper()} must be 32 bytes in base64.")
        return raw


def read_settings() -> Settings:
    """The settings of this process; raises `SettingsProblem` naming the variable and the rule."""
    try:
        return Settings()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "_".join(str(p) for p in first["loc"]).upper()
        raise SettingsProblem(f"KAPOK_{name.removeprefix('KAPOK_')}: {first['msg']}.") from None
