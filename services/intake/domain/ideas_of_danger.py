"""Words for death and despair, danger from outside, and the body in danger."""

from __future__ import annotations

IDEAS_OF_DANGER: dict[str, str] = {
    "death_wish": (
        "想死 寻死 不想活 不想做人 轻生 自杀 活够 去死 一了百了 结束生命 死了算 死了干净 不如死 想走了 没想活 活不下去 不想再活 "
        "活着没 活着好累 活着太累 活着干嘛 死掉 寻短 解脱 消失 活着图什么 随他去 跟她去 找老伴 宁愿死 撑着干嘛 陪他走 见阎王 "
        "wish_to_die suicid want_to_die kill_myself kill_herself kill_himself end_my_life end_it not_wake_up better_off_dead "
        "want_to_disappear point_of_living hates_being_alive go_on_living leave_together life_is_over won't_see_tomorrow "
        "don't_want_to_live doesn't_want_to_live 不想或 不要活 走了算 去了算 了断 想走 想不开 消极念头 这辈子就这样 没盼头 死的念头 "
        "怎么个死 结束这一切 不想再看到天亮 今晚就死 想跳 不想看到明天 想去找她 想去找他 wants_to_die die finish_it not_to_wake "
        "tells_me_to_jump end_all"
    ),
    "means": (
        "跳楼 跳下 跳河 跳海 跳桥 烧炭 木炭 安眠药 农药 百草枯 敌敌畏 老鼠药 毒药 上吊 吊颈 绳 割 刀片 刀 剃刀 煤气打开 开煤气 瓶药 "
        "堆药 一把药 攒药 藏药 藏了 买炭 有机磷 rope charcoal pills pesticide poison razor noose jump hang swallow overdos tablets "
        "wrist knife 安眠 煤气 塑料袋 上路 跳轨 摔碗 铁路 高楼 栏杆 汽油倒 剪刀 圆规 割颈 水边 compass tie gas_on"
    ),
    "brink": (
        "天台 楼顶 阳台边 窗台 窗边 栏杆 护栏 桥上 大桥 江边 河边 海边 水库 水塘 铁轨 铁路 站台 悬崖 天桥 高楼 rooftop roof ledge "
        "bridge rail tracks cliff reservoir balcony window edge 楼鼎 窗户开 窗户外 高架 顶楼 跨出 翻过 站在窗 坐在窗 路中间 车来 "
        "望着火车 on_the_roof at_the_window railing platform"
    ),
    "farewell": (
        "遗书 交代好 交代后事 后事 写好信 留了信 对不起你们 对不起老师 保重 再见 永别 告别 来生 下辈子 天堂 照顾好我 好好照顾 送给了 "
        "送人了 密码 存折 改嫁 不用找我 不用管我 goodbye farewell letter note sorry_for_everything heaven gave_away handed_over "
        "password ring 对不起妈妈 对不起孩子 分给 送完 收拾干净 安排好 狗送 猫 留纸条 字条 戒指 别找我 别报警 last_message "
        "texted_goodbye cleaned_my_room cat_has sorry"
    ),
    "self_harm": "割腕 割手 割脉 自残 自伤 划手 划自己 划痕 割痕 疤 划腕 扎自己 撞墙 scars cuts cutting self-harm self_harm slit",
    "self_harm_done": (
        "吃了一瓶 吃了一半 喝了农药 喝了药 吞了 割了 刚吃 药吃了 流血 吃下去了 洗胃 swallowed took_the drank bleeding overdose"
    ),
    "plan_tonight": (
        "今晚就 今晚过后 今天就走 就差一步 下一班 下一趟 准备好 备好 挂好 买好 买了 兑好 磨好 写好 等天黑 after_tonight "
        "won't_live_past lined_up"
    ),
    "take_along": (
        "一起走 一起死 一起跳 一起去 带他走 带她走 带着孩子走 带着女儿 带着儿子 同归于尽 跟着我受苦 陪我走 take_him_with "
        "take_her_with with_me suffer_like_me"
    ),
    "no_plan": (
        "没有计划 没计划 没想怎么 不会真 没想过怎么 无计划 否认计划 不会去做 没打算 未述计划 无具体计划 没有别的举动 haven't_planned "
        "no_plan denies_plan won't_do_anything haven't_and"
    ),
    "not_suicidal": (
        "不是想死 不是要寻死 没有想不开 不想死 没有轻生 无自伤 没有不想活 不会想不开 放心 没有别的危险 无自杀 不是寻死 没有想死 "
        "not_suicidal no_self-harm not_going_to_hurt no_risk nothing_worse don't_want_to_die"
    ),
    "despair": (
        "绝望 撑不住 撑不下去 崩溃 受不了 走投无路 没意思 没意义 没劲 熬不下去 看不到头 拖累 万念俱灰 hopeless no_point "
        "nothing_matters can't_go_on can't_cope pointless burden"
    ),
    "lonely": (
        "孤单 孤独 寂寞 没人说话 没人聊 闷 空落落 没人可以说 没人听 没人可以讲 没朋友 说不上话 陪我说 倾诉 冷清 没人陪 lonely "
        "loneliness nobody_to_talk no_one_to_talk talk_to_nobody longs_for empty isolated"
    ),
    "low_mood": (
        "抑郁 焦虑 情绪 心情 难受 想哭 常哭 老哭 天天哭 哭 压力 烦 失眠 睡不着 睡不好 睡眠 噩梦 发抖 心理 发疯 痴线 depress anxi "
        "stress sad cry tearful insomnia can't_sleep sleep_badly poor_sleep mood nightmare mad"
    ),
    "grief": (
        "走不出来 丧偶 丧夫 丧妻 丧子 丧母 失独 去世以后 走了以后 走了半年 想念 哀伤 grief since_my died passed_away lost_her_mother"
    ),
    "addiction": "酗酒 戒酒 喝上了 吸毒 戒毒 赌 赌博 赌球 赌瘾 酒瘾 drinking alcohol gambl drugs addict urge",
    "counsel": (
        "心理咨询 心理老师 心理医生 辅导 咨询师 找人聊 找人谈 聊聊 互助小组 支持小组 病友会 counsel therapist support_group "
        "talk_to_someone talk_to_somebody grief_group"
    ),
    "trauma": "创伤 阴影 惊醒 不敢出门 吓得 后怕 被抢 trauma ptsd",
    "violence": (
        "打我 打她 打他 打老婆 打孩子 打人 被打 殴打 家暴 施暴 掐 掐我 砸 抽他 用皮带 踢我 扇 虐待 拿凳子 动手 挨打 揍 打得 打断 "
        "推到墙 烫的 打到 欺负 围殴 beat hit kick chok strangl assault abus violen punch slap throws whip 捏我 家庭暴力 拳 打肿 流产 "
        "动粗 推倒 摔墙 摔打 追打 求饶 惨叫 挨揍 斩 劈 拖 hits_me whipped pushes fight beats chases begging choking hammer"
    ),
    "weapon": "菜刀 拿着刀 持刀 持械 斧 锤 棍 汽油 打火机 火机 枪 chopper hammer gun petrol axe stick",
    "threat": (
        "砍死 杀 要我命 毁我 毁容 泼 跟踪 追我 追着 恐吓 威胁 放火 红油漆 闹事 催收 讨债的 threaten kill_me going_to_kill followed_me stalk"
    ),
    "sexual": "强奸 性侵 猥亵 摸她 摸他 摸我 侵犯 被拍 裸照 继父 进她房间 rape touches molest sexual",
    "captive": (
        "关在 锁在 反锁 锁住 绑 不让出 不让走 控制 扣 没收 拐 求救 locked_in locks_us tied captive passport 看得死死 窝点 传销 扣着 "
        "关着 不准走 不准出 passport_taken lock"
    ),
    "police": "警察 报警 派出所 差人 police arrest",
    "whisper": "小声 不能大声 悄悄 偷偷打 躲在 躲 whisper hiding",
    "fire": "着火 起火 失火 火灾 大火 烧光 烧黑 烟 烧了 烧没 烧毁 fire burned burnt smoke",
    "flood": "洪水 水漫 水淹 水浸 漫到 淹 进水 倒灌 山洪 浸到 涨水 flood water_is water_up river",
    "gas": "煤气 燃气 毒气 泄漏 gas leak",
    "storm": "台风 暴雨 冰雹 龙卷风 雷击 雪灾 typhoon storm hail tornado",
    "collapse": "塌 倒塌 滑坡 地震 泥石流 掉下来 断裂 collapse landslide earthquake fell_on unsafe_house declared_unsafe 危房 d级 裂",
    "trapped": (
        "被困 困在 困住 埋 压着 压在 出不去 出不来 掉进 卡住 够不着 门打不开 屋顶上 trapped stuck can't_get_out can't_find_the_way"
    ),
    "power_out": "停电 断电 没电 跳闸 快没电 power_is_off no_power battery",
    "accident": "车祸 被撞 撞了 肇事 交通事故 电动车 翻车 酒驾 accident crash hit_by drunk_driver",
    "work_injury": "工伤 工地 架子 高处 坠落 触电 机器 冲床 机床 断指 压断 塌方 老板垫 scaffold machine work_injury crushed",
    "sudden": "突然 突发 一下子 忽然 刚才 刚刚 just_now suddenly sudden",
    "missing": (
        "走失 走丢 没回来 找不到 失踪 不见了 未归 没回家 missing never_came_back got_lost didn't_come 没有回家 走出去 出街 还没回 "
        "找了一圈 搜寻 不见 去向 定位 到现在没 walked_out can't_find search"
    ),
    "no_answer": (
        "没人应 无人应 不应 不接 没人接 无应答 无回应 没反应 没动静 关机 失联 联系不上 打不通 敲门 未开门 未接通 没人开门 没开门 "
        "不开门 no_answer doesn't_answer not_answer unanswered doesn't_open hasn't_picked can't_reach phone_is_off phone_off "
        "no_response"
    ),
    "unseen_days": (
        "没见 几天没 没取 灯亮 黑的 haven't_seen not_seen not_taken_in unopened 好几天没见 牛奶 报纸 臭味 味道 用水 48小时 无用水 "
        "狗叫 灯着 窗帘 curtains smell milk_not"
    ),
    "rescue": "救命 救救 快来 快点 快派 求求 消防 救援 救护车 help_us please_hurry ambulance rescue emergency",
    "unconscious": (
        "昏迷 叫不醒 没醒 晕倒 晕了 昏 不省人事 没反应 意识 休克 迷糊 神志 unconscious won't_wake not_wake unresponsive coma fainted "
        "shock hasn't_woken cannot_be_woken 没了意识 瞌埋眼 叫他不应 叫他没 醒不来 说胡话 讲话乱 昏过去 迷迷糊糊 倒下 倒在 晕过去 "
        "没气 不动了 passed_out does_not_wake talks_nonsense confused collapsed"
    ),
    "breathless": (
        "喘不上 喘不过 呼吸困难 呼吸急促 喘 紫 发紫 发黑 乌了 透不过气 不喘气 没气 can't_breathe not_breathing breathless blue "
        "panting grey 费劲 抖不到气 嘴唇 脸紫 没呼吸 没脉 血氧 血压测不到 喘气 气促 gasp lips"
    ),
    "bleeding": "流血 出血 止不住 血流 吐血 咯血 咳血 便血 大出血 一滩血 bleed blood",
    "convulsion": "抽搐 抽了 抽筋 癫痫 发羊 fit seizure epilep",
    "chest": "胸口 胸痛 心梗 心口 心脏骤停 心跳 冷汗 chest heart_attack",
    "stroke_now": "嘴歪 口歪 说不出话 半边 mouth_is_crooked cannot_speak",
    "fever": "高烧 发烧 发热 高热 四十度 fever",
    "poisoning": "中毒 误喝 吞了 误食 电池 毒蛇 蛇咬 毒蘑菇 漂白水 poison bleach snake mushroom throat_is_burning",
    "life_support": (
        "呼吸机 制氧 氧气 吸氧 吸痰 撤机 停机 icu 重症 ecmo 监护室 保温箱 插管 拔管 胃管 crrt ventilator oxygen breathing_machine "
        "life_support intensive machine_that concentrator"
    ),
    "dialysis": "透析 透西 洗肾 血透 尿毒症 肾衰 dialysis kidney",
    "insulin": "胰岛素 血糖 糖尿 insulin diabet",
    "cancer": "癌 肿瘤 瘤 白血病 血癌 化疗 放疗 靶向 标靶 淋巴 骨髓 转移 扩散 恶性 cancer tumo leuk chemo metast",
    "serious_disease": (
        "重病 大病 肝硬化 肝衰 腹水 移植 换肝 尘肺 艾滋 hiv 结核 红斑狼疮 再障 再生障碍 贫血 心衰 心脏病 脑出血 脑梗 中风 脑溢血 肺炎 "
        "坏死 坏疽 溃烂 感染 transplant cirrhosis liver tb aids lupus stroke heart anaemia infect failure 肾病 肾积水 渐冻 肝腹水 "
        "胆道闭锁 地中海贫血 心脏有个洞 先心 先天性心脏 血小板 苯中毒 重度 大动脉 红斑 多发性 硬化 败血 胰腺炎 肺纤维 癌 白血病 双相 "
        "肌萎缩 epilepsy kidney hepatitis congenital aplastic"
    ),
    "chronic": (
        "高血压 血压 冠心病 甲亢 哮喘 慢阻肺 关节 膝盖 腰 白内障 假牙 牙 疝气 结石 慢性 慢病 门特 blood_pressure thyroid asthma knee "
        "cataract dentur teeth gallstone chronic hernia 高血糖 甲状腺 腰椎 老胃病 胃病 颈椎 眼花 配镜 痔疮 近视 咳嗽 风湿 类风湿 痛风 "
        "check-up back_pain"
    ),
    "surgery": "手术 开刀 移植 做刀 支架 切除 植皮 surgery operation operate stent",
    "hospital": (
        "医院 住院 入院 急诊 病房 出院 医生 看病 看医生 求医 门诊 治疗 康复科 hospital doctor clinic treatment ward admitted admission"
    ),
    "medicine": "药 打针 针 吃药 药费 用药 medicine pills tablets medication drugs prescription",
    "medicine_stopped": (
        "断药 停药 药停 药断 药完 吃完了 打完了 用完了 没药 药没了 断了 停了 只剩 没去 不敢去 自行停 out_of stopped ran_out run_out "
        "off_treatment last_insulin inhaler_is_empty missed gone finish empty overdue 断供 没续 未续 断了药 不吃药 停了药 药没 没打 "
        "打不起 用不上 药用完 停透 没透 未领 未领取 欠费停 中断 停止治疗 放弃 拟自动出院 不给做 不给用 拒收 不收 不拔 几支 最后一支 "
        "还剩 几天的量 天的量 stop skipped no_medicine cut_dialysis days_of left_for withdraw_care"
    ),
    "pregnant": "怀孕 孕妇 大肚 待产 生孩子 产检 早产 分娩 羊水 剖腹 pregnan birth baby_coming preterm miscarr",
    "injury": "骨折 断了腿 腿断 摔 摔伤 烫伤 烧伤 受伤 伤口 骨裂 伤 fractur broke injur burn wound fell leg_broken",
    "worse": "恶化 越来越重 加重 越来越 拖不过 再拖 医生说不能 拖着 越拖 worse can't_wait this_month",
    "urgent_treat": "急需 马上手术 尽快手术 必须做 两周内 下个月之前 下周手术 等着 within_two_weeks",
    "recovered": (
        "治好 康复了 痊愈 病好 好了 没事了 恢复 治愈 正常 良性 结清 稳定 早好 出院了 recovered cured healed fine_now much_better "
        "benign stable all_good"
    ),
}
