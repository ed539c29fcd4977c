"""Signs that somebody is in danger now, as people tell of them; part of the rules of `lexicon`, appended and never reordered."""

from __future__ import annotations

SIGNS_OF_DANGER: tuple[str, ...] = (
    (
        r"我(?:要|打算|准备|决定|決定|今晚|现在|而家)(?:去|就|就要)?(?:自杀|自殺|跳楼|跳樓|跳河|跳江|跳下去|跳落去|割腕|上吊|吊颈|烧炭|"
        r"燒炭)(?!了)|跳(?:下去|落去)(?:就|便)"
    ),
    (
        r"(?:撬|踹|砸|踢|撞)(?:我|我家|我們|我们|俺|俺家|我屋企|我哋)?(?:的)?(?:门|門|锁|鎖)|(?:有人|他|佢|前夫|老公).{0,6}(?:要杀|"
        r"要斩|要斬|想杀|要砍|要弄死|斩死|斬死|弄死)"
    ),
    (
        r"(?:透析|洗肾|洗腎|血透)(?:都|就|也|已经|已|经)?.{0,3}(?:没做|冇做|做不了|唔做|不再|唔再|停|误|断|欠)|(?:误|漏|没做|"
        r"停)(?:了)?(?:一次|两次|三次|几次)?(?:透析|血透|洗肾)"
    ),
    (
        r"(?:药|农药|木炭|炭|绳|绳子|刀|安眠药|遗书|遺書)(?:我)?(?:都|也|已经|已|就)?(?:在手|买好|买够|準備好|准备好|备好|攒够|攒好|"
        r"收着|存够|写好|寫好|在旁边|在手边)"
    ),
    (
        r"(?:没|冇)(?:有|了)?(?:呼吸|气了|气息|心跳|脉搏|脈搏)|停(?:止|了)?(?:呼吸|心跳)|心脏骤停|脸(?:发|都|色)?(?:紫|灰|青|黑)|"
        r"嘴唇(?:发|都)?(?:紫|青|乌|黑)|(?:面|嘴)(?:都)?(?:青|紫|瘀)(?:晒|了|曬)|口吐白沫"
    ),
    (
        r"(?:带|帶)(?:着|埋|上)?(?:他|她|佢|孩子|娃|女儿|女兒|儿子|兒子|个仔|个女|個仔|個女|两个|兩個)(?:们|哋|俩)?(?:一起|一齐|一齊|"
        r"一块)(?:走|死|跳|上路|喝|下去)|(?:一起|一齊|一齐)(?:走了算|死|跳下|跳落|上路)"
    ),
    (
        r"(?:个月|月大|吃奶|婴儿|宝宝|bb|小毛头).{0,14}(?:米汤|糖水|没奶|冇奶|断奶粉|奶粉(?:没|完|断|冇))|奶粉(?:昨天|今天|昨晚|"
        r"早)?(?:就)?(?:没了|完了|断了|吃完|冇晒|冇咗|得返一餐)"
    ),
    (
        r"(?:孩子|娃|女儿|儿子|闺女|岁的?|个仔|个女|細路|细路).{0,10}(?:锁|反锁|关)(?:在|喺)(?:屋|家|车|房|屋企)|(?:锁|反锁)(?:在|"
        r"喺)(?:屋|家|车|房).{0,8}(?:孩子|娃|岁)"
    ),
    (
        r"(?:孩子|娃|女儿|儿子|闺女|个仔|个女|老人|奶奶|爷爷|阿婆|阿伯|我妈|我爸).{0,10}(?:走丢(?!过)|唔见咗|找不到人|一宿没回|"
        r"一夜没回|整晚冇返)"
    ),
    r"嘴(?:角)?(?:都)?歪|口歪|(?:突然|刚才|刚刚|头先).{0,6}(?:半边|说不出话|说不清话|讲唔出)",
    (
        r"\b(?:(?:wants?|going|trying|threaten\w*|says he'll|said he'd|will) (?:to )?(?:kill|stab|shoot) (?:me|us|her|him|them|my)|"
        r"(?:kicking|breaking|smashing|pounding) (?:in |down |on |at )?(?:the|my|our) (?:door|window|gate))\b"
    ),
    (
        r"\b(?:(?:stopped|isn't|not|no longer|stops) breathing|(?:lips?|face|skin) (?:is |are |went |gone |going |turn\w* )?(?:blue|"
        r"grey|gray|purple)|slurred speech|face (?:drooped|dropped|asymmetr\w*)|took (?:all of them|them all|the lot)|"
        r"taken (?:all of them|them all|the lot))\b"
    ),
    (
        r"\b(?:dialysis.{0,25}(?:days? ago|weeks? ago|skipped|missed|refus\w+|stops?|last week)|(?:missed|"
        r"skipped) (?:\w+ )?(?:\w+ )?dialysis)\b"
    ),
    (
        r"\b(?:nowhere|no place|no bed|no shelter).{0,15}(?:for the night|to sleep|to go).{0,25}(?:kids?|child|children|baby|mother|"
        r"son|daughter|grandma)\b"
    ),
    (
        r"\b(?:the )?gas (?:is|tap is) (?:on|open)\b|\b(?:rope|pills|tablets|knife|charcoal|pesticide|note) (?:is|are) (?:ready|here|"
        r"next to me|in my hand|in my pocket|written|bought|on the table)\b"
    ),
    r"(?:传感器|用水|离床|用电|手环|床垫).{0,8}(?:4[0-9]|[5-9][0-9]|[两二三四五六](?:天|日)).{0,25}(?:独居|无人|未应|没人)",
    (
        r"\b(?:baby|infant|newborn|weeks? old|months? old)\b.{0,40}\b(?:sugar water|rice water|no formula|no milk|out of formula)\b|"
        r"\bno formula\b.{0,30}\b(?:months?|weeks?|baby)\b"
    ),
)
