package huizheng.app.model

import huizheng.KeyProtection
import huizheng.Wallet
import huizheng.WalletException
import huizheng.app.Home
import kotlinx.coroutines.CoroutineScope

/** The PIN: chosen once, entered ever after. */
class Lock(scope: CoroutineScope, private val home: Home, first: Boolean, private val opened: (Wallet) -> Unit) :
    Model<Lock.State>(scope, State(first)) {

    /**
     * @param first whether there is no wallet yet, and a PIN is to be chosen
     * @param differ whether the two entries were not the same
     */
    data class State(
        val first: Boolean,
        val busy: Boolean = false,
        val differ: Boolean = false,
        val problem: WalletException? = null,
    )

    val protection: KeyProtection get() = home.protection

    fun choose(pin: String, again: String) {
        if (pin != again) return show(State(first = true, differ = true))
        enter(first = true) { home.create(pin) }
    }

    fun unlock(pin: String) = enter(first = false) { home.open(pin) }

    private fun enter(first: Boolean, open: suspend () -> Wallet) = doing({ State(first, problem = it) }) {
        show(State(first, busy = true))
        opened(open())
    }
}
