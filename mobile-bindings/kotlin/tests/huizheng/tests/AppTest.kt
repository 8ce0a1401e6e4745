package huizheng.tests

import com.google.zxing.BarcodeFormat
import com.google.zxing.qrcode.QRCodeWriter
import huizheng.QrCollector
import huizheng.QrSeen
import huizheng.WalletConfig
import huizheng.app.Home
import huizheng.app.desktop.PictureCamera
import huizheng.app.model.App
import huizheng.app.port.Documents
import huizheng.app.port.Finger
import huizheng.app.port.Frame
import huizheng.app.swing.Look
import huizheng.app.swing.SwingThread
import huizheng.app.swing.Window
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.Text
import huizheng.jvm.JvmHttpClient
import huizheng.jvm.SoftwareBiometrics
import huizheng.jvm.SoftwareKeyStore
import java.awt.Component
import java.awt.Container
import java.awt.Dimension
import java.awt.Image
import java.awt.RenderingHints
import java.awt.Robot
import java.awt.image.BufferedImage
import java.nio.file.Files
import java.nio.file.Path
import javax.imageio.ImageIO
import javax.swing.AbstractButton
import javax.swing.JLabel
import javax.swing.JTextField
import javax.swing.JToggleButton
import javax.swing.SwingUtilities
import javax.swing.text.JTextComponent
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.test.fail
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel

