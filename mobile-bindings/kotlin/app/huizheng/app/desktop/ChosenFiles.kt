package huizheng.app.desktop

import huizheng.app.port.Documents
import huizheng.app.port.LONGEST_BACKUP
import java.io.File
import javax.swing.JFileChooser
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** Files, as the holder chooses them in a window of their own. */
class ChosenFiles : Documents {
    override suspend fun save(name: String, content: ByteArray): Boolean {
        val chooser = JFileChooser().apply { selectedFile = File(name) }
        if (chooser.showSaveDialog(null) != JFileChooser.APPROVE_OPTION) return false
        withContext(Dispatchers.IO) { chooser.selectedFile.writeBytes(content) }
        return true
    }

    override suspend fun open(): ByteArray? {
        val chooser = JFileChooser()
        if (chooser.showOpenDialog(null) != JFileChooser.APPROVE_OPTION) return null
        return withContext(Dispatchers.IO) { chooser.selectedFile.takeIf { it.length() <= LONGEST_BACKUP }?.readBytes() }
    }
}
