"""Every yes and no about calling a number; decided in one stream for each number, so that two campaigns never both ring it."""

from __future__ import annotations

from services.intake.domain import number as n
from shared.kernel import Decider, Rejected


class NumberIsBlocked(Rejected):
    """This number is on the do-not-call list."""


class NumberOptedOutBefore(Rejected):
    """This number does not want to be called for this purpose."""


class NumberIsCalledElsewhere(Rejected):
    """Another campaign of the same purpose that has not ended has called this number."""


def claim(command: n.ClaimNumber, state: n.Number) -> tuple[n.Event, ...]:
    if state.blocked:
        raise NumberIsBlocked
    if command.purpose in state.refused:
        raise NumberOptedOutBefore
    campaign, call = state.held.get(command.purpose, ("", ""))
    if call == command.call_id:
        return ()
    if campaign in command.living:
        raise NumberIsCalledElsewhere
    return (n.NumberClaimed(command.number_id, command.purpose, command.campaign_id, command.call_id, command.at),)


def opt_out(command: n.OptOut, state: n.Number) -> tuple[n.Event, ...]:
    if command.purpose in state.refused:
        return ()
    refused = (*state.refused, command.purpose)
    return (n.NumberOptedOut(command.number_id, command.purpose, command.how, command.at, refused, state.blocked),)


def block(command: n.BlockNumber, state: n.Number) -> tuple[n.Event, ...]:
    return () if state.blocked else (n.NumberBlocked(command.number_id, command.reason, command.at, state.refused),)


def unblock(command: n.UnblockNumber, state: n.Number) -> tuple[n.Event, ...]:
    return (n.NumberUnblocked(command.number_id, command.reason, command.at, state.refused),) if state.blocked else ()


Command = n.ClaimNumber | n.OptOut | n.BlockNumber | n.UnblockNumber


def decide(command: Command, state: n.Number) -> tuple[n.Event, ...]:
    match command:
        case n.ClaimNumber():
            return claim(command, state)
        case n.OptOut():
            return opt_out(command, state)
        case n.BlockNumber():
            return block(command, state)
        case n.UnblockNumber():
            return unblock(command, state)


NUMBER = Decider(
    noun="number", absent=n.Number(), decide=decide, evolve=n.evolve,
    commands=(n.ClaimNumber, n.OptOut, n.BlockNumber, n.UnblockNumber),
    events=(n.NumberClaimed, n.NumberOptedOut, n.NumberBlocked, n.NumberUnblocked),
)  # fmt: skip
