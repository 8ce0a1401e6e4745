package huizheng.app.model

import huizheng.WalletScreen
import huizheng.app.port.ScreenGuard
import huizheng.isProtected

/** Draws a place: guarded before it shows, and until what was there before is gone. */
inline fun ScreenGuard.showing(place: Place, draw: () -> Unit) {
    val isOn = isProtected(place.screen)
    if (isOn) protect(true)
    draw()
    if (!isOn) protect(false)
}

/** As which of the wallet's screens a place counts. Without an `else`: a new place does not compile before somebody has thought of it. */
val Place.screen: WalletScreen
    get() = when (this) {
        is Place.Starting -> WalletScreen.WELCOME
        is Place.Locked, is Place.Recovering, is Place.Forgetting, is Place.Unlocking, is Place.ChoosingPin -> WalletScreen.PIN
        is Place.AllCards -> WalletScreen.CARDS
        is Place.OneCard -> WalletScreen.CARD
        is Place.Scanning -> WalletScreen.SCAN
        is Place.Receiving, is Place.LoggingIn, is Place.Collecting -> WalletScreen.OFFER
        is Place.Answering -> WalletScreen.CONSENT
        is Place.Showing -> WalletScreen.OFFLINE_CODE
        is Place.BackingUp, is Place.Restoring -> WalletScreen.BACKUP
        is Place.Log, is Place.OneEntry -> WalletScreen.LOG
        is Place.Complaining -> WalletScreen.COMPLAINT
        is Place.More, is Place.OwnData -> WalletScreen.SETTINGS
    }
