package huizheng.app.model

import huizheng.KeyProtection
import huizheng.Wallet
import huizheng.WalletException
import huizheng.app.Home
import kotlinx.coroutines.CoroutineScope

/**
 * The PIN: chosen once, entered ever after; or a face or a finger in its place.
 *
 * @param now whether there is no wallet yet, and what opens the one there is
 */
class Lock(scope: CoroutineScope, private val home: Home, now: State, private val opened: (Wallet) -> Unit) : Model<Lock.State>(scope, now) {

    /**
     * @param first whether there is no wallet yet, and a PIN is to be chosen
     * @param protection how well keys are kept; said where a PIN is to be chosen
     * @param noScreenLock whether the device has no lock of its own, and so makes no keys for cards
     * @param byFinger whether a face or a finger opens it too
     * @param differ whether the two entries were not the same
     * @param pinFirst whether a face or a finger was not enough this time
     * @param erased whether she has just deleted the wallet that there was
     */
    data class State(
        val first: Boolean,
        val protection: KeyProtection? = null,
        val noScreenLock: Boolean = false,
        val byFinger: Boolean = false,
        val busy: Boolean = false,
        val differ: Boolean = false,
        val pinFirst: Boolean = false,
        val erased: Boolean = false,
        val problem: Exception? = null,
    ) {
        /** Some of it may be readable all the same, and there may be a backup. */
        val isDamaged get() = problem is WalletException.RestoreWallet
    }

    fun choose(pin: String, again: String) {
        if (pin != again) return show(blank().copy(differ = true))
        enter { home.create(pin) }
    }

    fun unlock(pin: String) = enter { home.open(pin) }

    fun unlockByFinger() = enter({ refused(it) }) { home.openByFinger() }

    private fun enter(failed: (Exception) -> State = { blank().copy(problem = it) }, open: suspend () -> Wallet) = doing(failed) {
        show(blank().copy(busy = true))
        opened(open())
    }

    /** Whatever it was: her PIN opens the wallet. After another face or finger was added to the device, only that. */
    private fun refused(error: Exception) = when (error) {
        is WalletException.Cancelled -> blank()
        is WalletException.UseAnotherWay -> blank().copy(byFinger = false, pinFirst = true)
        else -> blank().copy(problem = error)
    }

    private fun blank() = with(state.value) { State(first, protection, noScreenLock, byFinger) }
}
