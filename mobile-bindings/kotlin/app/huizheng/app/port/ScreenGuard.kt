package huizheng.app.port

/**
 * Keeps what is shown out of screenshots, recordings and the list of recent apps. On Android, in the activity:
 * ```
 * ScreenGuard { isOn -> window.setFlags(if (isOn) FLAG_SECURE else 0, FLAG_SECURE) }
 * ```
 */
fun interface ScreenGuard {
    fun protect(isOn: Boolean)
}
