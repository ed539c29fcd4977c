"""The words of triage in Mandarin, Cantonese and English: patterns for each need and each level of danger, numbered for ever.

A rule's id is its need (or level) and its place in the tuple (`word:medical.7`): append, never insert or reorder. Patterns are read
against lower-case text; a pattern without a Chinese character is English.
"""

from __future__ import annotations

from services.intake.domain.signs_of_danger import SIGNS_OF_DANGER

NEEDS: dict[str, tuple[str, ...]] = {
    "medical": (
        r"看病|睇病|睇医生|看医生|求医",
        r"住院|入院|留医|急诊|急症|icu|重症监护",
        r"手术|開刀|开刀|做手術",
        r"癌|肿瘤|腫瘤|白血病|淋巴瘤",
        r"透析|洗肾|尿毒症|肾衰|肾病",
        r"化疗|放疗|靶向药",
        r"药费|医药费|医疗费|醫藥費|住院费|手术费|治疗费|自费药",
        r"(?:买|攞|拿)?药(?:物)?(?:吃完|用完|断|唔够|不够|没了)|断药|停药|胰岛素",
        r"大病|重病|重疾|病重|罕见病|慢性病|绝症",
        r"心脏病|心梗|中风|脑梗|脑出血|糖尿病|高血压|肝硬化|肺炎|肺结核|艾滋",
        r"生病|得病|病倒|病咗|患病|有病|受伤|整亲|骨折",
        r"(?:没钱|冇钱|无钱|交不起|付不起|俾唔起).{0,6}(?:治|医|药|手术|住院)",
        r"怀孕|孕妇|分娩|生孩子|早产|产检|难产",
        r"轮椅坏|呼吸机|制氧机|氧气机|助听器",
        r"\b(?:hospital|surgery|operation|clinic|doctor|icu)\b",
        r"\b(?:cancer|tumou?r|leuk(?:a?e)mia|dialysis|chemo(?:therapy)?|stroke|diabet\w+|heart (?:attack|disease|failure))\b",
        r"\b(?:medicine|medication|insulin|prescription|treatment|medical bills?|hospital bills?)\b",
        r"\b(?:ill|illness|sick|disease|injur(?:y|ed|ies)|pregnan\w+|premature)\b",
        r"发烧|發燒|高烧|昏迷|抢救|病危",
        r"病历|诊断|确诊|确诊为|后遗症",
        r"(?:没有?|冇|无|缺)(?:药|医生|医保|钱买药|钱睇医生|助听器)",
    ),
    "emergency": (
        r"火灾|着火|失火|火烛|火燭|起火|烧光|烧毁",
        r"车祸|交通事故|撞车|被车撞|俾车撞",
        r"工伤|工地.{0,6}(?:摔|跌|压|伤)|触电|坠落|高处坠|机器.{0,4}(?:压|轧|绞)",
        r"台风|水浸|洪水|洪灾|暴雨.{0,6}(?:淹|浸|冲)|山泥倾泻|地震|塌方|房.{0,3}塌|爆炸|煤气泄漏|煤气中毒",
        r"家暴|打我|打老婆|被打|俾人打|虐待|殴打|砍|持刀|强奸|性侵|威胁.{0,4}(?:杀|命)",
        r"突发|突然.{0,6}(?:晕|昏|倒|病|发病)|意外|抢救|猝",
        r"被困|困在|失踪|走失|联系不上|联络唔到|冇人应门|没人应门",
        r"\b(?:fire|burn(?:ed|t) down|explosion|gas leak)\b",
        r"\b(?:accident|car crash|hit by a (?:car|truck|bus))\b",
        r"\b(?:flood(?:ed|ing)?|typhoon|earthquake|collapsed|landslide)\b",
        r"\b(?:beat(?:s|ing|en)? (?:me|her|him|us)|domestic violence|assault(?:ed)?|rape[d]?|stabbed|violent)\b",
        r"\b(?:trapped|missing person|went missing|can'?t reach (?:him|her))\b",
        r"\b(?:sudden(?:ly)? (?:collapsed|ill|sick))\b",
        r"救命|快来人|报警",
    ),
    "livelihood": (
        r"没(?:有)?饭(?:吃)?|冇饭食|冇嘢食|冇野食|没(?:东西|得)吃|揭不开锅|挨饿|饿肚子|饿了.{0,3}天|断粮|断炊|没米",
        r"没(?:有)?钱(?:吃饭|买菜|买米|买食|生活|过日子|用)|冇钱(?:食饭|买餸|开饭|使)|身无分文|一分钱.{0,3}(?:没|无|冇)",
        r"生活(?:困难|拮据|艰难|不下去|无着)|过不下去|生活费|维持(?:不了)?生活|手停口停|日子.{0,4}难",
        r"没(?:有)?收入|冇收入|无收入|没(?:有)?经济来源|断了收入|收入.{0,4}(?:低|少|不够|唔够)|入不敷出",
        r"低保|五保|特困|低收入|困难补助|临时救助|救济",
        r"欠债|负债|欠款|借钱|高利贷|债务|还不起|还不上",
        r"停水|断水|停电|断电|欠电费|水电费|电费交|煤气费",
        r"丧葬|殓葬|火化费|办后事|安葬",
        r"养不起|供不起|开唔到饭|没衣服|没棉被|被子|衣服不够|过冬|奶粉(?:钱|不够|没)|尿布|纸尿裤",
        r"残疾人?.{0,6}补贴|家里(?:很|好)?穷|贫困|家境困难|家庭困难|经济困难",
        r"\b(?:no food|nothing to eat|hungry|starving|food (?:is )?(?:running )?out|can'?t afford (?:food|to eat|groceries))\b",
        r"\b(?:no money|no income|lost (?:my|our|his|her) income|broke|penniless|can'?t make ends meet|low income)\b",
        r"\b(?:debts?|loan shark|owe[sd]?|borrowed)\b",
        r"\b(?:electricity|power|water|gas) (?:was |is |has been |got )?(?:cut|shut) off\b|\butility bills?\b",
        r"\b(?:funeral|burial|cremation)\b",
        r"\b(?:poverty|destitute|struggling financially|diapers|formula milk|baby formula)\b",
        r"吃不上饭|食唔饱|吃不饱|两餐|三餐不继",
    ),
    "employment": (
        r"失业|下岗|被(?:辞退|炒|裁|解雇)|俾人炒|炒鱿鱼|裁员",
        r"(?:找|揾|搵|稳)(?:不到|唔到|份|个|点)?.{0,2}(?:工作|工做|工)|求职|想.{0,4}(?:工作|返工|做工|上班)",
        r"拖欠工资|欠薪|欠.{0,6}工资|不发工资|冇出粮|工资.{0,6}(?:没|不|未)(?:发|给)",
        r"没(?:有)?(?:工作|工做)|冇(?:工|嘢)做|无工作|待业",
        r"技能培训|职业培训|学门手艺|就业(?:培训|援助|困难|帮扶)",
        r"(?:照顾|睇住|带).{0,8}(?:不能|无法|唔可以|没法|冇得).{0,4}(?:工作|上班|返工|做工|打工)",
        r"\b(?:unemployed|jobless|laid off|fired|lost (?:my|his|her) job|out of work)\b",
        r"\b(?:look(?:ing)? for (?:a )?(?:job|work)|find (?:a )?(?:job|work)|need (?:a )?job|job training|vocational training)\b",
        r"\b(?:unpaid wages?|wages? (?:not|never) paid|boss (?:won'?t|didn'?t|hasn'?t) pa(?:y|id))\b",
    ),
    "education": (
        r"学费|學費|书本费|学杂费|书费|住宿费",
        r"(?:上|读|念)不起(?:书|学|大学|幼儿园)|交不起学|读唔起书",
        r"辍学|退学|失学|休学|冇书读|没书读|没学上",
        r"入学|报名.{0,4}(?:学校|小学|中学|幼儿园)|学位|转学|插班|升学|上学(?:难|问题)",
        r"助学金|助学|奖学金|学习用品|文具|书包|校服|平板.{0,4}(?:上课|网课)|网课",
        r"\b(?:tuition|school fees?|enrol\w*|drop(?:ped|ping)? out|scholarship|textbooks?|school supplies|admission)\b",
        r"(?:没有?|冇|缺)(?:学费|书包|文具|学位|钱读书|钱上学)",
    ),
    "housing": (
        r"没(?:有)?(?:地方|屋|房子?)住|冇(?:地方|屋|定)(?:住|瞓)|无家可归|流落街头|睡(?:街|桥|公园|天桥)|瞓(?:街|天桥)|露宿",
        r"(?:房东|业主|包租).{0,8}(?:赶|趕|要我们走|要我走|收回|锁|换锁|逼迁)|赶出来|赶我|赶出门|被赶|俾人赶|逼迁|腾退|清退",
        r"交不起(?:房)?租|房租.{0,8}(?:交不|没钱|付不|欠)|欠.{0,4}(?:房租|租金)|俾唔起租|冇钱交租",
        r"危房|漏水|漏雨|屋顶.{0,4}(?:塌|漏)|房.{0,4}(?:裂|危)|墙.{0,4}(?:裂|塌)|(?:太|好)(?:挤|窄|迫)|劏房|冇窗",
        r"公租房|廉租房|公屋|保障房|住房(?:困难|补贴)|轮候",
        (
            r"\b(?:homeless|nowhere to (?:live|stay|sleep|go)|no place to (?:live|stay|sleep)|sleeping (?:rough|outside|"
            r"on the street))\b"
        ),
        r"\b(?:evict\w*|landlord|locked out|kick(?:ed|ing)? (?:me|us|him|her) out|thrown out)\b",
        r"\b(?:can'?t (?:pay|afford)(?: the| my| our)? rent|behind on rent|rent arrears)\b",
        (
            r"\b(?:public (?:rental )?housing|leak(?:ing|s|y)? (?:roof|ceiling)|mou?ld|unsafe (?:house|home|building|flat)|"
            r"overcrowded)\b"
        ),
    ),
    "disability": (
        r"残疾|殘疾|残障|伤残|残疾证",
        r"瘫痪|瘫|截肢|截瘫|偏瘫|半身不遂|高位|行动不便|走不了路|不能走路|行唔到|坐轮椅|轮椅|拐杖|拐杖|假肢|义肢",
        r"失明|盲人|双目|盲|视力.{0,3}(?:残|障|差)|看不见|睇唔到",
        r"聋|听力(?:残|障|差|下降)|助听器|哑巴|聋哑|失聪",
        r"自闭|孤独症|智力(?:残|障|低|落后)|智障|弱智|唐氏|脑瘫|发育迟缓",
        r"精神(?:残|分裂|病)|精神障碍|康复训练|辅具|护理床",
        r"\b(?:disab\w+|wheelchair|paraly[sz]ed|amputat\w+|prosthe\w+|crutches)\b",
        r"\b(?:blind|deaf|mute|visually impaired|hearing (?:aid|loss|impaired))\b",
        r"\b(?:autis\w+|cerebral palsy|down'?s? syndrome|intellectual\w* disab\w+|schizophreni\w+)\b",
        r"(?:没有?|冇|缺)(?:轮椅|拐杖|假肢|辅具)",
    ),
    "elderly_care": (
        (
            r"(?:独居|孤寡|空巢|无人照顾|冇人照顾|没人照顾|没人管|冇人理).{0,8}(?:老|婆|公|阿伯|阿婆|奶奶|爷爷|妈|父|母)|"
            r"(?:老人|老年|长者|阿婆|阿伯|阿公|婆婆|爷爷|奶奶|公公|外婆|外公|老母|老豆|老爸|老妈).{0,14}(?:独居|一个人住|一个人|"
            r"自己一个|冇人|没人|无人|照顾|护理|陪|失能|卧床|跌倒|跌亲|摔|走失|痴呆)"
        ),
        r"孤寡|独居老人|空巢|独居长者",
        r"(?:[六七八九]十|[6-9][0-9])(?:多|几)?岁.{0,16}(?:独居|一个人|自己住|没人|冇人|无人|照顾|照料|护理|卧床|不能自理|陪)",
        r"养老院|护理院|敬老院|居家养老|助餐|送餐|长者饭堂|平安通|日间照料|上门护理|家政服务|上门照",
        r"老年痴呆|老人痴呆|认知障碍|失智|阿尔茨海默|帕金森|失能|不能自理|卧床|瘫在床",
        (
            r"\b(?:elderly|grandm\w+|grandf\w+|old (?:man|woman|lady|mother|father|people|parents?)|senior|"
            r"\b[6-9][0-9][- ]?year[- ]?old).{0,40}(?:alone|care|look after|looks? after|company|fell|dementia|help at home|"
            r"bedridden|nobody|no one)"
        ),
        r"\b(?:dementia|alzheimer\w*|nursing home|bedridden|lives? alone)\b",
        r"(?:照顾|照料|睇住|服侍).{0,6}(?:老人|阿婆|阿伯|阿公|婆婆|爷爷|奶奶|老母|老豆|父母|父亲|母亲)",
    ),
    "child_welfare": (
        (
            r"(?:小孩|孩子|细路|小朋友|婴儿|宝宝|bb|女儿|儿子|孙子|孙女|娃|仔|囡|女仔|学生|小学生|幼儿).{0,12}(?:没人(?:管|照顾|带|"
            r"养|看)|冇人(?:理|睇|照顾|凑)|无人(?:照顾|抚养|监护|照看)|自己在家|一个人在家|单独在家|饿|冇奶|没奶|断奶|被打|虐待|"
            r"走失|不见)"
        ),
        r"孤儿|弃婴|遗弃|困境儿童|留守儿童|事实无人抚养|监护人|监护权|抚养",
        r"虐童|虐待儿童|打孩子|打细路|性侵.{0,4}(?:儿童|孩子|女童)|童工",
        (
            r"(?:孩子|小孩|儿子|女儿|细路|小朋友|婴儿|宝宝|孙子|孙女|bb).{0,10}(?:白血病|重病|大病|癌|心脏病|先天|手术|住院|脑瘫|"
            r"抢救|肿瘤|罕见病)"
        ),
        r"奶粉.{0,6}(?:没|冇|无|买不起|唔够|不够)|(?:没|冇|无|买不起|唔够|不够).{0,4}奶粉",
        r"父母(?:双亡|都(?:不在|去世|坐牢|走了))|爸爸?妈妈?都(?:不在|走了|去世)|(?:爸|父亲)坐牢",
        (
            r"\b(?:child(?:ren)?|kid|kids|baby|infant|toddler|son|daughter|grandson|granddaughter|boy|girl).{0,40}(?:alone|hungry|"
            r"no (?:food|milk|formula)|abus\w+|neglect\w*|nobody|no one|abandon\w*|starv\w+|leuk(?:a?e)mia|cancer|surgery|very sick|"
            r"seriously ill)"
        ),
        r"\b(?:orphan\w*|foster|guardian(?:ship)?|child (?:abuse|neglect|protection))\b",
    ),
    "mental_health": (
        (
            r"自杀|自殺|轻生|輕生|寻死|寻短见|尋短見|想死|唔想活|不想活|不想再活|活不下去|活着没意思|冇意思|没意思|死了算|死咗算|"
            r"一了百了|结束生命|了结"
        ),
        r"自残|自伤|割腕|割脉|割手|跳楼|跳河|烧炭|燒炭|安眠药|吊颈|上吊|喝农药|食农药",
        r"抑郁|抑鬱|焦虑|躁郁|双相|心理(?:咨询|辅导|问题|压力|创伤)|精神(?:压力|崩溃|压抑)|失眠|瞓唔着|睡不着",
        r"崩溃|绝望|撑不住|顶唔顺|捱唔住|受不了|走投无路|万念俱灰",
        r"(?:酗酒|酒瘾|吸毒|毒瘾|赌瘾|赌博成瘾|戒毒|戒酒)",
        r"孤独|寂寞|冇人倾偈|没人说话|没人陪|好闷",
        r"丧(?:子|偶|夫|妻|女).{0,6}|走不出来|创伤|惊恐|噩梦",
        (
            r"\b(?:suicid\w+|kill (?:my|him|her)self|end (?:my life|it all)|want(?:s|ed)? to die|don'?t want to live|"
            r"self[- ]?harm\w*|cut(?:ting)? (?:my|her|him)self|better off dead)\b"
        ),
        (
            r"\b(?:depress\w+|anxiety|hopeless|despair|panic attacks?|trauma\w*|breakdown|can'?t cope|can'?t go on|ptsd|grief|"
            r"lonely|loneliness|addict\w*|alcoholi\w+)\b"
        ),
    ),
    "integration": (
        r"居住证|暂住证|入户|落户|积分",
        (
            r"(?:没|冇|无|不是|唔系|非)(?:有)?(?:本地|广州|本市)?(?:户口|户籍)|户口(?:问题|迁|不在)|外地户口|"
            r"外来(?:工|人员|务工|人口)|随迁"
        ),
        r"异地(?:医保|就医|结算|报销)|社保(?:断|转|不够)",
        r"语言不通|听不懂(?:粤语|普通话|广东话)|唔识(?:听|讲)普通话|外国人|外籍|签证",
        r"\b(?:migrant|residence permit|hukou|visa|immigra\w+|foreigner|refugee)\b",
        r"\b(?:language barrier|don'?t speak (?:chinese|mandarin|cantonese)|not registered here|points system)\b",
        r"(?:没有?|冇|无|办不了|办不到|拿不到)(?:居住证|社保|签证)",
    ),
}

