package huizheng.tests

import huizheng.app.port.Frame
import huizheng.app.swing.Look
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.Text
import java.io.IOException
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

private const val NAME_ALONE = """{"credentials": [{"id": "licence", "format": "dc+sd-jwt",
    "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["name"]}]}]}"""
private const val TOO_MUCH = """{"credentials": [{"id": "licence", "format": "dc+sd-jwt",
    "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["name"]}, {"path": ["address"]}]}]}"""
private const val AND_PERHAPS_WHO = """{"credentials": [
    {"id": "licence", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["creditCode"]}]},
    {"id": "who", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:huizheng:digital-id:1"]}, "claims": [{"path": ["idNumber"]}]}],
    "credential_sets": [{"options": [["licence"]]}, {"options": [["who"]], "required": false}]}"""

/** The reference app in a window, used as its holder does: by what she reads, and by nothing else. */
class AppTest {
    @Test
    fun everyPictureOfACodeAloneIsRead() {
        val (random, letters) = Random(1) to "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ \$%*+-./:"
        for (length in List(60) { 400 + 20 * it }) {
            val text = "HZ1:" + String(CharArray(length) { letters.random(random) })
            val picture = codeOf(text)
            val seen = Frame(picture.width, picture.height, ByteArray(picture.width * picture.height) { picture.getRGB(it % picture.width, it / picture.width).toByte() })
            assertEquals(text, seen.qrCode(), "$length letters")
        }
    }

    @Test
    fun theStoryInChineseByDay() = story(Chinese, Look.Light, "zh-light")

    @Test
    fun theStoryInEnglishByNight() = story(English, Look.Dark, "en-dark")

    /** Two cards of a kind: one is shared, or both once she switches the other on. */
    @Test
    fun severalCardsAnswerTogether() {
        val holder = Holder(English, Look.Light, "several")
        holder.use {
            with(holder) {
                begin()
                repeat(2) { receive(Services.licensing.offer(approvedLicence())) }
                press(words.scan)
                val asked = Services.counter.ask("company-service", NAME_ALONE.replace("\"meta\"", "\"multiple\": true, \"meta\""))
                show(asked.link)
                reads(words.severalMay)
                val name = "Business licence · 合肥徽光软件有限公司"
                assertEquals(1 to 1, switches(name, isOn = true) to switches(name, isOn = false))
                press(name) // the last one that is on can't be pressed
                await("both") { switches(name, isOn = true) == 2 && howOften(words.leaves(1)) == 2 }
                picture("both")
                press(words.agree)
                reads(words.shared)
                assertEquals("accepted", Services.counter.read(asked).decision)
                press(words.seeCards)
                press(words.log)
                readsOf("Company name, Company name")
            }
        }
    }

    private fun story(words: Text, look: Look, pictures: String) {
        val licence = approvedLicence()
        val holder = Holder(words, look, pictures)
        holder.use {
            with(holder) {
                reads(words.welcome)
                picture("welcome")
                type(words.newPin, PIN)
                type(words.pinAgain, "135791")
                press(words.start)
                reads(words.pinsDiffer)
                type(words.newPin, PIN)
                type(words.pinAgain, PIN)
                press(words.start)
                reads(words.noCards)
                picture("empty")

                val letter = Services.licensing.offer(licence)
                press(words.scanCode)
                reads(words.noCamera)
                show("hello") { isThere(words.strange) }
                reads(words.strange)
                picture("scan", isProtected = false)
                show(letter.link)
                reads(words.checkedLater)
                type(words.code, "000000".takeIf { it != letter.txCode } ?: "111111")
                press(words.take)
                reads(words.problems.code(4u).todo)
                picture("offer")
                type(words.code, letter.txCode)
                press(words.take)
                reads(words.taken)
                press(words.seeCards)

                press(words.scan)
                show(Services.counter.ask("company-service").link)
                reads(words.registered)
                readsOf("合肥徽光软件有限公司")
                // As of when, and by when: the day is in both, and the card's.
                for (named in listOf(words.sentTo, words.answerBy)) reads(named)
                assertEquals(2, howOften(words.asOf("").trim()), "the register's evidence, and the card's")
                picture("consent")
                press(words.agree)
                reads(words.shared)
                picture("shared")
                press(words.seeCards)
                press(words.scan)
                show(Services.counter.ask("company-service").link)
                press(words.decline)
                reads(words.declined)
                press(words.seeCards)
                press(words.scan)
                show(Services.counter.ask("company-service", TOO_MUCH).link)
                reads(words.refusedByWallet)
                picture("refused")
                press(words.seeCards)
                linkTwoCards()
                shareOnlyWhatIsSwitchedOn()
                reads(words.cards)
                picture("cards")
                pressCard("合肥徽光软件有限公司")
                readsOf("91340100MA8HUE6K0R")
                picture("card")

                answerWithNoNetwork()
                Services.licensing.revoke(licence, "the company was dissolved")
                press(words.cards)
                readsCard(words.revoked)
                picture("revoked")

                press(words.log)
                reads(words.logLead)
                picture("log")
                searchTheLog()
                press(words.more)
                reads(words.appearance)
                picture("more", isProtected = false)
                switchTheFingerOn()
                val (code, backup) = backUp()
                onAnotherPhone(words, look, pictures, code, backup)
                lock()
                unlockByFinger()
                lock()
                anotherFinger()
                type(words.pin, "246802")
                press(words.unlock)
                reads(words.problems.wrongPin(null).title)
                type(words.pin, PIN)
                press(words.unlock)
                readsCard(words.revoked)
            }
        }
    }