private const val PATIENCE_MILLIS = 30_000
private val BACKUP_CODE = Regex("[2-9A-Z]{4}(-[2-9A-Z]{4}){5}")
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
                for (field in listOf(words.newPin, words.pinAgain)) type(field, PIN)
                press(words.start)
                reads(words.noCards)
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

    private fun Holder.receive(letter: Letter) {
        press(words.scan)
        show(letter.link)
        type(words.code, letter.txCode)
        press(words.take)
        reads(words.taken)
        press(words.seeCards)
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

    private fun Holder.lock() {
        press(words.more)
        press(words.lock)
        reads(words.unlockTitle)
    }

    private fun Holder.switchTheFingerOn() {
        press(words.byFinger)
        type(words.pin, "246802")
        press(words.fingerSwitchOn)
        reads(words.problems.wrongPin(null).title)
        type(words.pin, PIN)
        picture("finger")
        turnAway(words.fingerSwitchOn)
        type(words.pin, PIN)
        press(words.fingerSwitchOn)
        reads(words.fingerOn)
        press(words.back)
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
        press(words.backUpNow)
        reads(words.writeCode)
        picture("backup")
        val code = names().single { BACKUP_CODE.matches(it) }
        press(words.codeWritten)
        type(words.backupCode, code.dropLast(1))
        press(words.saveBackup)
        reads(words.codeDiffers)
        type(words.backupCode, code.replace("-", " ").lowercase())
        press(words.saveBackup)
        reads(words.backupSaved)
        press(words.seeCards)
        return code to kept.single()
    }

    private fun onAnotherPhone(words: Text, look: Look, pictures: String, code: String, backup: ByteArray) {
        Holder(words, look, pictures).use {
            with(it) {
                kept += backup
                press(words.haveBackup)
                press(words.chooseBackup)
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

/** A picture of a code and nothing else. */
private fun codeOf(text: String): BufferedImage {
    val code = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 640, 640)
    val image = BufferedImage(800, 800, BufferedImage.TYPE_INT_RGB)
    for (x in 0 until 800) for (y in 0 until 800) {
        val dark = x in 80 until 720 && y in 80 until 720 && code[x - 80, y - 80]
        image.setRGB(x, y, if (dark) 0x1c2a30 else 0xe9eef0)
    }
    return image
}

/** The holder's finger at a desktop's stand-in for a sensor. */
private class AtTheSensor(private val file: Path) {
    @Volatile
    var isThere = true

    @Volatile
    var wasAsked = false
    val sensor = SoftwareBiometrics(file) { isThere.also { wasAsked = true } }

    /** As a phone does when another is added: the key is destroyed. */
    fun another() = Files.delete(file)
}

/** Somebody before the app's window. */
private class Holder(val words: Text, look: Look, private val pictures: String) : AutoCloseable {
    private val folder: Path = Files.createTempDirectory("huizheng-app")
    private val scope = CoroutineScope(SwingThread + SupervisorJob())
    private val camera = PictureCamera()
    private val robot = Robot()
    val finger = AtTheSensor(folder.resolve("finger"))

    /** The files that she keeps somewhere else. */
    val kept = mutableListOf<ByteArray>()
    private val documents = object : Documents {
        override suspend fun save(name: String, content: ByteArray) = kept.add(content)

        override suspend fun open() = kept.last()
    }
    private lateinit var window: Window

    init {
        val home = Home(
            folder.resolve("wallet").toString(), WalletConfig(Services.anchor, Services.node),
            SoftwareKeyStore(folder.resolve("keys")), JvmHttpClient(), Finger(finger.sensor, finger.sensor::isSwitchedOn),
        )
        SwingUtilities.invokeAndWait {
            window = Window(App(home, camera, documents, scope), camera, scope, words, look)
            window.isUndecorated = true
            window.pack()
            window.isVisible = true
        }
    }

    fun reads(text: String) = await("the words \"$text\"") { isThere(text) }

    fun isThere(text: String) = all().any { it.isShowing && (it as? JLabel)?.text == text || (it as? AbstractButton)?.text == text }

    fun readsOf(text: String) = await("words with \"$text\"") { says(text) }

    fun howOften(text: String) = all().count { (it as? JLabel)?.text?.contains(text) == true }

    fun says(text: String) = howOften(text) > 0

    fun readsCard(state: String) = await("a card that is \"$state\"") { all().any { named(it)?.endsWith(", $state") == true } }

    fun press(name: String) = press("a button \"$name\"") { named(it) == name || it.text == name }

    fun isReady(button: String) = all().any { it is AbstractButton && it.isEnabled && named(it) == button }

    fun switches(name: String, isOn: Boolean) = all().count { it is JToggleButton && it.text == name && it.isSelected == isOn }

    fun pressCard(holder: String) = press("a card of \"$holder\"") { named(it)?.contains(", $holder, ") == true }

    private fun press(what: String, which: (AbstractButton) -> Boolean) {
        await(what) { all().any { it is AbstractButton && it.isEnabled && which(it) } }
        SwingUtilities.invokeAndWait { all().filterIsInstance<AbstractButton>().first { it.isEnabled && which(it) }.doClick(0) }
    }

    fun type(field: String, text: String) {
        await("a field \"$field\"") { all().any { it is JTextComponent && named(it) == field } }
        SwingUtilities.invokeAndWait { all().filterIsInstance<JTextComponent>().first { named(it) == field }.text = text }
    }

    /** Types a line, and presses Enter. */
    fun enter(field: String, text: String) {
        type(field, text)
        SwingUtilities.invokeAndWait { all().filterIsInstance<JTextField>().first { named(it) == field }.postActionEvent() }
    }

    /** The texts of the QR codes that the screen shows in turn, as somebody else's camera reads them. */
    fun readFromTheScreen(): List<String> = QrCollector().use { collector ->
        val texts = mutableListOf<String>()
        val end = System.nanoTime() + 3 * PATIENCE_MILLIS * 1_000_000L
        // Not on the screen's own thread, which turns the codes meanwhile; and not in step with it, or the same code is there each time.
        while (System.nanoTime() < end) {
            val text = robot.createMultiResolutionScreenCapture(window.bounds).resolutionVariants.last().let(::frameOf).qrCode()
            if (text != null && text !in texts && collector.add(text.also(texts::add)) is QrSeen.Whole) return texts
            Thread.sleep(Random.nextLong(20, 400))
        }
        save("failed")
        fail("of the code on the screen ${texts.size} parts were read")
    }

    /** As a camera in a hand sees it: each time from another distance. */
    private fun frameOf(image: Image): Frame {
        val distance = Random.nextDouble(0.8, 1.2)
        val size = Dimension((image.getWidth(null) * distance).toInt(), (image.getHeight(null) * distance).toInt())
        val seen = BufferedImage(size.width, size.height, BufferedImage.TYPE_INT_RGB)
        with(seen.createGraphics()) {
            setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR)
            drawImage(image, 0, 0, size.width, size.height, null)
            dispose()
        }
        return Frame(seen.width, seen.height, ByteArray(seen.width * seen.height) { seen.getRGB(it % seen.width, it / seen.width).shr(8).toByte() })
    }

    /** Holds a code before the camera until it is `taken`: as long as somebody looks through it, if nothing else is said. */
    fun show(text: String, taken: () -> Boolean = { !camera.isLookedThrough }) {
        val file = folder.resolve("seen.png")
        ImageIO.write(codeOf(text), "png", file.toFile())
        await("an open camera", camera::isLookedThrough)
        var looks = 0
        // A camera sees what is held before it again and again: one frame may come while the app is busy with something else.
        await("somebody who takes the code") { taken().also { if (!it && looks++ % 20 == 0) camera.show(file) } }
    }

    /** The window as it is on the screen, if pictures are wanted; and whether others may not make any. */
    fun picture(name: String, isProtected: Boolean = true) {
        SwingUtilities.invokeAndWait {
            assertFalse(tooLong(), "$name: words are cut off")
            assertEquals(isProtected, window.isProtected, "$name: kept from others' eyes")
        }
        save(name)
    }

    private fun save(name: String) {
        val wanted = System.getenv("HUIZHENG_SCREENSHOTS") ?: return
        robot.waitForIdle()
        Thread.sleep(80) // for the screen to follow
        val screen = robot.createMultiResolutionScreenCapture(window.bounds).resolutionVariants.last() as BufferedImage
        ImageIO.write(screen, "png", Files.createDirectories(Path.of(wanted)).resolve("app-$pictures-$name.png").toFile())
    }

    /** Whether anything on the screen is wider than the phone. */
    private fun tooLong(): Boolean = all().any { it.isShowing && it.width > 0 && it.locationOnScreen.x + it.width > window.locationOnScreen.x + window.width }

    override fun close() {
        scope.cancel()
        SwingUtilities.invokeAndWait(window::dispose)
        assertTrue(folder.toFile().deleteRecursively())
    }

    fun await(what: String, seen: () -> Boolean) {
        val end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L
        while (System.nanoTime() < end) {
            var there = false
            SwingUtilities.invokeAndWait { there = seen() }
            if (there) return
            Thread.sleep(20)
        }
        save("failed")
        val read = all().mapNotNull { (it as? JLabel)?.text ?: named(it) }
        fail("$what was not there; the screen says: $read")
    }

    /** What everything on the screen is called. */
    fun names(): List<String> = all().mapNotNull(::named)

    private fun all(): List<Component> = below(window.contentPane)

    private fun below(part: Component): List<Component> = listOf(part) + ((part as? Container)?.components?.flatMap(::below) ?: emptyList())

    private fun named(part: Component): String? = part.accessibleContext?.accessibleName
}