CRITICAL: tuple[str, ...] = (
    (
        r"(?:要|想|准备|打算|而家|现在|正在|正|宜家|今晚|马上).{0,6}(?:跳楼|跳河|跳桥|自杀|轻生|烧炭|割腕|割脉|上吊|吊颈|喝农药|"
        r"食农药|了结自己|结束生命)|(?:站|企)(?:在|喺).{0,6}(?:天台|楼顶|桥上|桥边|阳台|窗边)"
    ),
    (
        r"割(?:了)?(?:腕|脉|手)|(?:吃|食|吞|喝)(?:了|咗)?.{0,4}(?:整瓶|成樽|很多|好多|一瓶|一大把).{0,4}(?:安眠药|药)|"
        r"(?:喝|饮|食)(?:了|咗)农药|烧炭|遗书|遺書"
    ),
    (
        r"(?:带|抱|同|和|跟)(?:着|埋)?.{0,6}(?:孩子|小孩|仔|女|囡|细路|老母|妈)(?:一起|一齐|一同)?.{0,4}(?:死|跳|自杀|走了算|"
        r"一了百了)"
    ),
    (
        r"(?:拿|持|攞|揸)(?:着|住)?(?:刀|菜刀)|砍(?:我|人|他|她|死)|(?:正在|而家|现在|仲|还)(?:打|殴打|家暴|虐待)|要杀(?:我|了|死)|"
        r"杀死(?:我|她|他)|掐(?:我|住|着)?(?:脖子|颈)|打(?:到|得).{0,6}(?:流血|出血|头破|昏|晕|骨折)|"
        r"(?:流|出)(?:了)?(?:好多|很多|大量)?血(?:不止)?"
    ),
    (
        r"(?:[两二三四五六七几2-9]|好几|成)(?:天|日)(?:没|冇|无|都没|都冇|不)(?:有)?.{0,3}(?:吃|食|饭|开餐|落肚)|"
        r"饿了.{0,2}[两二三四五六七几2-9](?:天|日)|(?:没|冇)(?:有)?(?:吃|食)(?:饭|嘢|东西)?.{0,3}[两二三四五六七几2-9](?:天|日)"
    ),
    r"(?:婴儿|宝宝|bb|新生儿|毛毛).{0,8}(?:没|冇|无|断)(?:有)?.{0,2}(?:奶|吃|食)",
    (
        r"(?:呼吸机|氧气|制氧机|生命维持).{0,8}(?:停|断|没电|冇电|唔够|快没|用完)|"
        r"(?:透析|洗肾|胰岛素|化疗).{0,8}(?:停了|断了|做不了|没钱做|冇钱做|明天就没|用完|吃完|中断)|"
        r"(?:停|断)(?:了|咗)(?:透析|洗肾|胰岛素|氧气|药)|拔管|病危|抢救|昏迷|不省人事|叫不醒|没有?呼吸|冇呼吸|喘不过气|唞唔到气|"
        r"吐血|大出血"
    ),
    (
        r"今晚.{0,8}(?:没|冇|无)(?:有)?.{0,3}(?:地方|屋|房|定)(?:住|睡|瞓)|"
        r"(?:孩子|小孩|婴儿|细路|老人|孕妇|受伤).{0,10}(?:流落街头|睡街|瞓街|露宿|睡天桥|瞓天桥)|"
        r"(?:流落街头|睡街|瞓街|露宿|睡天桥).{0,12}(?:孩子|小孩|婴儿|细路|老人|孕妇|受伤)"
    ),
    (
        r"(?:老人|阿婆|阿伯|阿公|婆婆|爷爷|奶奶|妈|邻居|独居).{0,12}(?:联系不上|联络唔到|没人应门|冇人应门|敲门.{0,4}(?:没|冇|"
        r"不)(?:有)?人?(?:应|回|开)|几天没见|好几日冇见|好耐冇见)"
    ),
    (
        r"被困|困住|困在.{0,6}(?:火|水|里面|屋)|(?:房子|家里|楼下|屋企|屋里)(?:正在|而家|现在|仲)?(?:着火|起火|火烛)|"
        r"(?:水|洪水)(?:已经)?(?:淹|浸)到|煤气(?:泄漏|中毒)|救命"
    ),
    (
        r"\b(?:(?:going to|about to|will|plan(?:s|ning)? to|want(?:s)? to|tonight|now).{0,20}(?:kill (?:my|him|her|our)sel(?:f|"
        r"ves)|end (?:my|his|her) life|jump|hang (?:my|him|her)self))\b|\bon the (?:roof|ledge|bridge)\b"
    ),
    (
        r"\b(?:suicide (?:note|plan)|overdos\w+|slit (?:my|his|her) wrists?|cut (?:my|his|her) wrists?|(?:took|swallowed|"
        r"drank) (?:all|a bottle|pesticide|bleach|poison|too many)\w*)"
    ),
    (
        r"\b(?:(?:has|have|holding|with|got) a (?:knife|gun)|beating (?:me|her|him|us)|(?:is|are) (?:hitting|choking|strangling|"
        r"attacking)|going to kill (?:me|her|him|us|them)|bleeding|stabbed|rap(?:ing|ed))\b"
    ),
    (
        r"\b(?:(?:haven'?t|hasn'?t|not|nothing).{0,14}(?:eaten|eat|food).{0,14}(?:days?|since)|(?:baby|infant|"
        r"newborn).{0,25}(?:no (?:milk|formula|food)|nothing to (?:eat|drink)|out of (?:milk|formula)))\b"
    ),
    (
        r"\b(?:(?:oxygen|ventilator|dialysis|insulin|life support).{0,25}(?:stop(?:s|ped)?|run(?:s|ning)? out|ran out|cut off|"
        r"out|miss(?:ed|ing)|no money|can'?t)|(?:out of|no more|ran out of) (?:insulin|oxygen))\b"
    ),
    r"\b(?:unconscious|not breathing|can'?t breathe|won'?t wake up|unresponsive|coughing (?:up )?blood|coma|dying)\b",
    (
        r"\b(?:(?:nowhere|no place|no shelter).{0,20}tonight|tonight.{0,20}(?:nowhere|no place|on the street)|(?:child|children|"
        r"kids|baby|elderly|pregnant|injured).{0,30}(?:on the streets?|sleeping outside|sleeping rough))\b"
    ),
    (
        r"\b(?:(?:grand(?:ma|pa|mother|father)|elderly|neighbou?r|old (?:man|woman|lady)).{0,40}(?:not answer\w*|"
        r"doesn'?t answer|can'?t (?:be )?reach\w*|no answer|haven'?t seen)|trapped|house (?:is )?on fire|gas leak|"
        r"water (?:is )?rising)\b"
    ),
    (
        r"(?:打|殴打|虐待)(?:我|她|他|孩子|小孩|细路).{0,8}(?:现在|而家|正在|今晚|今日|今天|刚|啱)|"
        r"(?:现在|而家|正在|今晚|刚刚|啱啱).{0,8}(?:打|殴打|虐待)(?:我|她|他|孩子|小孩|细路|紧)|打紧(?:我|人)"
    ),
    *SIGNS_OF_DANGER,
)

