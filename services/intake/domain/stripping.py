"""What of a text may leave the house: the story without names, numbers, addresses and accounts; rather too little than too much."""

from __future__ import annotations

import re

DIGITS = "0-9０-９〇零一二三四五六七八九幺"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
    "雷钱汤尹黎易常武乔贺赖龚文欧區区莫麦關关温翁冼邝伍霍佘岑招植"
)
_TITLES = "先生|女士|小姐|太太|阿姨|阿婆|阿伯|大爷|大妈|婆婆|老伯|师傅|老师|医生|同学|同志|某某|某"
_NAME = f"(?:欧阳|司徒|上官|诸葛|[{SURNAMES}])[\u4e00-\u9fff]{{1,2}}"
# Each with what stands in its place. The order matters: what is longer and surer goes first.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"https?://\S+|www\.\S+", re.I), "〔link〕"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "〔mail〕"),
    (re.compile(r"(?:微信|qq|wechat|line|whatsapp|telegram)\s*(?:号|id)?\s*[:：是]?\s*[a-z0-9_-]{4,}", re.I), "〔account〕"),
    # Numbers of four digits and more, also spoken or with anything between: telephones, papers, cards, accounts.
    (re.compile(rf"[a-zA-Z]{{0,3}}[{DIGITS}](?:[\s\-—_.·,，、/()（）]{{0,2}}[{DIGITS}]){{3,}}[xX]?"), "〔number〕"),
    (
        re.compile(
            r"[\u4e00-\u9fff]{0,8}?(?:路|街|巷|弄|大道|胡同|里|村|屯|镇|乡|小区|花园|公寓|大厦|新村|苑|宿舍)"
            rf"[\u4e00-\u9fff]{{0,3}}[{DIGITS}十百]+(?:号|栋|幢|座|单元|楼|室|房|弄|组|队)[{DIGITS}十百a-zA-Z\-号栋幢座单元楼室房]*"
        ),
        "〔place〕",
    ),
    (re.compile(rf"[{DIGITS}十百a-zA-Z]+(?:栋|幢|单元|号楼|座)[{DIGITS}十百a-zA-Z\-]*(?:单元|室|房|号|楼)?[{DIGITS}]*(?:室|房)?"), "〔place〕"),
    (re.compile(r"\b\d+[a-z]?,? (?:[A-Z]\w+ ){1,3}(?:street|road|avenue|lane|st|rd|ave)\b\.?", re.I), "〔place〕"),
    (re.compile(r"((?:我叫|我名叫|叫做|名叫|名字叫|名字是|姓名|案主|患者|户主|儿童|学生)\s*[:：,，是]?\s*)(?:" + _NAME + r")"), r"\1〔name〕"),
    (re.compile(r"((?:我叫|我名叫|名叫|名字叫|名字是|姓名[:：])\s*)[\u4e00-\u9fff]{1,4}"), r"\1〔name〕"),
    (re.compile(r"((?:我姓|姓)\s*)[\u4e00-\u9fff]"), r"\1〔name〕"),
    (re.compile(rf"(?:老|小|阿)?[{SURNAMES}][\u4e00-\u9fff]{{0,2}}({_TITLES})"), r"〔name〕\1"),
    (re.compile(rf"老[{SURNAMES}](?=[，。,.的家说是在被])"), "〔name〕"),
    (re.compile(r"((?i:my name is|i am called|i'm called|this is|name:|called)\s+)[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+){0,2}"), r"\1〔name〕"),
    (re.compile(r"\b(Mr|Mrs|Ms|Miss|Dr|Auntie|Uncle|Granny|Old)\.?\s+[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?"), r"\1 〔name〕"),
)  # fmt: skip


def stripped(text: str, known: tuple[str, ...] = ()) -> str:
    """The text without what names a person. `known` (names, addresses of the same report) goes first, wherever it stands."""
    for word in sorted({word.strip() for word in known if len(word.strip()) > 1}, key=len, reverse=True):
        text = re.sub(re.escape(word), "〔known〕", text, flags=re.IGNORECASE)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
