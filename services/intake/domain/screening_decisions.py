"""Every yes and no about a screening."""

from __future__ import annotations

from msgspec.structs import asdict

from services.intake.domain import screening as s
from shared.kernel import Decider, Rejected

Command = s.AskScreening | s.BeginScreening | s.FinishPart | s.FinishScreening | s.FailScreening | s.StopScreening | s.ForgetSignals


class ScreeningIsUnknown(Rejected):
    """There is no screening with this number."""


class ScreeningIsOver(Rejected):
    """This screening has ended; ask for a new one."""


class PartOutOfTurn(Rejected):
    """The parts of a screening are finished one after the other, each once."""


class NoThresholdInForce(Rejected):
    """No threshold was in force on the day of these data."""


class SignalsAreStillNeeded(Rejected):
    """What a screening found is forgotten after its time, not before."""


_ENDED = ("done", "failed", "stopped")


def ask(command: s.AskScreening, state: s.Screening) -> tuple[s.Event, ...]:
    if state.status != "absent":
        return ()
    if not command.thresholds:
        raise NoThresholdInForce
    return (s.ScreeningAsked(**asdict(command)),)


def finish_part(command: s.FinishPart, state: s.Screening, screening_id: str) -> tuple[s.Event, ...]:
    """A part that was recorded before a crash is not counted again."""
    if command.part <= state.parts:
        return ()
    if command.part != state.parts + 1:
        raise PartOutOfTurn(part=command.part, next=state.parts + 1)
    return (s.ScreeningPartDone(screening_id, **asdict(command)),)


def forget(command: s.ForgetSignals, state: s.Screening, screening_id: str) -> tuple[s.Event, ...]:
    if state.forgotten:
        return ()
    if state.kept_until is None or command.at < state.kept_until:
        raise SignalsAreStillNeeded
    return (s.SignalsForgotten(screening_id, command.at),)


def decide(command: Command, state: s.Screening) -> tuple[s.Event, ...]:
    if isinstance(command, s.AskScreening):
        return ask(command, state)
    if state.asked is None:
        raise ScreeningIsUnknown
    key = state.asked.screening_id
    if isinstance(command, s.ForgetSignals):
        return forget(command, state, key)
    how = {s.FinishScreening: "done", s.FailScreening: "failed", s.StopScreening: "stopped"}.get(type(command))
    if state.status in _ENDED:
        if state.status == how:
            return ()
        raise ScreeningIsOver(status=state.status)
    match command:
        case s.BeginScreening():
            return () if state.begun else (s.ScreeningBegun(key, **asdict(command)),)
        case s.FinishPart():
            return finish_part(command, state, key)
        case s.FailScreening():
            return (s.ScreeningEnded(key, command.at, "failed", command.reason, command.field),)
        case s.FinishScreening() | s.StopScreening():
            return (s.ScreeningEnded(key, command.at, str(how)),)


SCREENING = Decider(
    noun="screening", absent=s.Screening(), decide=decide, evolve=s.evolve,
    commands=(s.AskScreening, s.BeginScreening, s.FinishPart, s.FinishScreening, s.FailScreening, s.StopScreening, s.ForgetSignals),
    events=(s.ScreeningAsked, s.ScreeningBegun, s.ScreeningPartDone, s.ScreeningEnded, s.SignalsForgotten),
)  # fmt: skip