HIGH: tuple[str, ...] = (
    r"自杀|自殺|轻生|輕生|寻死|寻短见|想死|唔想活|不想活|不想再活|活不下去|死了算|死咗算|一了百了|自残|自伤|跳楼|上吊|吊颈|割脉",
    (
        r"(?:没钱|冇钱|无钱|交不起|付不起|俾唔起|凑不齐|凑不够|筹不到|借不到).{0,10}(?:治|医|药|手术|住院|透析|化疗|医院|救命)|"
        r"(?:手术费|医药费|医疗费|住院费|治疗费|化疗费|透析费|药费).{0,12}(?:没钱|交不|付不|凑不|不够|唔够|俾唔起|冇钱|欠|"
        r"负担不|拿不出|借不到|没有?着落)|放弃治疗|欠.{0,4}医院"
    ),
    r"家暴|虐待|殴打|性侵|强奸|打老婆|被(?:丈夫|老公|男友|父亲|继父).{0,4}打|打我|俾人打",
    (
        r"(?:孩子|小孩|细路|小朋友|婴儿|老人|阿婆|阿伯|瘫痪|失能).{0,12}(?:没人(?:管|照顾|带|养|看)|冇人(?:理|睇|照顾|凑)|"
        r"无人(?:照顾|抚养|照看|监护))|(?:没人|冇人|无人)(?:照顾|管|理|睇).{0,6}(?:孩子|小孩|细路|老人|阿婆|阿伯)"
    ),
    (
        r"(?:[0-9一二两三四五六七八九十]+(?:号|日|天|月|日内|天内)|月底|下周|下星期|下个?礼拜|明天|听日|后天|今日|今天|这周|"
        r"几天).{0,10}(?:搬走|搬出|搬|赶|收回|清退|腾|换锁)|"
        r"(?:赶|换锁|逼迁|清退|收回).{0,14}(?:[0-9一二两三四五六七八九十]+(?:号|日|天)|月底|下周|下个?礼拜|明天|听日|今天|今日)|"
        r"被赶|赶出来|赶出门|赶我们?走|无家可归|流落街头|睡街|瞓街|露宿"
    ),
    (
        r"没(?:有)?饭吃|冇饭食|冇嘢食|冇野食|没(?:东西|得)吃|揭不开锅|断粮|断炊|挨饿|饿肚子|身无分文|"
        r"奶粉.{0,4}(?:没|冇|买不起|快没)|米.{0,4}(?:没了|冇晒|快没)|吃不上饭"
    ),
    (
        r"(?:没(?:有)?|冇|无|断了)(?:任何)?(?:收入|经济来源|钱).{0,20}(?:孩子|小孩|细路|老人|老母|父母|一家|全家|三个|两个|养)|"
        r"(?:孩子|小孩|细路|老人|老母|一家|全家).{0,16}(?:没(?:有)?|冇|无|断了)(?:任何)?(?:收入|经济来源)"
    ),
    r"火灾|失火|着火|火烛|车祸|交通事故|工伤|被车撞|俾车撞|台风|水浸|洪水|房.{0,3}塌",
    (
        r"\b(?:suicid\w+|kill (?:my|him|her)self|want(?:s|ed)? to die|don'?t want to live|self[- ]?harm\w*|better off dead|"
        r"can'?t go on)\b"
    ),
    (
        r"\b(?:can'?t (?:pay|afford).{0,25}(?:surgery|treatment|medicine|medication|chemo\w*|dialysis|hospital|operation)|"
        r"(?:surgery|treatment|chemo\w*|dialysis|hospital|operation).{0,25}(?:can'?t (?:pay|afford)|no money)|"
        r"no money.{0,20}(?:surgery|treatment|medicine|hospital|operation))\b"
    ),
    r"\b(?:domestic violence|beats? (?:me|her|him|us)|abus(?:e|ed|ive|ing)|violent|assault\w*)\b",
    (
        r"\b(?:nobody|no one) (?:can |to |is |will )?(?:look|care|tak|watch)\w*.{0,20}(?:child|children|kids|baby|mother|father|"
        r"grand\w+|him|her|them)?|(?:child|children|kids|baby).{0,20}(?:alone|abandoned|neglected)\b"
    ),
    r"\b(?:evict\w*|kick(?:ed|ing)? (?:me|us|him|her) out|thrown out|locked out|homeless|sleeping (?:rough|outside))\b",
    r"\b(?:no food|nothing to eat|starving|hungry|food (?:is )?(?:running|almost|nearly) out|out of food)\b",
    r"\b(?:no income.{0,40}(?:child\w*|kids|family|mother|parents|baby)|(?:child\w*|kids|family|baby).{0,40}no income)\b",
    (
        r"\b(?:house fire|fire (?:destroyed|burned)|burn(?:ed|t) down|car (?:crash|accident)|hit by a (?:car|truck|bus)|typhoon|"
        r"flood(?:ed)?|collapsed)\b"
    ),
    (
        r"癌.{0,8}(?:晚期|扩散|转移)|病重|重病|尿毒症|白血病|手术.{0,6}(?:等|下周|明天|听日|马上)|急需(?:手术|用药|治疗|输血)|停药|"
        r"断药|胰岛素.{0,6}(?:没|冇|快)"
    ),
)

