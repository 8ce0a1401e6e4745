package huizheng.tests

import com.google.zxing.BarcodeFormat
import com.google.zxing.qrcode.QRCodeWriter
import huizheng.HolderKeyStore
import huizheng.KeyProtection
import huizheng.QrCollector
import huizheng.QrSeen
import huizheng.WalletConfig
import huizheng.app.Home
import huizheng.app.desktop.PictureCamera
import huizheng.app.model.Absence
import huizheng.app.model.App
import huizheng.app.model.Link
import huizheng.app.port.Device
import huizheng.app.port.Documents
import huizheng.app.port.Finger
import huizheng.app.port.Frame
import huizheng.app.swing.Look
import huizheng.app.swing.SwingThread
import huizheng.app.swing.Window
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
import java.time.Duration
import javax.imageio.ImageIO
import javax.swing.AbstractButton
import javax.swing.JLabel
import javax.swing.JTextField
import javax.swing.JToggleButton
import javax.swing.SwingUtilities
import javax.swing.text.JTextComponent
import kotlin.random.Random
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.test.fail
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel

private const val PATIENCE_MILLIS = 30_000

/** As a backup's code is shown. */
private val BACKUP_CODE = Regex("[2-9A-Z]{4}(-[2-9A-Z]{4}){5}")

/** A picture of a code and nothing else. */
fun codeOf(text: String): BufferedImage {
    val code = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 640, 640)
    val image = BufferedImage(800, 800, BufferedImage.TYPE_INT_RGB)
    for (x in 0 until 800) for (y in 0 until 800) {
        val dark = x in 80 until 720 && y in 80 until 720 && code[x - 80, y - 80]
        image.setRGB(x, y, if (dark) 0x1c2a30 else 0xe9eef0)
    }
    return image
}

/** The holder's finger at a desktop's stand-in for a sensor. */
class AtTheSensor(private val file: Path) {
    @Volatile
    var isThere = true

    @Volatile
    var wasAsked = false
    val sensor = SoftwareBiometrics(file) { isThere.also { wasAsked = true } }

    /** As a phone does when another is added: the key is destroyed. */
    fun another() = Files.delete(file)
}

