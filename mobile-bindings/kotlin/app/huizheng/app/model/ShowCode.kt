package huizheng.app.model

import huizheng.Consent
import huizheng.OfflineCode
import huizheng.Wallet
import huizheng.WalletException
import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.delay

/** An answer shown to a counter with no network: QR codes in turn, made anew when their time is over. */
class ShowCode(scope: CoroutineScope, private val wallet: Wallet, val consent: Consent, private val choice: Map<String, List<String>>) :
    Model<ShowCode.State>(scope, State.Making) {

    sealed interface State {
        data object Making : State

        /** Personal: whoever reads it has what was agreed to. Screenshots are to be off. */
        class Showing(val code: OfflineCode) : State

        /**
         * She did not unlock her key: there is a code once she wants one.
         *
         * @param wasShown whether one was shown before
         */
        data class Stopped(val wasShown: Boolean) : State

        /**
         * The counter's question does not count any more.
         *
         * @param wasShown whether a code was shown, which may have been read
         */
        data class Over(val wasShown: Boolean) : State

        data class Failed(val problem: Exception) : State
    }

    private var wasShown = false

    init {
        make()
    }

    /** A code, or one more for who did not unlock her key for it. */
    fun make() = doing(::failed) {
        show(State.Making)
        while (true) {
            val code = offUi { wallet.presentOffline(consent.id, choice) }
            val good = Duration.between(Instant.now(), code.until)
            if (good.isNegative || good.isZero) break
            wasShown = true
            show(State.Showing(code))
            delay(good.toMillis())
        }
        show(State.Over(wasShown))
    }

    private fun failed(error: Exception) = when (error) {
        is WalletException.Cancelled -> State.Stopped(wasShown)
        is WalletException.GetNewRequest -> State.Over(wasShown)
        else -> State.Failed(error)
    }
}
