"""Where the story of a call begins: who calls and where they live says nothing of what they need."""

from __future__ import annotations

import re

from services.intake.domain.stripping import DIGITS, SURNAMES

_CLAUSES_MAX = 8
_END = re.compile(r"[，。；！？,.;!?\n]+\s*|\s{2,}")
_NAME = rf"(?:欧阳|司徒|上官|诸葛|[{SURNAMES}])[\u4e00-\u9fff]{{1,2}}|阿[\u4e00-\u9fff]"
_DISTRICT = r"(?:越秀|荔湾|海珠|天河|白云|黄埔|番禺|花都|南沙|从化|增城)(?:区|區)?"
_QUIET = r"[^\W\d_a-z跳烧火困死打杀砍救掉倒塌停断漏淹人没冇无被]"  # a name of a street, and none of the words that tell what happened in it
_PLACE = (
    rf"(?:广东省?)?(?:广州市?)?{_DISTRICT}(?:{_QUIET}{{1,5}}(?:镇|街道|路|街|巷|大道|村|里|苑|小区)){{0,2}}"
    rf"(?:[{DIGITS}a-z-]{{1,6}}(?:号|號|栋|座|楼|室|房|单元|巷)){{0,4}}"
)
# Each a whole clause and nothing more. "我是" is not among them: what follows it is often the need itself (我是盲人).
_OF_THE_CALLER = re.compile(
    "|".join((
        r"(?:你好|您好|喂|hello|hi|good (?:morning|afternoon|evening))+(?:呀|啊)?",
        rf"(?:喂|你好)?我(?:叫|个名叫|的名字叫|的名字是)(?:{_NAME})",
        rf"(?:喂|你好)?我?姓[{SURNAMES}](?:的|嘅)?",
        rf"叫(?:{_NAME})",
        rf"(?:我的?)?(?:电话|手机|身份证|号码|電話)(?:号码?|號碼?)?(?:是|系|係|:|：)?\s*[{DIGITS}x\s-]{{3,24}}",
        rf"(?:身份证|身份證)[{DIGITS}x]{{2,18}}(?:开头|開頭)",
        rf"(?:我|我家|家)?(?:住在|住喺|住|家在|是|系|係)?{_PLACE}(?:的|嘅|那边的|嗰边嘅)?",
        r"(?:hello |hi )?(?:my name is|i am called|i'm called) [a-z'-]+(?: [a-z'-]+)?",
        r"this is (?:mr|mrs|ms|miss) [a-z'-]+(?: from [a-z]+(?: district)?)?",
        r"(?:my )?(?:phone|telephone|mobile|number)(?: number)?(?: is)? [0-9 +-]{5,20}",
        r"i live (?:at|in) (?:no )?\d+[a-z]? (?:[a-z']+ ){1,3}(?:street|road|avenue|lane|st|rd|ave)",
    ))
)  # fmt: skip


def story_begins(text: str) -> int:
    """The index behind the clauses in which callers only say who and where they are (small letters); 0 where nothing follows them."""
    at = 0
    for _ in range(_CLAUSES_MAX):
        end = _END.search(text, at)
        if end is None or not _OF_THE_CALLER.fullmatch(text, at, end.start()):
            break
        at = end.end()
    return at if at < len(text) else 0
