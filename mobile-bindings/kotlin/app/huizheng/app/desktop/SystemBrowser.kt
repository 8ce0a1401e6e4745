package huizheng.app.desktop

import huizheng.app.port.Browser
import java.awt.Desktop
import java.net.URI

/** The desktop's browser. Nothing brings it back here: the address that it ends at is pasted where links are. */
class SystemBrowser : Browser {
    override fun open(address: String) {
        if (Desktop.isDesktopSupported() && Desktop.getDesktop().isSupported(Desktop.Action.BROWSE)) {
            Desktop.getDesktop().browse(URI(address))
        }
    }
}