    /** Two cards that don't say of whom the other is: shown together, they do. */
    private fun Holder.linkTwoCards() {
        receive(Services.police.offer(approvedId()))
        press(words.scan)
        show(Services.counter.ask("tax-registration").link)
        reads(words.shownTogether)
        picture("links")
        press(words.decline)
        reads(words.declined)
        press(words.seeCards)
    }

    /** What the counter can do without stays, and nothing of it is drawn as leaving, until she switches it on. */
    private fun Holder.shareOnlyWhatIsSwitchedOn() {
        for (isWanted in listOf(false, true)) {
            val asked = Services.counter.ask("tax-registration", AND_PERHAPS_WHO)
            press(words.scan)
            show(asked.link)
            reads(words.isLeftOut)
            assertTrue(isThere(words.leaves(1)) && !says("程知夏"), "of the licence one thing, of the other card nothing")
            if (isWanted) {
                press(words.shareToo(if (words === Chinese) "数字身份证" else "Digital ID"))
                reads(words.isShared)
                readsOf("程知夏")
                picture("optional")
            }
            press(words.agree)
            reads(words.shared)
            assertEquals(if (isWanted) 2 else 1, Services.counter.read(asked).claims.size)
            press(words.seeCards)
        }
    }

    private fun Holder.switchTheFingerOn() {
        press(words.byFinger)
        type(words.pin, "246802")
        press(words.fingerSwitchOn)
        reads(words.problems.wrongPin(null).title)
        type(words.pin, PIN)
        picture("finger")
        turnAway(words.fingerSwitchOn)
        press(words.back)
        lock()
        assertFalse(words.byFinger in names(), "it opens nothing yet")
        unlock()
        press(words.more)
        switchFingerOn()
    }

    private fun Holder.unlockByFinger() {
        picture("unlock")
        turnAway(words.byFinger)
        press(words.byFinger)
        readsCard(words.revoked)
    }

    /** Presses what asks for a finger, gives none, and is asked again. */
    private fun Holder.turnAway(button: String) {
        finger.isThere = false
        finger.wasAsked = false
        press(button)
        await("a sensor that was turned away from") { finger.wasAsked && isReady(button) }
        finger.isThere = true
    }

    /** Somebody has added a finger of their own to the phone: the PIN is needed. */
    private fun Holder.anotherFinger() {
        finger.another()
        press(words.byFinger)
        reads(words.pinFirst)
        assertFalse(words.byFinger in names(), "it opens nothing any more")
    }

    /** The counter's code before the camera, the phone's code before the counter's: the picture on the screen is what is read. */
    private fun Holder.answerWithNoNetwork() {
        press(words.cards)
        val counter = OfflineCounter()
        val ask = counter.ask("company-service", NAME_ALONE)
        press(words.scan)
        ask.codes.forEachIndexed { at, code ->
            val seen = words.partSeen((at + 1).toUInt(), ask.codes.size.toUInt())
            if (at + 1 < ask.codes.size) show(code) { isThere(seen) } else show(code)
        }
        reads(words.registered)
        press(words.agree)
        val answer = readFromTheScreen()
        picture("code")
        val decision = counter.decide(ask, answer)
        assertTrue(decision.isAccepted && "合肥徽光软件有限公司" in decision.said, decision.said)
        press(words.codeDone)
        readsCard(words.valid)
    }

    private fun Holder.searchTheLog() {
        enter(words.searchLog, "nothing like it")
        reads(words.nothingFound("nothing like it"))
        enter(words.searchLog, "政务服务中心")
        reads(words.allEntries)
        picture("search")
        press(words.allEntries)
    }

    private fun Holder.backUp(): Pair<String, ByteArray> {
        val code = codeOfABackup()
        picture("backup")
        press(words.codeWritten)
        type(words.backupCode, code.dropLast(1))
        press(words.saveBackup)
        reads(words.codeDiffers)
        saveWhereThereIsNoRoom(code)
        type(words.backupCode, code.replace("-", " ").lowercase())
        press(words.saveBackup)
        reads(words.backupSaved)
        press(words.seeCards)
        return code to kept.single()
    }

    private fun Holder.saveWhereThereIsNoRoom(code: String) {
        chooser = { throw IOException("no space left") }
        type(words.backupCode, code)
        press(words.saveBackup)
        reads(words.problems.file.title)
        chooser = {}
    }

    private fun Holder.chooseWhatIsNoBackup() {
        kept += "a letter".toByteArray()
        press(words.chooseBackup)
        type(words.backupCode, "ABCD")
        type(words.newPin, PIN)
        type(words.pinAgain, PIN)
        press(words.restoreNow)
        reads(words.noBackup)
        picture("no-backup")
    }

    private fun onAnotherPhone(words: Text, look: Look, pictures: String, code: String, backup: ByteArray) {
        Holder(words, look, pictures).use {
            with(it) {
                press(words.haveBackup)
                chooseWhatIsNoBackup()
                kept += backup
                press(words.chooseBackup)
                await("another file") { !isThere(words.noBackup) }
                for ((typed, result) in listOf("ABCD" to words.wrongBackupCode, code to words.restored)) {
                    type(words.backupCode, typed)
                    type(words.newPin, PIN)
                    type(words.pinAgain, PIN)
                    press(words.restoreNow)
                    reads(result)
                }
                readsOf("合肥徽光软件有限公司")
                picture("restored")
                press(words.seeCards)
                reads(words.collectAgain)
                press(words.log)
                reads(words.logLead)
                readsOf("政务服务中心".takeIf { words === Chinese } ?: "Shared with")
            }
        }
    }
}
