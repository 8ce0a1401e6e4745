package huizheng.app.text

import huizheng.LocalText
import java.time.Instant
import java.util.Locale

object Chinese : Text {
    override val locale: Locale = Locale.SIMPLIFIED_CHINESE
    override val other get() = English
    override val otherName = "English"

    override val brand = "徽证"
    override val cards = "证照"
    override val scan = "扫一扫"
    override val log = "记录"
    override val more = "更多"
    override val back = "返回"

    override val welcome = "欢迎使用徽证"
    override val welcomeLead = "证照只存在这部手机里，加密保存。没有您的同意，什么也不会发出去。"
    override val softwareKeys = "这台设备的密钥由软件保管，只供试用，请不要用于真实身份。"
    override val hardwareKeys = "密钥由这部手机的安全芯片保管，无法复制。"
    override val newPin = "设置密码"
    override val pinAgain = "再输一次"
    override val pin = "密码"
    override val pinRule = "至少 6 位，不能全部相同"
    override val pinsDiffer = "两次输入的不一样，请重新输入。"
    override val start = "开始使用"
    override val unlockTitle = "输入密码"
    override val unlockLead = "解锁后才能看到证照。"
    override val unlock = "解锁"
    override val unlocking = "解锁方式"
    override val byFinger = "指纹或面容解锁"
    override val pinFirst = "这次请输入密码。"
    override val fingerAsk = "用指纹或面容解锁？"
    override val fingerAskMeans = "录入这部手机的每个指纹和面容都能打开钱包。密码始终可用。请输入密码确认是您本人。"
    override val fingerSwitchOn = "开启"
    override val fingerOn = "已开启"
    override val fingerOnMeans = "这部手机的指纹或面容可以打开钱包。新录入指纹或面容后会自动关闭，请再用密码开启。"
    override val fingerOff = "关闭，只用密码"
    override val noFinger = "这部手机还没有录入指纹或面容"
    override val noFingerTodo = "请先在系统设置里录入。"
    override val noSensorHere = "这台电脑没有传感器，用这个对话框代替，只供试用。按“确定”表示认出了本人。"

    override val haveBackup = "用备份恢复"
    override val restoreTitle = "用备份恢复"
    override val restoreLead = "请选择备份文件。还需要抄在纸上的备份码，并为这部手机设置密码。"
    override val chooseBackup = "选择备份文件"
    override val restoreNow = "恢复"
    override val restored = "钱包已恢复"
    override val restoredLead = { made: String, entries: ULong -> "恢复到 $made 的状态，含 $entries 条记录。" }
    override val collectAgain = "需要重新领取"
    override val collectAgainMeans = "密钥在原来的手机里，请到发证部门重新领取到这部手机。"
    override val wrongBackupCode = "备份码不对"
    override val wrongBackupCodeTodo = "请与纸上逐字核对；也可能文件不对或已损坏。"

    override val myCards = "我的证照"
    override val noCards = "还没有证照"
    override val noCardsTodo = "请先在发证部门的网站申请，审核通过后扫页面上的二维码领取。"
    override val scanCode = "扫码领取"
    override val asOf = { at: String -> "$at 核对" }
    override val validUntil = { day: String -> "有效期至 $day" }
    override val noEnd = "长期有效"
    override val valid = "有效"
    override val suspended = "已暂停"
    override val revoked = "已吊销"
    override val expired = "已过期"
    override val notTrusted = "不可信"
    override val unknown = "状态未知"
    override val suspendedMeans = { issuer: String -> "${issuer}已暂停这张证照，恢复后可以继续使用。" }
    override val revokedMeans = { issuer: String -> "${issuer}已吊销这张证照，不能再使用。" }
    override val expiredMeans = { issuer: String -> "这张证照已到期，请向${issuer}重新申领。" }
    override val notTrustedMeans = { issuer: String -> "签发这张证照的密钥已不可信，请向${issuer}重新申领。" }
    override val unknownMeans = "暂时查不到最新状态，请联网后再看。"
    override val issuedBy = "发证机关"
    override val received = "领取时间"
    override val delete = "从手机上删除"
    override val deleteSure = "删除这张证照？"
    override val deleteMeans = "删除后这部手机上不再有这张证照。证照本身不受影响，可以重新申领。"
    override val keep = "不删除"

