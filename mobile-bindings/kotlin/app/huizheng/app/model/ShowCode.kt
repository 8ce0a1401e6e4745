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

        /** The counter's question does not count any more. */
        data object Over : State

        data class Failed(val problem: WalletException) : State
    }

    init {
        doing(State::Failed) {
            while (true) {
                val code = offUi { wallet.presentOffline(consent.id, choice) }
                val good = Duration.between(Instant.now(), code.until)
                if (good.isNegative || good.isZero) break
                show(State.Showing(code))
                delay(good.toMillis())
            }
            show(State.Over)
        }
    }
}