/** Somebody before the app's window. */
class Holder(
    val words: Text,
    look: Look,
    private val pictures: String,
    @Volatile var hasScreenLock: Boolean = true,
    patience: Duration = Absence.PATIENCE,
) : AutoCloseable {
    private val folder: Path = Files.createTempDirectory("huizheng-app")
    private val scope = CoroutineScope(SwingThread + SupervisorJob())
    private val camera = PictureCamera()
    private val robot = Robot()
    val finger = AtTheSensor(folder.resolve("finger"))

    /** The files that she keeps somewhere else. */
    val kept = mutableListOf<ByteArray>()

    /** What she is asked where to keep them by. */
    @Volatile
    var chooser: suspend () -> Unit = {}
    private val documents = object : Documents {
        override suspend fun save(name: String, content: ByteArray): Boolean {
            chooser()
            return kept.add(content)
        }

        override suspend fun open(): ByteArray {
            chooser()
            return kept.last()
        }
    }

    /** As on a phone, where it may take a chip its time. */
    private val keys = object : HolderKeyStore by SoftwareKeyStore(folder.resolve("keys")) {
        override fun protection(): KeyProtection {
            check(!SwingUtilities.isEventDispatchThread()) { "the UI waits for the keys" }
            return KeyProtection.SOFTWARE
        }
    }
    private val opened = mutableListOf<String>()
    private lateinit var app: App
    private lateinit var window: Window

    init {
        val home = Home(
            folder.resolve("wallet").toString(), WalletConfig(Services.anchor, Services.node),
            keys, JvmHttpClient(), Finger(finger.sensor, finger.sensor::isSwitchedOn), { hasScreenLock },
        )
        SwingUtilities.invokeAndWait {
            app = App(home, Device(camera, documents, { opened += it }), scope, patience)
            window = Window(app, camera, scope, words, look)
            window.isUndecorated = true
            window.pack()
            window.isVisible = true
        }
    }

    /** Onboarding, as far as to no cards. */
    fun begin(pin: String = PIN) {
        for (field in listOf(words.newPin, words.pinAgain)) type(field, pin)
        press(words.start)
        reads(words.noCards)
    }

    /** Takes an offer up by its code. */
    fun receive(letter: Letter) {
        press(words.scan)
        show(letter.link)
        type(words.code, letter.txCode)
        press(words.take)
        reads(words.taken)
        press(words.seeCards)
    }

    fun switchFingerOn() {
        press(words.byFinger)
        type(words.pin, PIN)
        press(words.fingerSwitchOn)
        reads(words.fingerOn)
        press(words.back)
    }

    /** Begins a backup, whose code is there to be written down. */
    fun codeOfABackup(): String {
        press(words.backUpNow)
        reads(words.writeCode)
        return names().single { BACKUP_CODE.matches(it) }
    }

    /** Makes a backup as far as to where it is saved, and gives its code. */
    fun saveBackup(): String {
        press(words.more)
        val code = codeOfABackup()
        press(words.codeWritten)
        type(words.backupCode, code)
        press(words.saveBackup)
        return code
    }

    fun lock() {
        press(words.more)
        press(words.lock)
        reads(words.unlockTitle)
    }

    /** The app goes to the background, as when another one opens. */
    fun goAway() = SwingUtilities.invokeAndWait(app::background)

    fun comeBack() = SwingUtilities.invokeAndWait(app::foreground)

    fun unlock(pin: String = PIN) {
        type(words.pin, pin)
        press(words.unlock)
    }

    /** In the browser that the app opened: logs in and agrees. The address that it is sent back to. */
    fun inTheBrowser(citizen: Int = 0): String {
        await("an open browser") { opened.isNotEmpty() }
        return logInAsACitizen(opened.removeAt(opened.lastIndex), citizen)
    }

    /** Another app, the browser among them, opens this one with a link: as the platform does. */
    fun openWith(link: String) = SwingUtilities.invokeAndWait { app.open(checkNotNull(Link.of(link))) }

    /** What somebody, or the disk, does with what the locked app keeps. */
    fun <T> onTheDisk(does: (Path) -> T): T = does(folder.resolve("wallet"))

    /** What the app has on the disk, by name: all but what the camera was shown. */
    fun onTheDisk(): List<String> = (folder.toFile().list()!!.toList() - "seen.png").sorted()

    fun reads(text: String) = await("the words \"$text\"") { isThere(text) }

    fun isThere(text: String) = all().any { it.isShowing && (it as? JLabel)?.text == text || (it as? AbstractButton)?.text == text }

    fun readsOf(text: String) = await("words with \"$text\"") { says(text) }

    fun howOften(text: String) = all().count { (it as? JLabel)?.text?.contains(text) == true }

    fun says(text: String) = howOften(text) > 0

    fun readsCard(state: String) = await("a card that is \"$state\"") { all().any { named(it)?.endsWith(", $state") == true } }

    /** What stands in a field of more than a line. */
    fun letter(field: String): String = all().filterIsInstance<JTextComponent>().first { named(it) == field }.text

    /** Presses a button whenever it can be pressed, until that is seen. */
    fun pressUntil(name: String, what: String, seen: () -> Boolean) = await(what) {
        if (!seen()) all().filterIsInstance<AbstractButton>().firstOrNull { it.isEnabled && it.text == name }?.doClick(0)
        seen()
    }

    fun isCard(state: String) = all().any { named(it)?.endsWith(", $state") == true }

    fun press(name: String) = press("a button \"$name\"") { named(it) == name || it.text == name }

    fun isReady(button: String) = all().any { it is AbstractButton && it.isEnabled && named(it) == button }

    fun switches(name: String, isOn: Boolean) = all().count { it is JToggleButton && it.text == name && it.isSelected == isOn }

    /** An entry of the log, by a part of what it says. */
    fun pressEntry(says: String) = press("an entry with \"$says\"") { named(it)?.contains(says) == true && it.text.isNullOrEmpty() }

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
