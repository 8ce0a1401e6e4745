package huizheng.app.desktop

import huizheng.app.port.Finger
import huizheng.app.port.Prompts
import huizheng.app.swing.SwingThread
import huizheng.app.text.Text
import huizheng.jvm.SoftwareBiometrics
import java.nio.file.Path
import javax.swing.JOptionPane
import kotlinx.coroutines.withContext

/** A dialog in the place of a sensor, which a desktop has not: it says so. */
fun dialogFinger(path: Path, words: Text, prompts: Prompts): Finger {
    val biometrics = SoftwareBiometrics(path) {
        prompts.showing {
            withContext(SwingThread) {
                JOptionPane.showConfirmDialog(null, words.noSensorHere, words.brand, JOptionPane.OK_CANCEL_OPTION) == JOptionPane.OK_OPTION
            }
        }
    }
    return Finger(biometrics, biometrics::isSwitchedOn)
}