# What is no need by itself: enquiry, thanks, praise, gift, test, wrong number, complaint about others.
NO_NEED = (
    r"打错|打錯|拨错|wrong number|测试|test call|just testing|试打|想捐|捐款|捐赠|捐钱|捐衣|捐物|i(?:'d| would) like to donate|"
    r"\bdonat\w+|做义工|当志愿者|做志愿者|\bvolunteer\w*|表扬|感谢|多谢你哋|谢谢你们|thank(?:s| you)|查询进度|申请到哪|进度|"
    r"批了没|批咗未|status of my|progress of my|咨询一下|想问一下|想问下|问一问|just asking|just wondering|怎么报销|点样报销|"
    r"如何报销|投诉|complain\w*|撤回|撤销申请|取消申请"
)

# Immediately before a match, alone or with one of the particles behind it: it is denied.
DENIALS = (
    *(
        "没",
        "没有",
        "冇",
        "并非",
        "不是",
        "唔系",
        "唔係",
        "并不",
        "不会",
        "唔会",
        "不想",
        "唔想",
        "不用",
        "唔使",
        "不需要",
        "唔需要",
        "无需",
        "无",
    ),
    *("从未", "从没", "从来没", "未曾", "未", "别", "不再", "不", "唔"),
    *(" no", " not", " never", " without", " no longer", "isn't", "wasn't", "aren't", "don't", "doesn't", "didn't", "haven't", "hasn't"),
)
PARTICLES = ("有", "得", "到", "过", " any", " a", " an", " the", " really", " been", " want to", " need")
# Words that only end like a denial.
NO_DENIALS = ("特别", "级别", "分别", "区别", "性别", "识别", "差不", "淹没", "会不", "是不", "要不", "能不")

# In the same clause: it is over.
PAST = (
    r"以前|从前|过去|曾经|当年|小时候|去年|前年|上年|旧年|[0-9几十多]{1,4}年前|好多年前|已经好了|好返晒|好返|痊愈|康复了|出院了|"
    r"解决了|搞掂|没事了|冇事喇|后来好了|\bused to\b|\byears ago\b|\blast year\b|\brecovered\b|\bin the past\b|\bno longer\b|"
    r"\bresolved\b"
)
