package huizheng.app.model

import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/** Whether a face or a finger opens the wallet too, beside the PIN: the holder's own choice. */
class Unlocking(scope: CoroutineScope, private val wallet: Wallet) : Model<Unlocking.State>(scope, State()) {

    /**
     * @param isOn none while it is being read
     * @param noFinger whether the device has nobody's face or finger
     */
    data class State(
        val isOn: Boolean? = null,
        val busy: Boolean = false,
        val noFinger: Boolean = false,
        val problem: Exception? = null,
    )

    init {
        doing({ State(problem = it) }) { show(State(offUi(wallet::hasBiometrics))) }
    }

    /** With her PIN: whoever finds the phone open must not add a finger of their own. */
    fun switchOn(pin: String) = doing(::refused) {
        show(State(isOn = false, busy = true))
        offUi { wallet.enrolBiometrics(pin) }
        show(State(isOn = true))
    }

    fun switchOff() = doing({ State(isOn = true, problem = it) }) {
        offUi(wallet::forgetBiometrics)
        show(State(isOn = false))
    }

    private fun refused(error: Exception) = when (error) {
        is WalletException.Cancelled -> State(isOn = false)
        is WalletException.UseAnotherWay -> State(isOn = false, noFinger = true)
        else -> State(isOn = false, problem = error)
    }
}
