package huizheng.app.model

import huizheng.RecoveredWallet
import huizheng.Wallet
import huizheng.WalletException
import huizheng.app.Home
import kotlinx.coroutines.CoroutineScope

/** A damaged wallet, opened with what of it can be read. */
class Recover(scope: CoroutineScope, private val home: Home, private val recovered: (Wallet) -> Unit) :
    Model<Recover.State>(scope, State.Entering()) {

    sealed interface State {
        data class Entering(val busy: Boolean = false, val problem: Exception? = null) : State

        /** What is there, and what is lost. */
        class Recovered(val wallet: RecoveredWallet) : State

        /** Not even its keys are there. */
        data object Nothing : State
    }

    fun recover(pin: String) = doing(::failed) {
        show(State.Entering(busy = true))
        val made = home.recover(pin)
        recovered(made.wallet)
        show(State.Recovered(made))
    }

    private fun failed(error: Exception) = if (error is WalletException.RestoreWallet) State.Nothing else State.Entering(problem = error)
}
