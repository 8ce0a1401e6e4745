package huizheng.app.desktop

import huizheng.WalletConfig
import huizheng.app.Home
import huizheng.app.model.App
import huizheng.app.port.Device
import huizheng.app.port.Prompts
import huizheng.app.swing.Look
import huizheng.app.swing.SwingThread
import huizheng.app.swing.Window
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.jvm.JvmHttpClient
import huizheng.jvm.SoftwareKeyStore
import java.nio.file.Files
import java.nio.file.Path
import java.util.Locale
import kotlin.system.exitProcess
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch

/** The reference app on a desktop. Arguments: its folder, the file with the chain's anchor, the node's URL. */
fun main(arguments: Array<String>) {
    if (arguments.size != 3) {
        System.err.println("usage: FOLDER ANCHOR.json NODE_URL")
        exitProcess(2)
    }
    val folder = Files.createDirectories(Path.of(arguments[0]))
    val config = WalletConfig(anchor = Files.readString(Path.of(arguments[1])), node = arguments[2])
    val words = if (Locale.getDefault().language == "zh") Chinese else English
    val prompts = Prompts()
    val finger = dialogFinger(folder.resolve("finger"), words, prompts)
    val home = Home(folder.resolve("wallet").toString(), config, SoftwareKeyStore(folder.resolve("keys")), JvmHttpClient(), finger)
    val scope = CoroutineScope(SwingThread + SupervisorJob())
    scope.launch {
        val camera = PictureCamera()
        val device = Device(camera, ChosenFiles(), SystemBrowser(), prompts)
        val window = Window(App(home, device, scope), camera, scope, words, Look.Light)
        window.pack()
        window.setLocationRelativeTo(null)
        window.isVisible = true
    }
}
