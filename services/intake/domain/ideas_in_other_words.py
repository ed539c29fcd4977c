"""More of the words in which people speak of the same ideas: homely, roundabout, half said; and ideas that stand in no other list."""

from __future__ import annotations

IDEAS_IN_OTHER_WORDS: dict[str, str] = {
    "death_wish": (
        "不如没了 没了算 不想醒 别醒 不要醒 醒不来 不醒就好 不用醒 跟埋了 早点走 走得干净 我走了他们 没我更好 没有我 少我一个 不想挨 不想熬 "
        "活着是罪 活着受罪 活着多余 多余的人 没必要活 不值得活 不配活 想了结 结束自己 走了省 老天收 收了我 让我走 早死早 死了就好 死了清静 "
        "死了一了 闭眼算 下去陪 下去找 去那边 到那边 去见他 去见她 团聚 喝了就 一瓶下去 一起烧 直播自 wish_i_were wish_i_was wish_i_had_died "
        "wish_i_wouldn't rather_be_dead ready_to_go no_reason_to stop_existing be_gone without_me join_her join_him meet_her meet_him again_soon "
        "tired_of_living tired_of_being not_be_here leave_this_world no_more_mornings go_to_sleep_and sleep_forever better_without_me "
        "shouldn't_be_alive don't_see_a_future take_my_life took_her_life"
    ),
    "means": (
        "动脉 静脉 皮带 布条 床单拧 电线 整瓶 两瓶 半瓶 一大把 攒了 存了 藏着药 除草 鼠药 氰 汽油 胶带贴 门缝 炭盆 铝碳 天那水 打火机 安定 药片 "
        "药丸 sleeping_tablets sleeping_pill saved_up whole_bottle bottle_of belt scarf blade gas_tap weedkiller weed_killer rat_poison thinner "
        "petrol lighter helium hose fumes organophosph paraquat"
    ),
    "brink": "六楼窗 窗沿 窗外 阳台外 桥栏 桥墩 水闸 码头边 深水 轨道 隧道口 塔吊 parapet embankment jetty pier track",
    "farewell": (
        "挨家挨户送 送东西 都送了 都给人 托付 托给你 拜托你照顾 帮我照顾 帮我看着 替我 钥匙留 留在桌上 卡在 抽屉里 道歉 对不住 别等我 不会再来 "
        "最后一次 最后一顿 last_time look_after_my take_care_of_my keys_are given_away said_sorry i_forgive tell_my tell_them_i by_the_time_you "
        "final_message"
    ),
    "self_harm": "手腕划 手臂划 刀口 一道道 圆规扎 抠 烫自己 打自己 拿头 撞头 咬自己 hurts_himself hurts_herself cut_myself harm_myself",
    "self_harm_done": (
        "划了 口子大 往外冒 血有点 都喝了 喝下去 喝完了 饮完 已经喝 已经吃 吃完了一瓶 吞下 服毒 服药过 悬着 吊着 解下来 捞上来 cut_down "
        "found_hanging ingest taken_all has_taken i've_taken ve_swallowed just_took"
    ),
    "plan_tonight": (
        "就是今天 就今晚 今晚动手 到点就 等他们睡 等她睡 等孩子睡 过了今天 过不了今晚 写着日期 天一黑 倒数 tonight's_as tonight_is_the "
        "when_they're_asleep once_he_sleeps after_this_call by_morning before_sunrise"
    ),
    "take_along": "一起烧 两碗一样 一起喝 陪着她走 带他们走 带他们一起 娘俩一起 一家子走 all_of_us_together both_of_us_go us_both",
    "despair": (
        "没指望 没希望 没救 没路 没活路 死路 到头了 垮了 散架 扛不住 扛不动 顶不住 熬不住 撑到头 心死 心灰 麻木 没力气活 什么都没有了 完了 毁了 "
        "没脸 抬不起头 废人 废物 没用的人 没人要我 对不起 breaking_point at_the_end fall_apart falling_apart no_hope no_way_out no_future "
        "given_up give_up useless worthless failure too_much ashamed_to cannot_go_on nothing_left"
    ),
    "lonely": (
        "一年到头 没个人 没个电话 不来电话 没人来 没人理 没人管我 对着电视 对着墙 对着照片 跟猫说 跟狗说 跟鸟 自言自语 电视陪 屋里静 静得 想有人 "
        "有人应 没个说 没个伴 过年一个人 吃饭一个人 冷冷 no_visitors nobody_comes nobody_calls no_calls same_four_walls talk_to_the_tv "
        "talks_to_the miss_company no_company eat_alone silent too_quiet quiet_house"
    ),
    "low_mood": (
        "心慌 心口堵 堵得慌 闷得慌 憋着 憋得 发呆 不出房门 不出门 关在房 关房间 不说话 不开口 没再开口 不吭声 不吃不喝 没胃口 手僵 手抖 害怕 怕人 "
        "怕黑 躲着 老做梦 梦见 眼泪 抹泪 红着眼 掉头发 炸毛 发脾气 摔东西 整宿 一宿 睁着眼 睁眼到 睡不踏实 想不通 won't_leave_his won't_leave_her "
        "stays_in_his stays_in_her won't_speak doesn't_speak stopped_talking stopped_eating no_appetite panic scared afraid tears weep awake "
        "nightm can't_eat sleepless shak psych lithium bipolar ptsd"
    ),
    "grief": (
        "刚走 没了以后 没了之后 走了之后 头七 骨灰 遗像 坟前 守灵 送走 白发人 没熬过 没救回来 没抢救 意外走 空着的床 他的衣服 她的衣服 "
        "lost_my_son lost_my_daughter lost_his lost_their widow buried funeral_was stillborn miscarriage anniversary"
    ),
    "addiction": "喝酒 喝得 醉 白酒 一斤 戒不掉 戒不了 麻将 彩票 老虎机 游戏 氪 溜冰 吸那个 毒瘾 drunk drinks sober betting weed meth",
    "trauma": (
        "惊叫 闪回 老看见 一闭眼 闭上眼就 不敢坐车 不敢关灯 不敢睡 听见响 听到响 一响就 缩在 flashback can't_stop_seeing jump_at starts_at_every"
    ),
    "violence": (
        "拽头发 扯头发 摔我 摁 按在 勒 耳光 抡 抽我 棒 铁棍 眼睛肿 脸肿 青一块 淤 打出血 打掉牙 肋骨 下手 又打 打起来 往死里 推下楼 推下来 打骂 "
        "喝了酒就 喝醉就 一喝就 不敢回家 跑出来 逃出来 slapped shoved pushed grabbed my_hair throat bruises black_eye hanger fists drag "
        "ran_away_from he_hurts hurt_me scared_of_him hits"
    ),
    "weapon": "砍刀 水果刀 西瓜刀 钢管 砖头 酒瓶 硫酸 开水泼 machete blade bottle_at acid iron_bar knives",
    "threat": (
        "要弄死 弄死我 弄死你 打死 要我死 不得好死 扔江里 扔下去 砸门 撞门 踹门 堵门 堵在门 上门闹 逼债 追债 逼还 发照片 曝光 扬言 kill_him "
        "kill_her kill_us kill_them throw_him throw_her burn_us pound kicking_the_door banging outside_the_door blackmail loan_shark "
        "wants_to_kill"
    ),
    "sexual": (
        "拖进 摸了 脱我 脱她 脱衣服 不该碰 碰我 碰她 下身 糟蹋 被他那个 怀的是 诱 网友见面 偷拍 groom forced_me forced_her assaulted "
        "private_parts"
    ),
    "captive": (
        "不给出门 锁起来 关起来 关屋 铁链 拴着 身份证被收 收了身份证 护照被 手机被收 骗进 骗来 园区 走不了 看着我们 keeps_us keep_us "
        "took_my_passport took_our_passport won't_let_me_leave can't_leave locked_up held"
    ),
    "fire": "火光 烧起来 烧着 火苗 火势 火头 烧塌 爆燃 电池炸 炸了 爆炸 flames burning ablaze blaze explod blast caught_fire",
    "flood": "水退 退水 积水 水到 过膝 齐腰 没过 泡烂 泡坏 泡了 一屋泥 都是泥 冲走 冲垮 决堤 mud washed_away waist knee soaked submerged",
    "gas": "气味很重 毒 氨气 沼气 井里 臭鸡蛋 阀 胸闷头晕 一氧化碳 carbon_monoxide gas_smell smell_of valve fumes ammonia",
    "storm": "强对流 大风 风掀 掀翻 掀了 吹跑 吹走 吹倒 雷劈 roof_blew blown_off wind_took",
    "collapse": "梁断 墙倒 墙鼓 往外鼓 罅 歪了 下沉 垮了 掉块 山体 石头滚 came_down gave_way crack tilting sinking",
    "trapped": "出不了门 下不来 爬不出 被压 露个 电梯里 卡在 夹住 井下 井里 没上来 手指夹 pinned buried under_the_rubble inside_the_lift well",
    "accident": "撞到 碰了 被车 货车 摩托 碾 轧 追尾 翻沟 逃逸 撞飞 车轮 lorry truck van motorbike scooter run_over knocked_down ran_over",
    "work_injury": "脚手架 吊车 切断 卷进 绞进 压到手 压伤 烫着 流水线 矿 井下 press_machine crush forklift factory_accident",
    "sudden": "一下就 说倒就 好好的 忽地 猛地 今早 今儿 昨晚 昨夜 半夜 凌晨 this_morning last_night overnight out_of_nowhere",
    "missing": (
        "没返 没见人 跑出去 跑了没 出去了没 一早出 下午出 走散 松了手 一松手 转身 一转眼 自行离院 穿病号服 监控 手表 has_gone_off wandered "
        "slipped_out left_the_ward not_come_home never_came_home hasn't_come not_home last_seen vanish disappeared cctv lost_in_the"
    ),
    "no_answer": (
        "叫门 拍门 按门铃 没人答 不吱声 没声 电话没人 手机停 打了几十 打爆 没回信 没回微信 没发 不回 went_quiet gone_quiet silent_since no_reply "
        "not_reply hasn't_replied not_picking rings_out straight_to_voicemail"
    ),
    "unseen_days": "没出门 门没开 帘子没拉 衣服没收 没下楼 没倒垃圾 没拿 信箱满 菜没 快递堆 uncollected piled_up lights_on lights_off newspapers",
    "unconscious": (
        "倒了 倒地 一头栽 栽倒 摇不醒 喊不醒 喊不应 没知觉 不动弹 翻白眼 眼睛翻 软了 不会动 faint slumped lifeless limp doesn't_move not_moving "
        "won't_respond dropped_down fell_down_and eyes_rolled"
    ),
    "breathless": (
        "噎 呛 哽 卡喉咙 卡住喉 出不了声 出不到声 上气不接 脸发灰 脸青 嘴发 憋气 呼吸弱 气息微 choke choking wheez turning_blue asthma_attack "
        "shallow can't_catch"
    ),
    "bleeding": "喷血 滴血 一地血 冒血 浸透 湿透毛巾 血有 尿血 haemorrh soaked_through pouring",
    "convulsion": "口吐白沫 抽风 打摆子 抖个不停 全身抖 foam convuls twitch",
    "chest": "胸闷 心绞 心脏疼 后背疼 左手麻 手臂麻 tight_chest angina cardiac",
    "stroke_now": (
        "嘴角歪 一边脸 手抬不起 半身没 口齿不清 说话含糊 突然看不 黑了一只眼 劈头 脖子硬 slur droop one_side numb face_fell worst_headache"
    ),
    "fever": "发着烧 烧到 三十九 烧得 打寒 滚烫 high_temperature burning_up",
    "poisoning": "喝错 误服 农药味 吐沫 毒菌 野菌 河豚 酒精 洁厕 消毒水 swallowed_a battery detergent drain_cleaner",
    "life_support": "氧依赖 靠氧 一插电 电池撑 咳痰机 胃造瘘 鼻饲 营养液 暖箱 保温 挂着水 incubator feeding_pump suction tracheost tpn bipap",
    "cancer": "白细胞 骨转 肝转 肺上 化療 术后化 晚期 长了个 长了东西 鼻咽 乳腺 靶药 免疫药 oncolog tumour malignan terminal radiotherapy",
    "serious_disease": (
        "换肾 换了肝 换心 抗排斥 排斥药 搭桥 瓣膜 主动脉 脑膜 脑炎 脊髓 矽肺 职业病 血友病 凝血 罕见 烧伤面积 截瘫 褥疮 尿管 肠梗阻 穿孔 阑尾 "
        "重症 病危 haemophil silicos sepsis meningit appendic spinal rejection stoma colost sacral"
    ),
    "chronic": "偏头痛 过敏 皮炎 湿疹 胆囊 鼻炎 肩周 耳鸣 便秘 妇科 前列腺 血脂 尿酸 痛经 migraine eczema allerg gout sinus ulcer prostate",
    "surgery": "做掉 取石 植入 取钢板 缝针 换瓣 矫正 唇腭裂 再做一次 skin_graft flap transplant_surgery stitches bypass cleft",
    "medicine_stopped": (
        "没买药 药只够 药剩 剩两片 剩三片 一天吃半 掰开吃 减半吃 隔天吃 省着吃药 没复查 不敢复查 针断 halving half_dose skips_doses skip_doses "
        "cut_her_pills every_other_day two_tablets last_tablet no_refill can't_refill without_his_pills without_her_pills"
    ),
    "pregnant": (
        "大着肚子 肚子里 六甲 临盆 预产 双身子 月份大 坐月子 见红 破水 宫缩 胎 没建卡 产后 contractions waters_broke due_in labour trimester "
        "expecting"
    ),
    "injury": "扭 崴 磕 碰破 破了皮 砸了脚 缝了 起泡 脱臼 肿得 sprain swollen dislocat jaw cut_his cut_her scald hurt",
    "recovered": "拆线了 能走了 复查没事 没大碍 好多了 好利索 已拆 已好 走得稳 back_to_normal cleared doing_well on_the_mend no_complications",
    "cannot_pay": (
        "上哪弄 哪来的钱 哪有钱 钱从哪 没那个钱 掏不出 拿什么交 拿什么付 拿什么买 凑了半天 还缺 差几万 差三千 差五千 不给就不 交钱才 没舍得买 "
        "没买 贵没 买不动 太贵 舍不得买 借了一圈 借不着 亲戚都借 刷爆 贷了 卖了房 卖了地 卖了牛 抵押 刷不出 余额不足 where_do_i_get where_would_i "
        "need_to_pay before_they_will unless_we_pay sold_the_house sold_our_house sold_everything beyond_me out_of_reach too_expensive "
        "not_got_the haven't_got_the ate_all upfront"
    ),
    "no_income": (
        "没来路 没有来路 没个进项 钱断了 断顿 没人寄钱 不寄钱 不打钱 没打钱 没寄 汇款停 摊子没了 生意没了 店关 铺子关 没开张 没单 没客 没人挣 "
        "没人赚 靠不上 全家靠他 靠他一个 全靠他 断了粮 no_transfer nobody_earns nothing_coming_in no_wage stall_was_taken took_my_cart cart_was "
        "shop_shut shop_is_shut no_orders no_customers stopped_sending sends_nothing no_shifts"
    ),
    "penniless": (
        "几毛 两毛 掏空 翻遍 余额 一个子 毛都 半分钱 零钱 钢镚 最后一百 最后五十 最后二十 只有几 仅剩 分文 last_coins last_ten last_fifty "
        "empty_purse empty_pocket no_cash coins yuan_in_my not_a_cent without_a_penny"
    ),
    "poor": (
        "慳 抠 对付过 将就 糊口 混口饭 有上顿没 揭不 捡菜叶 烂叶子 捡别人 洗冷水 打水回来 点蜡 铅笔短 背面 蹭 一件衣服 鞋底 挤一挤 刚糊 "
        "hand_to_mouth second-hand hand-me-down makes_do scrap stretch patched worn cold_water candle"
    ),
    "small_income": (
        "刷盘子 送快递 送外卖 扫街 卖烤 卖菜 纸皮 捡瓶子 纸板 散工 日结 小时工 卖花 开摩的 cardboard bottles day_labour odd_jobs insoles"
    ),
    "debt": "催款 套路贷 分期 逾期 断供 房贷 车贷 大耳窿 利滚利 担保 赌输 overdue mortgage repayment creditor instalment loan_shark",
    "utilities": "断了电 断了水 停了水 停了电 电卡 电表 水表 燃气费 电闸 拉闸 欠了三个月 prepaid_meter meter cut_off disconnected power_bill",
    "clothes": "毯子 褥子 床褥 冬衣 衣裳 保暖 mattress bedding jacket shoes jumper",
    "funeral": "棺 太平间 停尸 冰柜 葬 骨灰 墓 mortuary morgue bury grave coffin ashes",
    "no_food": (
        "空碗 没开火 冷灶 灶冷 锅底 清水煮 舔 翻桶 捡剩 剩饭 吃老乡剩 吃别人剩 狗粮 饼干渣 喝凉水 肚子叫 没有饭票 饭卡空 充不起饭卡 没东西下锅 "
        "从前天起没 前胸贴 scraps leftovers bins biscuit fridge_is_empty empty_fridge empty_cupboard cupboards_are empty_pot bare stomach "
        "can't_feed nothing_in_the no_supper no_dinner no_rice no_meal"
    ),
    "food_low": (
        "还有一拃 一把米 一碗米 一袋面 半缸 半罐 小半袋 几包面 方便面 几个鸡蛋 半棵 最后一 存的米 到周末 顶四五天 顶几天 能顶 撑到 剩一点 剩两 "
        "剩几 省着吃 half_a_cabbage the_end_of_the a_few_noodles noodles instant last_of_the last_bag until_friday till_friday till_sunday "
        "two_more_days days_of_food handful"
    ),
    "days_without": (
        "前天起 前天到现在 昨天到现在 大前天 一天一夜 几顿没 没沾 没进 喝不到水 since_friday since_monday since_tuesday whole_day a_day_and"
    ),
    "infant_food": "奶水 奶下不来 喝米汤 喂米 喂糖水 奶瓶 小半罐 milk_powder bottle_feed sugar_water breast last_tin tin_of",
    "infant": (
        "抱着八个月 八个月的 九个月 七个月的 满月 百天 刚满 出月子 才出生 弃婴 脐带 襁 小毛头 崽 刚会走 没断奶 eight_month nine_month seven_month "
        "four_month three_month weeks_old week_old just_born nappy pram cot umbilical"
    ),
    "enough": (
        "有的吃 吃得饱 吃喝不愁 有积蓄 养得起 有退休金 有工资 医保报了 报完 儿女给 每月打两千 先过着 covered_by have_savings pension_is_enough"
    ),
    "child": (
        "闺女 丫头 小子 小的 大的 囡 崽子 外孙 我弟 我妹 少年 女生 男生 小姑娘 小伙子 初一 初二 初三 高一 一年级 二年级 三年级 四年级 五年级 "
        "六年级 幼儿园的 学前 她才 他才 才八岁 才九岁 little_one little_brother little_sister nephew niece toddler schoolgirl schoolboy teen lad "
        "youngster stepson stepdaughter my_eldest youngest two_small three_small"
    ),
    "young_speaker": (
        "我十岁 我九岁 我八岁 我七岁 我六岁 我今年十 我今年九 我上小学 我上初 我们班 我们老师 爸妈不在 妈妈还没 爸爸还没 大人不在 没大人 我还小 "
        "i'm_ten i'm_nine i'm_eight i'm_twelve i'm_fourteen i'm_fifteen i'm_sixteen my_dad_says my_mum_says my_mom step_dad stepdad lil_bro"
    ),
    "old": (
        "老姨 老姑 舅公 姑婆 太婆 太爷 老街坊 老周 老李 老张 老王 老刘 老陈 爹娘 我娘 我爹 俺娘 俺爹 老两 七十来 六十多 七十八 七十五 退休 古稀 "
        "耄耋 白发 seventies eighties nineties in_her_seventies seventy eighty ninety retired pensioner frail_man frail_woman great-grand"
    ),
    "alone": (
        "没儿没女 无儿无女 没成家 光棍 老伴走 身边没 没个亲 就他一人 就她一人 就剩我 剩我一个 all_alone single_man single_woman childless "
        "only_one_left"
    ),
    "frail": (
        "躺着 躺床 床上 翻身 吃喝拉撒 尿布 尿垫 擦身 擦洗 背上背下 背他 揽着 下不了床 下不了地 下不了楼 站不住 走不稳 摔了 跌倒 老摔 扶着墙 手抖 "
        "拿不住 离不得人 离不开人 离不了人 要人 falls fell stairs can't_stand_up can't_get_up can't_lift lift_her lift_him turn_him turn_her "
        "washed fed incontinen unsteady hoist"
    ),
    "dementia": (
        "不认得我 连我都 忘关 忘了关 开着火 认不得 老忘 走丢过 说胡话 半夜起来 藏东西 doesn't_know_me forgets leaves_the_gas on_the_stove memory"
    ),
    "care_gone": (
        "阿姨走 不干了 没人翻 没人端 没人递 没人接送 没人搭手 没人换班 没人守 谁来带 谁来管 谁管 谁带 谁看 谁喂 托不出去 走不脱 后天走 搭不上手 "
        "指望不上 关张 要关门 不收了 who_will_look who_will_feed who_will_care who_looks who'll no_one_there nobody_there carer_left "
        "carer_is_leaving aide_quit home_is_closing going_away can't_manage leaves_on"
    ),
    "carer_ill": (
        "我也病 我也老了 我自己也 我也是病人 下礼拜动手术 我要动手术 我摔了 我倒了 轮到我 my_scan i'm_ill_myself i_am_sick_too when_i_die "
        "when_i'm_gone"
    ),
    "parents_gone": (
        "爹没了 妈没了 爸没了 没爹 没娘 爹妈没 没影 没个影 不见人影 不认 不要了 扔给 丢给 丢下 撂下 扔下 撇下 在里头 蹲 拉走 拉了 戒毒所 都走了 "
        "都没回 打工没回 不寄 abandoned dumped walked_out mother_went father_went taken_away parents_went no_parents never_came_back in_custody "
        "detained"
    ),
    "guardian": "过继 领养 抱养 跟着爷爷 跟着奶奶 跟着外婆 爷爷带 奶奶带 外婆带 姑姑带 舅舅带 寄住 adopted custody kinship grandparents_raise",
    "child_alone": (
        "大人不在 大人没回 门锁着 锁在车 反锁在里 自己做饭 灶上 开的门 单独 没人接 放学没人 home_alone no_adult left_alone on_his_own on_her_own"
    ),
    "abuse_child": "不给饭 不给吃 饿着他 饿着她 锁阳台 掐他 拧 打手心 铁丝 跪 starves_him starves_her locks_him locks_her beats_him beats_her",
    "elder_service": "助老 送药 帮洗 帮着擦 剪指甲 理发 换灯泡 防滑 呼叫 报警铃 配送 白天有人 搭把手 grab_rail rails stairlift bath_seat",
    "company": (
        "陪陪 解解闷 说个话 唠唠 唠嗑 拉家常 下棋 打牌 喝口茶 听我说 有人听 someone_to_talk a_chat chat_with befriend listen_to_me play_chess"
    ),
    "disabled": (
        "傻 痴 憨 不灵光 智商 矮小 侏儒 瞎 眼睛没了 哑 听不见 听不到 说不了话 没手 没脚 腿没了 断臂 断指 独臂 一条腿 一只手 一辈子没站 没站起来 "
        "站不起来过 轮子 走路拖 拖着脚 内翻 畸形 驼 侧弯 尖叫 拍自己头 不会说话 说话漏风 只会 学不会 简单的 三四岁的 心里就是个 特校 特殊学校 "
        "培智 手语 尿袋 造口 esrd mind_of slow_learner never_walked never_spoke no_legs no_arm one_eye one_leg one_arm one_hand stump "
        "sign_language braille guide_dog simple-minded special_school non-verbal nonverbal dwarf short_stature sees_only seeing_only shadows "
        "see_nothing hears_nothing can't_hear can't_see can't_speak stoma colostomy sci tetrapleg parapleg"
    ),
    "aids": (
        "换电池 支架鞋 矫形 坐便 洗澡椅 护栏 升降 爬楼机 读屏 放大镜 尿袋 造口袋 鞋垫高 stairs_climber orthotic splint screen_reader magnif "
        "ostomy stoma_bag"
    ),
    "certificate": "评级 评定 残疾补贴 重残 两项补贴 disability_allowance disability_grade assessed_for",
    "rehab": "学走路 学说话 感统 干预 机构一个月 early_intervention speech_therapy speech_lessons",
    "psychosis": "有人害 监视 听见声音 脑子里有声音 跟空气 自称 发作 病犯了 犯病 不肯吃药 voices delusion manic relapse hallucin paranoi",
    "evict": (
        "扔出街 行李扔 行李丢 东西扔 被子扔 换了锁 换了门锁 把门锁 锁门 不续 不租 不给住 收铺 卖房 卖掉 拍卖 法拍 拆掉 推平 贴条 封条 交房卡 "
        "交钥匙 要我走 让我走 让走 叫我走 叫我们走 赶紧搬 限三天 限七天 搬哪 搬去哪 bags_in_the_street throw_our_bags threw_our our_things "
        "locked_the_door changed_the_lock demolish sold_the_flat auction want_the_room wants_the_room leave_by_the vacate no_more_room "
        "lose_the_room lose_the_flat"
    ),
    "landlord": "包租 业主 屋主 中介 物业 owner letting_agent agent",
    "deadline": "到周四 到星期四 号要 最多 最晚 期限 宽限 只给 给了三天 只到 by_monday by_tomorrow by_thursday by_fri day_after_tomorrow",
    "no_home": (
        "没处去 没处住 没个窝 坐一宿 坐一夜 坐到天亮 睡车 车里睡 睡网吧 网吧凑合 睡银行 自助厅 睡大厅 睡候车 候车室 睡医院 睡走廊 打地铺 帐篷 "
        "桥墩 屋檐 店门口 厕所睡 废弃 住哪 去哪住 哪儿住 哪里睡 去哪里过 sleep_in_the_car sleeping_in_my in_the_car atm stairwell doorway tent "
        "under_a_bridge underpass internet_cafe waiting_room bus_station nowhere_warm no_bed where_to_sleep somewhere_to_sleep"
    ),
    "bad_home": (
        "裂了缝 手指都插 列危 鉴定 掉灰 掉皮 滴水 接盆 老鼠 蟑螂 臭虫 下水道 厕所公用 没阳光 三代 六口 七口 八口 拉帘 拉个帘 睡阳台 马桶盖 八平 "
        "十平 十二平 没电梯 没有电梯 爬楼 楼梯烂 roof_leaks rats damp_walls no_window no_lift no_elevator share_a_bed six_of_us five_of_us "
        "seven_of_us cubicle subdivided walls_are ceiling bunk"
    ),
    "public_housing": "人才房 公房 轮到 排着 排到号 配租 换房 调房 调间 council_housing housing_list exchange_for assigned_a_flat",
    "rent": "房钱 交房 押一付 rent_is_due rent_due months_behind",
    "borrowed_home": (
        "挤在亲戚 住姐家 住妹家 住老乡 寄人篱下 住工友 couch sofa sleeping_on friend's_floor stay_with staying_with shelter hostel hotel"
    ),
    "job_lost": (
        "厂关 厂没了 店也不开 部门撤 撤了 散了 黄了 取缔 收摊 收了摊 不让摆 不要我 不用去了 不用来了 不留我 位置没了 毕业了 封号 停业 歇业 关停 "
        "没了那份 丢了工作 丢了活 closed_down shut_down closed_the shop_is_closing no_more_factory fired let_go my_job_is_gone stood_down "
        "lost_his_job lost_her_job market_closed"
    ),
    "job_seek": (
        "找事做 找点事 面试 被拒 不招 嫌我 嫌年纪 嫌老 没人雇 没人招 没人请 接点活 手工 做点事 挣口饭 能做点 interview turned_me_down "
        "nobody_hires hire vacancy vacancies shifts jobs"
    ),
    "training": "考会计 考个 学会计 报班 学开 学剪 学修 学做 夜校 certificate_course night_class apprentice coding_class lessons",
    "wages": (
        "没拿到钱 拿不到钱 白干 白做 扣工资 扣钱 押着工资 押身份证 结不了 打白条 unpaid not_paid nobody_has_paid hasn't_paid haven't_been_paid "
        "withheld owed"
    ),
    "no_work_care": (
        "离不得 走不开去 要守着 守着她 守着他 辞了职 辞职带 没法出工 不能出工 出不了工 出不了海 can't_take_a can't_accept can't_work quit_to_care "
        "gave_up_work gave_up_my"
    ),
    "tuition": (
        "交学 交书 借读费 择校费 赞助费 报名费 考试费 杂费 校餐 饭卡 餐费 班费 补课费 uni_fees deregister accommodation_fee exam_fee laptop "
        "lunch_money meal_card"
    ),
    "school_place": (
        "领回去 不收他 不收她 不要他 跑了五家 学校不收 没学校 随班就读 特校说 普校 联系函 开学 no_school_will school_won't won't_take place_at"
    ),
    "school_leave": (
        "不念 念啥 不让念 不让读 别念 别读 没到校 未到校 缺课 旷课 帮工 去打工 打工去 嫁人 订亲 彩礼 bride married_off truant absent "
        "stopped_coming keeps_her leaving_school"
    ),
    "school_aid": "练习册 抄题 铅笔 橡皮 作业本 辅导书 校车 字典 书桌 台灯 计算器 二手 pencils calculator notebook desk school_bag stationery",
    "hukou": "上不了户 上户 没领证 亲子鉴定 出生证 出生纸 准生 没登记 本地本子 本地人 不是这里的人 不是本 birth_paper unregistered local_paper",
    "permit": "工作签 逾期 没身份 没证 证烧 补证 黑在 盖章 overstay work_permit stay_permit papers undocumented",
    "foreign": (
        "胡志明 老挝 泰国 菲律宾 印尼 印度 孟加拉 巴基斯坦 尼泊尔 俄罗斯 乌干达 尼日利亚 加纳 叙利亚 也门 回族 维吾尔 藏族 彝族 清真 河南来 "
        "湖南来 广西来 四川来 贵州来 云南来 江西来 老乡 内地来 滇籍 外面来 过来打工 嫁过来 话不行 话听不 讲不来 说不好 不识字 nigeria ghana syria "
        "yemen uganda bangladesh pakistan philippines indonesia laos burma myanmar nepal russia ukraine africa arabic not_from_here from_outside "
        "outsider chinese_lessons speak_chinese"
    ),
    "refused": (
        "不认 不办 不给 两边都不 来回跑 推来推去 卡在 不受理 打回 缺材料 缺证明 not_allowed said_no not_accept won't_accept won't_register "
        "cannot_register no_one_accepts"
    ),
    "thanks": "道谢 谢了 说声谢 报答 记着你们 多亏 亏得 替我谢 appreciate owe_you_thanks send_my_thanks so_kind saved_me",
    "donate": "送你们 白送 免费给 免费送 想送 出点钱 出力 资助 赞助 结对 腾出来 用不上了给 contribute pass_on to_pass donor spare",
    "volunteer": "帮忙的人 去帮忙 想帮忙 做点贡献 搭把手的 志愿 参加你们 help_out lend_a_hand give_my_time",
    "ask_info": (
        "打听 问下 请教 怎么报 怎么弄 怎么算 怎么查 找谁 归谁 哪个部门 属不属于 算不算 是不是免费 要不要预约 能报多少 网址 does_it is_it_true "
        "eligible which_office website"
    ),
    "progress": "几时 何时 多久 到账没 下来没 查一下 查下 编号 受理号 有没有消息 has_it heard_back any_update reference",
    "complain": "差评 举报 太慢 推诿 不满 扰民 吵 占道 乱停 乱扔 tell_them_off unhappy_with bad_service parking",
    "wrong_number": "找错 打到这 不是我打 按到 口袋拨 pocket_dial not_me wrong_person",
    "joke": "逗你 我朋友输了 打赌 大冒险 恶作剧 jk prank dare",
    "figure_of_speech": "要命 没命 命都没 疯了 炸了 想死我 爱死 美死 馋死 冻死 丢死人 饿死了 困死 崩溃 starving_for die_of dead_tired murder",
    "news": "剧 小说 讲稿 课本 课文 历史 纪录片 段子 短视频 游戏里 梦里 script lecture novel essay homework_about game drama",
    "settled": (
        "全好了 补了 付清 交清 交上了 报完了 批下来 下来了 有着落 商业险 保险赔 基金出 已转移 已领取 已纳入 包了 paid_off all_paid insurance_paid "
        "now_paid been_found found_him found_her"
    ),
    "no_trouble": "显摆 就来 说一声 太平 平安 安好 无人员伤亡 无新增 自己能 自己会 管得了 we_are_fine i'm_fine everything_is_fine just_to_say",
    "organisation": "我们单位 我司 商会 基金会 协会 社团 高校 实习 课题 调研 foundation research survey students_association charity",
    "mild": "讲究 慢点没事 等得 有空 方便时 顺便 不着急 不赶 随时 到时 再说 whenever no_rush if_possible when_convenient sometime",
    "drowning": "掉水 落水 掉河 掉江 掉塘 鱼塘 溺 捞 池塘 水池 跳下去了 drown pond pulled_him_out fell_in_the_water in_the_river canal",
    "hit_by_worse": "又喝 又来 又打 第几次 不是第一次 这次更 again_tonight not_the_first every_night every_weekend",
    "helpless_with": "抱着 背着 拖着 拉扯 身边还有 怀里 手里抱 牵着 带着个 带着俩 with_my_baby with_the_baby in_my_arms holding_my carrying",
    "still_going": (
        "还在 这会儿 这阵 眼下 快点来 赶快 来不及 马上就 快不行 不行了 越来越弱 rn right_away as_we_speak still_there please_come hurry"
    ),
    "family_breaks": (
        "跟人跑 跟人走 不回家 外头有人 离了 分居 净身出户 抢了孩子 抢孩子 go_with other_woman left_us walked_out_on split custody_fight"
    ),
    "understated": (
        "小毛病 没大事 就是今儿 寻思 随便问 不打紧 忍忍 忍着 熬熬 没啥大不了 要不明天 算了 it's_nothing nothing_much probably_nothing silly "
        "hope_i'm_not"
    ),
}