    override val aim = "请对准发证页面或窗口屏幕上的二维码。"
    override val noCamera = "没有可用的摄像头，请选择二维码图片，或粘贴链接。"
    override val strange = "这不是领取或出示证照的二维码"
    override val strangeTodo = "请扫发证页面或窗口屏幕上的二维码。"
    override val pasteLink = "或者粘贴链接"
    override val choosePicture = "选择图片"
    override val open = "打开"
    override val partSeen = { have: UInt, total: UInt -> "已读取 $have / $total，请继续对准二维码。" }

    override val receiveTitle = "领取证照"
    override val lookingAtOffer = "正在询问发证部门……"
    override val offeredBy = "来自"
    override val callsItself = { name: String -> "自称${name}，尚未核对。" }
    override val offered = "将领取"
    override val checkedLater = "领取时会在链上核对它是谁、是否有权发证。"
    override val code = "领取码"
    override val codeHint = "在申请页面二维码的旁边"
    override val take = "领取"
    override val notNow = "先不领取"
    override val taken = "已存入手机"
    override val takenLead = "签名、发证机关的授权和证照状态都已核对。"
    override val partFailed = { what: String -> "没有领到：$what。" }
    override val partWaits = { what: String -> "$what 还在办理，办好后会自动领取。" }
    override val seeCards = "查看我的证照"

    override val askTitle = "出示证照"
    override val checkingWhoAsks = "正在核对对方身份……"
    override val registered = "已在链上登记，可为此用途查验"
    override val purpose = "用途"
    override val basis = "依据"
    override val byConsent = "本人同意"
    override val byLaw = "法律规定"
    override val kept = "对方保存"
    override val keptFor = { days: UInt -> if (days == 0u) "不保存" else if (days % 365u == 0u) "${days / 365u} 年" else "$days 天" }
    override val sentTo = "发送到"
    override val sentToNobody = "不发送，只在手机上显示二维码"
    override val answerBy = "答复期限"
    override val shareToo = { what: String -> "同时提供：$what" }
    override val isShared = "这一项不是必须的，将按下面所示提供。"
    override val severalMay = "这一项可以同时用几张证照，由您选择。"
    override val isLeftOut = "对方也想要这一项，但不是必须的，现在不会提供。"
    override val leaves = { n: Int -> "将提供 $n 项" }
    override val stays = { n: Int -> "不提供 $n 项" }
    override val fromCard = "使用"
    override val agree = "同意提供"
    override val decline = "拒绝"
    override val shared = "已提供"
    override val sharedLead = { who: String -> "已把您同意的内容提供给$who，结果见对方屏幕。" }
    override val declined = "已拒绝"
    override val declinedLead = { who: String -> "没有向${who}提供任何内容。" }
    override val notInForce = "这张证照当前无效，对方很可能不会接受。"
    override val stateUnknown = "暂时查不到这张证照的最新状态。"
    override val shownWhole = "这种格式的证照只能整张出示。"
    override val seenByAnother = "这张证照曾出示给别的机构，两家如果比对，可能认出是同一个人。"
    override val shownTogether = "一起出示这些证照，对方会知道它们属于同一个人。"
    override val seenBefore = { others: UInt -> "这张证照已没有未用过的副本，这一份曾出示给另外 $others 家机构，如果比对，可能认出是同一个人。" }

    override val showCodeTitle = "出示二维码"
    override val makingCode = "正在生成二维码……"
    override val holdCode = { who: String -> "请把屏幕对准${who}的摄像头，直到对方读取完毕。不需要网络。" }
    override val codePart = { at: Int, of: Int -> "第 $at / $of 张" }
    override val codeUntil = { time: String -> "有效至 $time" }
    override val codeEvidence = { at: String -> "附有登记簿 $at 的证明。" }
    override val codeNoEvidence = "没有附登记簿的证明，窗口无法核对。请先联网。"
    override val codeDone = "完成"
    override val refusedByWallet = "钱包已拒绝"
    override val nothingLeft = "没有提供任何内容。"

