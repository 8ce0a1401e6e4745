package huizheng.app.model

/** What a code leads to, or another app opened this one with. Nothing of it is believed yet. */
sealed interface Link {
    data class Offer(val text: String) : Link

    /** The browser's way back from an issuer's login. */
    data class LoggedIn(val address: String) : Link

    /** Somebody asks for something. */
    sealed interface Asking : Link

    data class Request(val text: String) : Asking

    /** A request with no network behind it, whole. */
    class Code(val message: ByteArray) : Asking

    companion object {
        fun of(text: String): Link? = when (text.substringBefore(':', "").lowercase()) {
            "openid-credential-offer", "haip-vci" -> Offer(text)
            "openid4vp", "haip-vp" -> Request(text)
            REDIRECT_SCHEME -> LoggedIn(text)
            else -> null
        }

        /** Of the wallet's redirect URI: the app has it to itself on the device. */
        private const val REDIRECT_SCHEME = "cn.huizheng.wallet"
    }
}
