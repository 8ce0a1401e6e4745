package huizheng.app.model

import huizheng.Card
import huizheng.NotReceived
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/** What came of an offer or of a login. */
sealed interface Collected {
    data class Taken(val cards: List<Card>, val failed: List<NotReceived>) : Collected

    /** Somebody still decides: she asks again, under her cards. */
    data object Waits : Collected

    data class Failed(val problem: Exception) : Collected

    companion object {
        fun of(error: Exception) = if (error is WalletException.WaitForIssuer) Waits else Failed(error)
    }
}

/** The browser came back from an issuer's login: what the holder agreed to there is collected. */
class Collect(scope: CoroutineScope, wallet: Wallet, link: Link.LoggedIn) : Model<Collected?>(scope, null) {
    init {
        doing({ Collected.of(it) }) {
            val received = offUi { wallet.finishLogin(link.address) }
            show(Collected.Taken(received.cards, received.failed))
        }
    }
}
