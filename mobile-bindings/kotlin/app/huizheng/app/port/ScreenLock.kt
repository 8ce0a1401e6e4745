package huizheng.app.port

/**
 * Whether the device has a lock of its own: a PIN, a pattern or a password. Without one it makes no key that its owner must unlock, so there
 * would never be a card. On Android `ScreenLock(keys::hasScreenLock)` of an `AndroidKeyStore`.
 */
fun interface ScreenLock {
    fun isSet(): Boolean
}
