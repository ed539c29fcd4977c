"""Words for money, food, people and their care, home, work, school and papers, and for what is no need."""

from __future__ import annotations

IDEAS_OF_HARDSHIP: dict[str, str] = {
    "cannot_pay": (
        "没钱 交不起 付不起 凑不 拿不出 吃不起 买不起 治不起 做不起 请不起 打不起 读不起 凑钱 筹 缺口 欠费 押金 负担不 承担不 借不到 "
        "没着落 无着 无力 欠医院 还差 不够 交不上 费用 经济原因 can't_pay cannot_pay can't_afford cannot_afford no_money can't_raise "
        "can't_buy cannot_buy couldn't_pay don't_have no_funds unfunded arrears short owe deposit 没法付 没有钱 付不出 凑不够 凑不齐 "
        "凑不出 借不动 没地方借 东拼西凑 供不起 没钱交 没钱看 没钱治 没钱买 没钱手术 买不了 交不了 用不起 出不起 换不起 费用没 不交钱 "
        "不交押金 要先交 未缴 欠着 筹款 难以承担 无法承担 无费用 费用耗尽 用尽 花光 花完 卖房 unpaid no_one_left_to_borrow "
        "can_no_longer_pay costs_more not_pay cost"
    ),
    "some_cost": "自费 自付 一个月 每月 一年 贵 便宜 减免 补助 报销 手头紧 有点高 expensive self-pay out_of_pocket cheaper costs subsid",
    "no_income": (
        "没收入 没有收入 零收入 无收入 没进账 没有工作 断了收入 没有退休金 没退休金 没有养老金 经济来源 一分钱 停工 没活 不入 收不 "
        "没了收入 no_income no_earnings no_job no_earner no_pension income_gone 没上班 没钱挣 没工 断了生活 停发 顶梁柱 唯一劳动力 "
        "没进项 被收 没人挣钱 没有人挣 没入息 没收成 no_other_earner fed_five_of"
    ),
    "penniless": (
        "身无分文 一分钱 一块钱 几块钱 三十块 四十块 不足百元 兜里 身上就 口袋 penniless yuan_left i_have_seven fifty_yuan forty_left "
        "only_have 十几块 七块 没带钱 银行卡 钱包 被骗光 积蓄 存款用 花光 just_fifty savings_gone lost_all"
    ),
    "poor": (
        "穷 拮据 紧巴巴 勉强 不够用 不够花 入不敷出 困难 省着 凑合 省吃俭用 低收入 收支 tight poor just_about get_by not_enough "
        "make_ends low-income low_income never_quite just_covers 紧 月月光 清贫 家境 条件差 条件不好 省 有一顿没 困难户 赤字 舍不得 "
        "所剩无几 不剩 啱啱够 刚够 刚刚够 减负 hard_up covers_food"
    ),
    "small_income": (
        "一个月挣 月入 月薪 工资两千 打零工 扫大街 清洁工 环卫 打扫 保洁 摆摊 拾荒 废品 退休金 养老金 cleaner wage a_month stall "
        "pension earn"
    ),
    "benefit": "低保 五保 特困 补贴 津贴 救助 临时救助 补助 allowance subsid benefit relief",
    "debt": "欠债 欠钱 负债 网贷 借钱 借遍 高利贷 信用卡 还不上 还不起 赊 催收 债 debt loan lend borrow credit_card",
    "utilities": "电费 水费 水电 停水 断水 断电 煤气费 electric utilit water_bill",
    "clothes": "棉被 被子 棉衣 羽绒服 衣服 电热毯 过冬 鞋 blanket quilt coat clothes",
    "funeral": "丧葬 火化 后事 殡 安葬 丧事 funeral burial cremat",
    "harvest": "种地 庄稼 橘子 地里 卖不掉 猪 牛 田 harvest farm",
    "no_food": (
        "没吃 没东西吃 没有吃 没饭 没米 断粮 揭不开锅 挨饿 饿肚子 饿着 饿得 肚子饿 没进东西 吃不上 吃了上顿 空了 见底 没下锅 等米 "
        "吃垃圾 捡垃圾 没送饭 粮仓空 nothing_to_eat no_food not_eaten haven't_eaten eaten_nothing hungry starv nothing_but no_bite "
        "not_one_bite skip_meals 没粮 没米下锅 没吃的 吃不饱 没落肚 没饭吃 米缸 米见底 没什么吃 断炊 饿 吃不上饭 空锅 没开伙 没做饭 "
        "不到饭 nothing_left_to_eat pantry"
    ),
    "food_low": (
        "只剩 米快 快没 够吃 吃三天 剩半袋 白粥 稀的 稀饭 两顿 一餐 咸菜 下周就没 挂面 余粮 食粮 粮款 三四天 够五天 sachet "
        "for_three_days until_the_weekend porridge lasts nearly_finished running_out food_for rice_for 够吃三 只够吃 馒头 面条 "
        "白水煮面 稀粥 米面见底 没几天 还能对付 快吃完 快见底 这个礼拜 撑几天 靠邻居 靠救济 口粮 rice_ends finish_soon nearly_gone "
        "grocer few_days food_left"
    ),
    "days_without": (
        "两天 三天 四天 五天 好几天 几天没 礼拜五到现在 从昨天 一口 光喝水 自来水 喝水 糖水 米汤 since_sunday since_yesterday "
        "two_days three_days four_days only_water for_days rice_water 四天没 五天没 两天没 三天没 没正经 整整 不吃 绝食 48"
    ),
    "weak": "站不起来 没力气 走两步 头晕 虚弱 饿晕 腿软 起不来 too_weak can't_stand weak faint unable_to_get_up",
    "infant_food": "奶粉 没奶 断奶 母乳 奶没了 冇奶 没奶喝 formula milk",
    "infant": (
        "婴儿 宝宝 bb 个b 娃娃 新生儿 月大 刚出生 早产儿 四十天 月龄 双胞胎 一岁 两岁 幼儿 幼童 baby infant newborn month_old twins "
        "toddler 个月大 六个月 五个月的 三个月大 才三个月 两个月大 月婴 小宝 奶娃 吃奶 襁褓 two_month five_month six_months "
        "eighteen_months tiny"
    ),
    "enough": (
        "够用 够吃 不缺 还行 还可以 过得去 吃饭没问题 挺好 都好 好着 凑合过 顾得 够 有得吃 过得下去 we_manage get_by enough covers "
        "fine all_good we_eat"
    ),
    "child": (
        "孩子 小孩 女儿 儿子 娃 孙子 孙女 学生 女童 男孩 女孩 兄妹 姐弟 侄 未成年 小朋友 弟弟 妹妹 child kid son daughter boy girl "
        "pupil student grandson granddaughter minor sibling"
    ),
    "many_children": (
        "三个孩子 两个孩子 三个娃 两个小 三个小 一双儿女 仨 三孩 两孩 两子 三子 三名 两名 three_kids three_children two_children "
        "two_kids two_boys"
    ),
    "single_parent": (
        "单亲 离异 离婚 丈夫走了 老公跑 老公走 一个人带 独自 鳏 single_mother single_parent divorced husband_left my_husband_left "
        "alone_with"
    ),
    "young_speaker": "我十一岁 我十三岁 我十四岁 我十二岁 爸爸妈妈吵 做功课 写作业 i'm_eleven i'm_thirteen homework",
    "old": (
        "老人 老伴 奶奶 爷爷 外婆 姥姥 外公 婆婆 公公 老母 老爸 老妈 老娘 阿婆 阿伯 老太 老头 老爷子 长者 老年 二叔 大妈 老汉 两老 "
        "老夫妻 elderly grandma grandpa granny gran nan grandmother grandfather old_man old_woman old_people old_lady aged 老两口 "
        "老人家 老父 老母亲 老父亲 爸妈老 空巢 孤寡 五保 老爹 岳父 岳母 公婆 八十 九十 七十多 parents_are_old my_old"
    ),
    "parent": "妈妈 爸爸 我妈 我爸 父母 母亲 父亲 爸妈 mother father mum dad parents",
    "partner": "老公 老婆 丈夫 妻子 爱人 男朋友 女朋友 前夫 前任 前度 husband wife boyfriend ex partner",
    "other_person": "邻居 隔壁 楼上 楼下 同事 工友 亲戚 朋友 村里 我们村 居民 neighbour colleague friend co-worker cousin resident",
    "alone": (
        "一个人 独居 独自 自己住 自己一个 没有亲人 无亲 孤身 孤老 无人陪 身边没人 alone by_himself by_herself by_themselves "
        "on_her_own on_his_own on_their_own lives_alone no_relatives nobody"
    ),
    "frail": (
        "卧床 瘫 失能 不能自理 走不动 起不来 大小便 失禁 插着 褥疮 坐轮椅 行动不便 体弱 bedridden paraly can't_walk frail soils "
        "feeding_tube pressure_sore"
    ),
    "dementia": "痴呆 失智 糊涂 不认人 认知 阿尔茨海默 记不得 老年痴呆 dementia alzheimer confused wander",
    "care_gone": (
        "没人管 没人带 没人看 没人照顾 无人照 没人接手 无人接替 没人能 没人替 没人帮 照顾不来 照顾不了 辞职 辞工 保姆 阿姨跑 看不住 "
        "管不住 没人养 没人签 nobody_can nobody_to no_one_can no_one_to no_carer without_carer no_care nobody_else no_one_else "
        "will_have_nobody quits can't_cope 没人喂 没人陪 顾不了 走不开 弄不动 抱不动 扶不动 护工 保姆跑 没有人能 没人收 请不起人 "
        "没大人 没有大人 没有老人能带 没人要 无人接管 无人护理 无人陪护 没有别的大人 nobody_left no_grandparents no_relative"
    ),
    "carer_ill": (
        "照顾者 照护者 唯一照 我要住院 我要手术 我下周 她要去做手术 住院了 确诊 病倒 carer going_in_for i_go_to_hospital sole_carer "
        "only_carer"
    ),
    "parents_gone": (
        "父母都 爸妈都 妈妈跑 爸爸跑 妈妈走了 改嫁 坐牢 服刑 监狱 坐监 被抓 失联 父亡 母失联 去世 双亡 进去了 判 不要他 不管 不要小孩 "
        "prison jail vanished untraced untraceable gone both_parents arrested 父母离 爸妈离 都不在 长年不在 不回来 没回来 父死亡 "
        "父服刑 母亲改嫁 没有爸爸妈妈 跑了 走佬 两个都 没人养 parents_left parents_are_gone left_him left_her passed_around"
    ),
    "guardian": "监护 抚养 收养 孤儿 困境儿童 事实无人 留守 寄养 名分 签字 guardian orphan foster without_carers raise raised",
    "child_alone": (
        "锁在屋 独自在家 自己在家 一个人在家 孩子锁 关在家 没人在家 窗户边 哭 locked_inside locked_in crying alone_in 娃一个人 单独留 "
        "就一个孩子 小孩自己 没大人 两天没回 夜未归 alone_in_the by_themselves child_alone locked"
    ),
    "abuse_child": "打孩子 抽他 虐童 烟头 皮带 烫 绑在柱 摔打婴 扔下来 衣架 骨折 淤青 bruise whipping shook belt",
    "pregnant_minor": "十五岁怀孕 未成年怀孕",
    "elder_service": (
        "送餐 助餐 饭堂 助浴 助洁 陪诊 陪同 日托 日间 护工 养老院 院舍 平安钟 扶手 家政 上门 探访 做饭 煮饭 洗澡 买菜 打扫 meals "
        "delivered cooking visit cleaning bathing day_centre day_care shopping companion home_help 长者饭堂 做饭不 送饭 呼叫器 钟点工 "
        "陪他看病 陪他们去 挂号 按时吃药 上门提醒 帮忙洗 搬不动 帮把手 修灯泡 居家养老 高龄 help_at_home pendant aide carer_visits "
        "weekly_help go_with"
    ),
    "company": (
        "陪聊 有人来看 陪说话 聊天 说说话 陪他 陪她 念报 喝茶 company talk_to_him visits someone_to_visit read_to_me 看看他 来看看 "
        "有人看看 说话 探望 陪伴 探访 盼着 visiting"
    ),
    "disabled": (
        "残疾 残障 肢体 一级 二级 三级 智力 智障 弱智 脑子慢 脑筋慢 唐氏 脑瘫 自闭 小儿麻痹 截肢 截瘫 偏瘫 失明 盲 聋 听障 听力 视力 "
        "看不见 耳 斜视 聋哑 瘸 精神残 瘫痪 高位 disab blind deaf hearing sight impair autis cerebral down's amput slow_since "
        "wheelchair limb learning_disab 失聪 先天 后遗症 青光眼 肌无力 渐冻 瘫 半身不遂 走路不稳 断了手 断了腿 少了 没了一只 缺了 锯 "
        "语言发育 发育迟缓 多动 特殊儿童 残联 一只眼 佝偻 聋的 手没 眼睛只 只看见光 只看见 看见光 lost_hand lost_two_fingers "
        "lost_a_foot lost_one see_light only_see_light polio slow mute special_needs spinal"
    ),
    "aids": (
        "轮椅 假肢 义肢 假手 假脚 助听器 拐杖 人工耳蜗 助视 辅具 助行 坡道 无障碍 支具 门铃 wheelchair prosthe hearing_aid ramp "
        "artificial crutch powered_chair receiver walker 盲杖 护理床 尿垫 电动轮椅 换轮椅 外机 轮椅坏 拐 grab powered aid"
    ),
    "certificate": "残疾证 残疾人证 残证 评残 护理补贴 disability_card disability_certificate",
    "rehab": "康复 训练 物理治疗 理疗 语训 rehab therapy physiotherap",
    "psychosis": "精神分裂 精神病 幻听 害他 害我 被害 乱喊 乱跑 砸东西 停药 schizo psychos shouts wandering",
    "evict": (
        "搬走 搬出 搬离 赶走 赶人 赶出 撵 清退 腾房 腾空 腾退 收房 收回 清房 换锁 滚蛋 扔出来 征收 evict kick_us kicked_out threw_me "
        "put_us_out move_out must_leave leave_the_flat notice_to_quit clear_us changed_the_locks thrown_out out_on out_by 要拆 拆迁 "
        "驱逐 收楼 逼迁 逼我们走 赶我 赶她 被赶 被撵 不让住 让我搬 让我们搬 要搬 得搬 清空 收回宿舍 卖了房 查封 来封 限期搬 "
        "out_of_the_flat put_out throw_us throws_us lose_our_home tear_the_house wants_us_out must_be_out be_out notice"
    ),
    "landlord": "房东 二房东 landlord",
    "deadline": (
        "月底 下周 下星期 下个月 周五 周日 周六 周末 三天内 这周 号前 日前 本月 以前搬 之前 限期 通知 最后通牒 后天 明天 号之前 "
        "end_of_month next_week on_friday by_the within next_monday until_sunday until_thursday on_the_first"
    ),
    "no_home": (
        "没地方住 没地方睡 没地方去 没住处 无家 流浪 睡街 露宿 桥下 桥底 桥洞 天桥底 公园 马路边 火车站 地铁口 落脚 麦当劳 楼梯口 "
        "过夜 睡马路 nowhere_to no_place homeless park_bench street pavement stairs metro_entrance slept_at mcdonald"
    ),
    "tonight": "今晚 今夜 今天晚上 夜里 现在 此刻 马上 立刻 正在 tonight right_now now this_afternoon today",
    "bad_home": (
        "漏雨 漏水 发霉 霉 渗水 危房 老旧 没窗 地下室 铁皮 劏房 平米 平方 leak mould damp tin_hut attic square sq_m too_small "
        "overcrowd one_room 潮湿 太小 房子小 屋小 挤在 挤着 太挤 迫在 一间房 一张床 没厕所 没有厕所 阁楼 工棚 板房 墙歪 接水盆 天花 "
        "屋顶漏 闷热 不通风 c级 tiny_room too_crowded unsafe_wiring"
    ),
    "public_housing": "公租房 廉租 轮候 保障房 排队 排了 轮了 public_housing rental_list waiting_list",
    "rent": "房租 租金 欠租 押金 租 rent",
    "borrowed_home": "借住 暂住 住亲戚家 住朋友 安置点 村委会 祠堂 宿舍 staying_at sleep_at stay_at",
    "job_lost": (
        "失业 下岗 裁 被炒 辞退 倒闭 厂搬 厂子搬 解雇 停工 失去工作 laid_off lost_my_job lost_our_jobs lost_work redundant let_me_go "
        "factory_closed factory_moved 没班上 开除 优化 待岗 没活 倒了 执了 厂子 关门 关了 散伙 不要我了 辞我 dismissed sacked laid "
        "unemployed"
    ),
    "job_seek": (
        "找工作 找活 找份 找个活 求职 简历 想上班 就业 没人要 再找 活干 有份工 挣点 job find_work employ work_from_home applications "
        "找个工 找份工 找点活 没活 介绍个活 介绍工作 重新上班 上班 想学技术 招聘会 应聘 手工活 再就业 没事做 闲着 没开工 没工开 没工 "
        "没工作 待业 待在家 工做 谋生 挣钱的活 庇护性 创业 转行 work_again find_a_job get_work looking_for_work look_for_work "
        "part-time from_home sheltered_work fair_chance without_work no_job searching"
    ),
    "training": (
        "培训 学点 学电工 考个证 学手艺 叉车 电工 护理员 家政培训 保安证 月嫂 course training licence learn 学技术 学门 技术 技能 "
        "考证 叉车证 学点东西 学电脑 学盲 驾照 再培训 职业 skills"
    ),
    "wages": (
        "欠薪 拖欠 没发 讨薪 追讨 血汗钱 老板跑 包工头 wages owes boss pay_us contractor 工钱 工程款 结账 结工资 不给钱 跑路 走人 "
        "没给 不发 年前的 血汗 遣散费 赔偿 讨要 salary pay_packet"
    ),
    "no_work_care": "上不了班 辞了工作 辞职照顾 照顾 不能上班 没法上班 left_my_job part-time pick_up_my",
    "tuition": (
        "学费 书本费 住宿费 住校费 伙食费 学杂费 书费 校服 书簿 资料费 tuition fees boarding_fee textbook uniform 学杂 生活费 住宿 "
        "供他念 供不起 学废 school_money"
    ),
    "school_place": (
        "入学 报名 学位 公立 公办 小升初 中考 高考 转学 插班 学籍 幼儿园 升学 考上 录取 enrol got_into accepted primary_school "
        "sit_the_exam got_a_place 初中 小学 高中 名额 招生 统考 考试 报考 招收 class_place kindergarten exam"
    ),
    "school_leave": (
        "退学 辍学 不上学 不想读 不肯去上学 休学 leave_school drop_out 没学上 上不了学 读不下去 不肯上学 不去上学 不读 没人供 念书 "
        "旁听 回学校 stays_home out_of_school stop_school"
    ),
    "school_aid": (
        "助学 助学金 助学贷款 奖学金 贫困生 文具 书包 课本 电脑 网课 学习用品 scholarship textbooks computer books desks "
        "exercise_books online_lessons 旧电脑 平板 课桌 图书 校服 补习 分期 instalment 教材 uniform"
    ),
    "school": "学校 老师 班主任 班里 班上 上学 读书 大学 school teacher class college",
    "hukou": (
        "户口 入户 落户 户籍 集体户 迁户 黑户 户主 hukou registered not_registered 入籍 上户口 没户口 无户口 报户口 注销 原籍 随军 "
        "投靠 本地户 birth_was_never birth_certificate"
    ),
    "permit": (
        "居住证 暂住证 签证 居留 证件 身份证明 身份证 证过期 出入境 permit visa passport 备案 通行证 台湾 港澳 续签 租赁备案 证明 "
        "过期 到期 registration residence no_papers"
    ),
    "points": "积分 分数不够 社保断 points",
    "foreign": (
        "越南 缅甸 外国 外籍 外省 外地 偷渡 不是本地 异地 老家 外来 随迁 vietnam migrant foreign not_local hunan another_province "
        "外国人 语言不通 普通话 听不懂 中国籍 遣返 非洲 台湾 外来务工 外地来 老家医保 language speak_well from_vietnam abroad "
        "without_papers"
    ),
    "refused": (
        "不收 不给办 被退 退件 卡住 办不了 办不下来 不让 拒 没成功 续不了 不批 refuse turned_down send_me_away can't_give expire "
        "stuck rejected"
    ),
    "thanks": "谢谢 感谢 多谢 致谢 锦旗 表扬 点赞 辛苦你们 报平安 报个喜 thank thanks praise banner grateful",
    "donate": (
        "捐 捐赠 捐款 认领 资助两 认养 义卖 爱心企业 送给有需要 送给需要 donat give_away to_give sponsor would_like_to_give offers gives"
    ),
    "volunteer": "志愿者 义工 做志愿 当志愿 义务 免费补课 volunteer",
    "ask_info": (
        "想问 问一下 问问 请问 咨询 怎么办理 什么材料 要带什么 几点 在哪 开门 上班时间 电话多少 条件 多少天 几个工作日 了解 好奇 "
        "opening_hours just_wondering asking what_papers how_many how_do_i where_do where_can what_number when_is can_one asks "
        "how_long"
    ),
    "progress": "进度 到哪一步 批了 批没 排到 结果 审核 什么时候下来 几号送 status any_news what_number",
    "withdraw": "撤 取消 不申请 不要了 撤回 撤销 不用来 结案 不用管 cancel withdrew withdraw declines no_need close",
    "complain": "投诉 态度 差劲 领导电话 噪音 吵死 嘈 意见 反映 不作为 complain rude manager noise",
    "wrong_number": "打错 拨错 按错 误拨 号码 wrong_number misdial",
    "test_call": "测试 试一下 试线 演练 模拟 联调 忽略 test drill ignore interface",
    "joke": "哈哈 开玩笑 笑死 讲笑 气话 玩 lol haha joke kidding kids!",
    "figure_of_speech": (
        "笑死 热死 累死 烦死 吵死 饿死我 吓死 想死你 想死他 气死 难吃死 忙死 急死 激死 累成 吐血 tired_to_death dying_to nearly_died "
        "killing_me to_death drives_me_crazy i'm_starving fed_up"
    ),
    "news": (
        "新闻 电视 听说 朋友圈 抖音 网上 群里 看到 电影 话剧 作文 讲座 广播 新闻说 旧闻 谣言 tv paper read_in movie online rumour news"
    ),
    "past": "以前 从前 当年 年前 去年 前年 小时候 曾 曾经 早就 过去 上回 上次 之前 旧年 以往 ago used_to last_year years back was_hard",
    "settled": (
        "解决 搞定 谈好 安顿好 已经好 结束 收到了 到账 追回 和解 续租 办好 安置好 修好 回迁 无新增 settled solved sorted arrived "
        "recovered refunded repaired"
    ),
    "no_trouble": (
        "没困难 没有困难 没什么 不需要 不用 用不着 没病 没问题 良好 无需求 无异常 身体好 棒 硬朗 衣食无忧 no_needs nothing_new fine "
        "no_problem not_needed no_new all_fine no_such 没什么事 没啥事 没啥 都好 好得很 好着呢 无困难 没有需要 没需要 无需 不缺 "
        "不用来 别惦记 照顾周到 孝顺 身壮力健 精神好 healthy fine_myself in_good_health"
    ),
    "organisation": (
        "你们单位 活动 讲座 公司 企业 记者 媒体 采访 合作 社区拟 义诊 会议 招聘 应聘 宣传 比赛 journalist company interview activity "
        "event craft training_of"
    ),
    "mild": (
        "不急 先问 先打听 慢慢 暂时 暂可 还过得去 还能 尚可 尚能 平时 习惯 年年 轻 一直这样 not_urgent saving just_finding "
        "just_asking bear for_now no_hurry manages mild"
    ),
    "want_help": "能不能 可不可以 想申请 申请 希望 帮帮 有没有 支援 需要 转介 请 apply would_like want need could asks ask wish",
    "shame": "不好意思 没求过人 开口 丢人 怕人笑 ashamed",
    "data_signal": "数据比对 预警 网格 上报 data_match alert warden",
    "wages_word": "工资 薪水 salary wage",
    "sudden_body": "突然倒 突发 突然晕 突然中风 刚倒 刚晕 just_fell just_collapsed",
    "past_fire_days": (
        "上周家里失火 前天 昨天 前几天 上礼拜 上个礼拜 上周 十天前 半个月前 这次 last_week yesterday days_ago weeks_ago fortnight"
    ),
    "alone_speaker": (
        "家里就我 就我一个 就我自己 我一个人住 我自己住 身边一个人都没有 没有亲人 没有朋友 i_live_alone i'm_alone no_friends only_me"
    ),
    "plan_service": "活动 报名 课程 班 兴趣 发票 问卷 满意度 certificate open_day",
    "good_news": "报喜 好消息 考上了 找到工作 开饭馆 挣钱了 happy won",
    "statement_of_others": "别人 亲戚 朋友的朋友 同事家 他们家 代亲戚 替邻居 帮居民 our_neighbour on_behalf",
}
