"""What is said yes and no to about an order to the bank, a payment file, what the bank writes, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.disbursement.domain import instruction as i
from services.disbursement.domain import payment_file as f
from services.disbursement.domain import statement as s
from services.disbursement.domain import work_item as w
from services.disbursement.domain.payout import Payee
from shared.kernel import Decider
from shared.testing.given import Given
from tests.disbursement.stories import No, Yes, refusals_in

MONTH = "2026-11"
PAYEE = Payee("张三丰", "1111")
TELL = i.Instruct("p1", "e1", 500)
OPENED = (i.InstructionOpened("p1", 1, "e1", 500),)
WAITS = (*OPENED, i.InstructionWaits("p1", 1))
TAKE = i.TakeIntoFile("f1", "person-1", PAYEE)
FILED = (*WAITS, i.InstructionFiled("p1", 1, "f1", "person-1", "e1", 500, PAYEE))
LEFT = i.InstructionLeft("p1", 1, "f1")
SETTLED, REJECTED = (*FILED, i.InstructionEnded("p1", 1, "settled")), (*FILED, i.InstructionEnded("p1", 1, "rejected"))
PAID = i.Line("statement-1", 1, 500, "2026-11-23", "paid")
BACK = i.Line("statement-2", 1, 500, "2026-11-24", "back")
PART = replace(PAID, amount_fen=499)
CAME_BACK = (*SETTLED, i.InstructionEnded("p1", 1, "returned"))
SAID_NO = i.Line("report-1", 1, 0, "2026-11-23", "", "rejected", "AC04")


def agreed(line: i.Line, status: str) -> i.LineAgreed:
    return i.LineAgreed("p1", line, status, MONTH)


def note(line: i.Line) -> i.NoteLine:
    return i.NoteLine(line, MONTH)


OF_ORDERS = (
    Yes("the bank is to be told", (), TELL, OPENED),
    Yes("told anew after nothing arrived", REJECTED, TELL, (i.InstructionOpened("p1", 2, "e1", 500),)),
    Yes("it waits for a file", OPENED, i.WaitForFile(), (WAITS[-1],)),
    Yes("it waits once", WAITS, i.WaitForFile(), ()),
    Yes("what is in a file waits for no other", FILED, i.WaitForFile(), ()),
    Yes("taken into a file", WAITS, TAKE, (FILED[-1],)),
    Yes("given back by a file that was dropped", FILED, i.LeaveFile("f1"), (LEFT,)),
    Yes("another file gives back nothing", FILED, i.LeaveFile("f2"), ()),
    Yes("and taken into the next", (*FILED, LEFT), replace(TAKE, file_id="f2"), (replace(FILED[-1], file_id="f2"),)),
    Yes("ended", FILED, i.EndInstruction("settled"), (SETTLED[-1],)),
    Yes("ended once", SETTLED, i.EndInstruction("rejected"), ()),
    Yes("paid money comes back", SETTLED, i.EndInstruction("returned"), (i.InstructionEnded("p1", 1, "returned"),)),
    Yes("a line that fits", FILED, note(PAID), (agreed(PAID, "settled"),)),
    Yes("the same line counts once", (*FILED, agreed(PAID, "settled")), note(PAID), ()),
    Yes("another line of the same money", (*FILED, agreed(PAID, "settled")), note(replace(PAID, number=2)),
        (i.LineDisagreed("p1", replace(PAID, number=2), "duplicate"),)),
    Yes("less than was ordered", FILED, note(replace(PAID, amount_fen=499)), (i.LineDisagreed("p1", replace(PAID, amount_fen=499), "partial"),)),
    Yes("more than was ordered", FILED, note(replace(PAID, amount_fen=501)), (i.LineDisagreed("p1", replace(PAID, amount_fen=501), "exceeding"),)),
    Yes("paid after all", REJECTED, note(PAID), (i.LineDisagreed("p1", PAID, "late"),)),
    Yes("money that comes back", SETTLED, note(BACK), (agreed(BACK, "returned"),)),
    Yes("it came back already", REJECTED, note(BACK), (i.LineDisagreed("p1", BACK, "duplicate"),)),
    Yes("paid before anybody told the bank", WAITS, note(PAID), (i.LineDisagreed("p1", PAID, "contradicted"),)),
    Yes("a report of a no", FILED, note(SAID_NO), (agreed(SAID_NO, "rejected"),)),
    Yes("what has ended is given back by no file", SETTLED, i.LeaveFile("f1"), ()),
    Yes("what was never paid does not come back", REJECTED, i.EndInstruction("returned"), ()),
    Yes("the whole after a part", (*FILED, i.LineDisagreed("p1", PART, "partial")), note(replace(PAID, number=2)),
        (agreed(replace(PAID, number=2), "settled"),)),
    Yes("paid after it came back", CAME_BACK, note(PAID), (i.LineDisagreed("p1", PAID, "late"),)),
    Yes("a no after it came back", CAME_BACK, note(SAID_NO), (i.LineDisagreed("p1", replace(SAID_NO, amount_fen=500), "contradicted"),)),
    Yes("a no after it was paid", SETTLED, note(SAID_NO), (i.LineDisagreed("p1", replace(SAID_NO, amount_fen=500), "contradicted"),)),
)  # fmt: skip
NO_ORDERS = (
    *[No(live, TELL, i.InstructionStillLive) for live in (OPENED, WAITS, FILED)],
    No((), note(PAID), i.NoSuchInstruction),
    *[No(other, TAKE, i.NotWaitingForFile) for other in ((), OPENED, FILED, SETTLED)],
)

PAYMENTS = (f.Payment("p1", "e1", 500), f.Payment("p2", "e2", 700))
BUILD = f.BuildFile("f1", PAYMENTS, "digest", "2026-11-23T10:00:00", "2026-11-24", "f-1")
BUILT = (f.FileBuilt("f1", PAYMENTS, 1_200, "digest", "2026-11-23T10:00:00", "2026-11-24", "f-1"),)
RELEASED = (*BUILT, f.FileReleased("f1", "digest", "f-2", "2026-11-25"))
SENT = (*RELEASED, f.FileSent("f1"))
DROPPED = (*BUILT, f.FileDropped("f1", ("p1", "p2"), "f-1"))
SILENT = f.FileStayedSilent("f1", ("p1", "p2"))
OF_FILES = (
    Yes("built with its sum", (), BUILD, BUILT),
    Yes("built once", RELEASED, BUILD, ()),
    Yes("released", BUILT, f.ReleaseFile("f-2", "2026-11-25"), (RELEASED[-1],)),
    Yes("released once", SENT, f.ReleaseFile("f-3", "2026-11-26"), ()),
    Yes("sent", RELEASED, f.NoteFileSent(), (SENT[-1],)),
    Yes("sent once", SENT, f.NoteFileSent(), ()),
    Yes("nothing is sent that nobody released", BUILT, f.NoteFileSent(), ()),
    Yes("dropped", BUILT, f.DropFile("f-1"), (DROPPED[-1],)),
    Yes("dropped once", DROPPED, f.DropFile("f-1"), ()),
    Yes("taken by the bank", SENT, f.NoteFileStatus("accepted", ""), (f.FileAcknowledged("f1"),)),
    Yes("taken before we knew that it was sent", RELEASED, f.NoteFileStatus("accepted", ""), (f.FileAcknowledged("f1"),)),
    Yes("refused by the bank", SENT, f.NoteFileStatus("rejected", "AM05"), (f.FileRejected("f1", "AM05"),)),
    Yes("its first word stands", (*SENT, f.FileAcknowledged("f1")), f.NoteFileStatus("rejected", "AM05"), ()),
    Yes("no word about what it cannot have", BUILT, f.NoteFileStatus("accepted", ""), ()),
    Yes("somebody looked", BUILT, f.NoteFileShown("f-9"), (f.FileShown("f1", "f-9"),)),
    Yes("the bank says nothing", SENT, f.NoteSilence(), (SILENT,)),
    Yes("nothing after it was taken", (*SENT, f.FileAcknowledged("f1")), f.NoteSilence(), (SILENT,)),
    Yes("its silence is told once", (*SENT, SILENT), f.NoteSilence(), ()),
    Yes("of a file it refused nothing is awaited", (*SENT, f.FileRejected("f1", "x")), f.NoteSilence(), ()),
)
NO_FILES = (
    No(BUILT, replace(BUILD, digest="other"), f.FileDiffersFromFirst),
    *[No(gone, f.DropFile("f-1"), f.FileOnItsWay) for gone in (RELEASED, SENT)],
    No(DROPPED, f.ReleaseFile("f-2", "2026-11-25"), f.FileWasDropped),
    *[
        No((), c, f.FileAbsent)
        for c in (f.ReleaseFile("f-2", ""), f.DropFile("f-1"), f.NoteFileSent(), f.NoteFileShown("x"), f.NoteSilence())
    ],
)

HEARD = s.ReceiveMessage("camt.053", "m1", "digest")
GOT = s.MessageReceived("camt.053", "m1", "digest")
OF_MESSAGES = (Yes("a message", (), HEARD, (GOT,)), Yes("the same once more", (GOT,), HEARD, ()))
NO_MESSAGES = (No((GOT,), replace(HEARD, digest="other"), s.MessageDiffersFromFirst),)
READ = s.ReceiveStatement("s1", "a1", "b1", "2026-11-23", "2026-11-23", 1_000, 500, 0, 500, 1, "digest")
KNOWN = s.StatementReceived("s1", "a1", "b1", "2026-11-23", "2026-11-23", 1_000, 500, 0, 500, 1, "digest")
OF_STATEMENTS = (Yes("a statement", (), READ, (KNOWN,)), Yes("the same once more", (KNOWN,), READ, ()))
NO_STATEMENTS = (No((KNOWN,), replace(READ, digest="other"), s.StatementDiffersFromFirst),)
FIRST = (s.StatementFollowed("s1", 500),)
GAP = s.Gap("s3", 500, 300)
HOLE = (*FIRST, s.StatementFollowed("s3", 100, GAP))
OF_ACCOUNTS = (
    Yes("the first statement stands alone", (), s.FollowOn("s1", 1_000, 500), FIRST),
    Yes("the next opens with what the last closed with", FIRST, s.FollowOn("s2", 500, 300), (s.StatementFollowed("s2", 300),)),
    Yes("read once", FIRST, s.FollowOn("s1", 1_000, 500), ()),
    Yes("one is missing, and the gap is named", FIRST, s.FollowOn("s3", 300, 100), (HOLE[-1],)),
    Yes("the missing one fills it", HOLE, s.FollowOn("s2", 500, 300), (s.StatementFollowed("s2", 100, None, GAP),)),
    Yes("the front of the gap", HOLE, s.FollowOn("s2", 500, 400), (s.StatementFollowed("s2", 100, None, GAP, s.Gap("s3", 400, 300)),)),
    Yes("a gap is filled once", (*HOLE, s.StatementFollowed("s2", 100, None, GAP)), s.FollowOn("s9", 500, 300),
        (s.StatementFollowed("s9", 300, s.Gap("s9", 100, 500)),)),
    Yes("the end of the gap", HOLE, s.FollowOn("s2", 400, 300), (s.StatementFollowed("s2", 100, None, GAP, s.Gap("s3", 500, 400)),)),
)  # fmt: skip

RAISE = w.RaiseItem("w1", "partial", "p1", 499, "paid", "statement-1", "2026-11-23")
RAISED = (w.ItemRaised("w1", "partial", "p1", 499, "paid", "statement-1", "2026-11-23"),)
DOUBT = (w.ItemRaised("w1", "unknown", "p1", 499, "", "", ""),)
RETURNED = (w.ItemRaised("w1", "returned", "p1", 499, "", "", ""),)
PROPOSED = w.ItemProposed("w1", "bank_corrects", "f1")
RESOLVED = w.ItemResolved("w1", "bank_corrects", "f2")
BY_TWO = ("partial", "exceeding", "duplicate", "late", "unmatched", "contradicted", "gap")
BY_ONE = ("returned", "refused_message", "unknown_file")
OF_ITEMS = (
    Yes("raised", (), RAISE, RAISED),
    Yes("raised once", RAISED, RAISE, ()),
    Yes("not raised again when it is over", (*RAISED, RESOLVED), RAISE, ()),
    Yes("but a payout may fall into doubt again", (*DOUBT, w.ItemClosed("w1", "known")), replace(RAISE, kind="unknown"),
        (replace(RAISED[0], kind="unknown"),)),
    Yes("somebody takes it", RAISED, w.TakeItem("f1"), (w.ItemTaken("w1", "f1"),)),
    Yes("takes it once", (*RAISED, w.ItemTaken("w1", "f1")), w.TakeItem("f1"), ()),
    Yes("one says how it ended", RAISED, w.ResolveItem("bank_corrects", "f1"), (PROPOSED,)),
    Yes("another says otherwise", (*RAISED, PROPOSED), w.ResolveItem("asked_back", "f2"), (w.ItemProposed("w1", "asked_back", "f2"),)),
    Yes("two say the same", (*RAISED, PROPOSED), w.ResolveItem("bank_corrects", "f2"), (RESOLVED,)),
    Yes("over once", (*RAISED, RESOLVED), w.ResolveItem("bank_corrects", "f3"), ()),
    Yes("where no money is in doubt one is enough", RETURNED, w.ResolveItem("bank_confirmed", "f1"),
        (w.ItemResolved("w1", "bank_confirmed", "f1"),)),
    *[Yes(f"two about {kind}", (replace(RAISED[0], kind=kind),), w.ResolveItem("bank_corrects", "f1"), (PROPOSED,)) for kind in BY_TWO],
    *[Yes(f"one about {kind}", (replace(RAISED[0], kind=kind),), w.ResolveItem("bank_corrects", "f2"), (RESOLVED,)) for kind in BY_ONE],
    Yes("it came right by itself", RAISED, w.CloseItem("filled"), (w.ItemClosed("w1", "filled"),)),
    Yes("closed once", (*RAISED, w.ItemClosed("w1", "filled")), w.CloseItem("filled"), ()),
)  # fmt: skip
NO_ITEMS = (
    *[No((), c, w.ItemAbsent) for c in (w.TakeItem("f1"), w.ResolveItem("other", "f1"))],
    No(RAISED, w.ResolveItem("because", "f1"), w.ReasonNotKnownWord),
    No(DOUBT, w.ResolveItem("other", "f1"), w.ResolvedAtThePayout),
    No((*RAISED, PROPOSED), w.ResolveItem("bank_corrects", "f1"), w.AnotherPersonMustAgree),
)
TESTED = (
    (i.INSTRUCTION, OF_ORDERS, NO_ORDERS),
    (f.PAYMENT_FILE, OF_FILES, NO_FILES),
    (s.MESSAGE, OF_MESSAGES, NO_MESSAGES),
    (s.STATEMENT, OF_STATEMENTS, NO_STATEMENTS),
    (s.ACCOUNT, OF_ACCOUNTS, ()),
    (w.WORK_ITEM, OF_ITEMS, NO_ITEMS),
)
YES = [(decider, case) for decider, yes, _ in TESTED for case in yes]
NO = [(decider, case) for decider, _, no in TESTED for case in no]


@pytest.mark.parametrize(("decider", "case"), YES, ids=[f"{decider.noun}: {case.story}" for decider, case in YES])
def test_what_follows_a_command(decider: Decider[Any], case: Yes) -> None:
    Given(decider, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize(("decider", "case"), NO, ids=[f"{decider.noun}-{case.why.__name__}" for decider, case in NO])
def test_what_is_refused(decider: Decider[Any], case: No) -> None:
    Given(decider, *case.given).when(case.when).refused(case.why)


def test_every_kind_ends_by_one_or_by_two_or_at_the_payout() -> None:
    assert {*BY_TWO, *BY_ONE, "unknown"} == set(w.KINDS)


def test_every_command_every_event_and_every_refusal_is_in_a_table() -> None:
    for decider, yes, _ in TESTED:
        assert {type(case.when) for case in yes} == set(decider.commands), decider.noun
        assert {type(event) for case in yes for event in case.then} == set(decider.events), decider.noun
    named = {case.why for _, _, no in TESTED for case in no}
    assert named == {why for module in (i, f, s, w) for why in refusals_in(module)}