    override val logLead = "什么时候给了谁什么。只记名称，不记内容，只有您能看到。"
    override val logEmpty = "还没有记录"
    override val logEmptyTodo = "领取和出示证照后，这里会记下来。"
    override val logReceived = { what: String -> "领取：$what" }
    override val logShared = { who: String -> "提供给$who" }
    override val logUncertain = { who: String -> "发给$who，是否送达未知" }
    override val logShown = { who: String -> "用二维码出示给$who，是否读取未知" }
    override val logNotTaken = { who: String -> "发给$who，对方未接受" }
    override val logDeclined = { who: String -> "您拒绝了$who" }
    override val logRefused = { who: String -> "钱包拒绝了$who" }
    override val logDeleted = { what: String -> "删除：$what" }
    override val tooMuch = "要的内容超出登记的用途。"
    override val someone = "身份不明者"
    override val older = "查看更早的记录"
    override val searchLog = "查找"
    override val searchHint = "单位、用途或项目的名称"
    override val nothingFound = { text: String -> "没有找到“$text”" }
    override val allEntries = "查看全部"

    override val keys = "密钥"
    override val appearance = "外观"
    override val light = "浅色"
    override val dark = "深色"
    override val language = "语言"
    override val lock = "立即锁定"
    override val lockMeans = "切换到后台时会自动锁定。"

    override val backup = "备份"
    override val backupMeans = "手机丢失时，可用备份找回记录，并知道要重新领取哪些证照。证照本身不会离开手机，密钥无法复制。"
    override val backUpNow = "立即备份"
    override val writeCode = "请抄下这个备份码"
    override val writeCodeMeans = "抄在纸上，与备份文件分开存放。两样都有才能读取备份；没有备份码，谁也打不开。"
    override val codeWritten = "已经抄好"
    override val copyCode = "请照着纸上输入备份码"
    override val backupCode = "备份码"
    override val codeDiffers = "与备份码不一样，请逐字核对。"
    override val lookAgain = "再看一次"
    override val saveBackup = "保存备份文件"
    override val backupSaved = "备份已保存"
    override val backupSavedMeans = "请把文件存放在手机以外的地方。有新证照后请重新备份。"

    override val and = "、"
    override val problems = Problems(
        weakPin = Problem("这个密码太容易猜到", "至少 6 位，不能全部相同。"),
        wrongPin = { wait -> Problem("密码不对", wait?.let { "请 $it 后再试。" } ?: "请再试一次。") },
        waitForPin = { wait -> Problem("密码错误次数太多", "请 $wait 后再试。") },
        noWallet = Problem("这里没有钱包", "请重新打开应用。"),
        locked = Problem("钱包已锁定", "请重新输入密码。"),
        damaged = Problem("钱包数据已损坏", "请用备份恢复。"),
        keyGone = Problem("这张证照的密钥已不在", "手机可能重置过，或取消过锁屏。请重新申领。"),
        offline = Problem("没有网络", "请检查网络后再试。"),
        again = Problem("没有成功", "请稍后再试。"),
        cancelled = Problem("已取消", "没有提供任何内容。"),
        code = { left ->
            if (left == null) Problem("领取码的位数不对", "请与申请页面核对。") else Problem("领取码不对", "还可以再试 $left 次。")
        },
        takesTime = Problem("还在办理", "办好后会自动领取。"),
        offerGone = Problem("这个二维码已经用过或已失效", "请在申请页面重新获取。"),
        notSupported = Problem("这个版本还不支持", "请更新应用，或换一种方式办理。"),
        untrustedIssuer = Problem("收到的证照没有通过核对", "已丢弃。请联系发证部门。"),
        untrustedVerifier = Problem("无法确认对方身份", "对方没有为此登记，或请求是伪造的。"),
        tooMuch = { who, what -> Problem("${who}要的内容过多", "它登记的用途不允许索要：$what。") },
        requestGone = Problem("这个请求已经用过或已失效", "没有提供任何内容。请让对方重新生成二维码。"),
        noCard = { missing -> Problem("您没有对方需要的证照", "缺少：$missing。没有提供任何内容。") },
        uncertain = Problem("发送中断", "内容可能已经送达，请看对方屏幕。"),
        app = Problem("应用出了问题", "请更新应用，或告诉开发者。"),
        seconds = { n -> "$n 秒" },
        minutes = { n -> "$n 分钟" },
    )

    override fun of(text: LocalText) = text.zh

    override fun day(at: Instant) = format("yyyy年M月d日", locale, at)

    override fun moment(at: Instant) = format("yyyy年M月d日 HH:mm", locale, at)
}
