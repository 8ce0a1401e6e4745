package huizheng.app.model

import huizheng.Card
import huizheng.NotReceived
import huizheng.Offer
import huizheng.OfferDetails
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/** An offer: looked at, and taken up when the holder wants. */
class Receive(scope: CoroutineScope, private val wallet: Wallet, link: Link.Offer) : Model<Receive.State>(scope, State.Looking) {

    sealed interface State {
        /** The issuer is being asked. */
        data object Looking : State

        /** @param problem why it did not work, when the holder can try again here */
        data class Offered(val details: OfferDetails, val busy: Boolean = false, val problem: WalletException? = null) : State

        data class Taken(val cards: List<Card>, val failed: List<NotReceived>) : State

        data class Failed(val problem: WalletException) : State
    }

    private var offer: Offer? = null

    init {
        doing(State::Failed) {
            val looked = offUi { wallet.previewOffer(link.text) }
            offer = looked
            show(State.Offered(looked.details()))
        }
    }

    /** @param txCode the transaction code, if one is asked for */
    fun take(txCode: String?) {
        val offered = state.value as? State.Offered ?: return
        val offer = offer ?: return
        fun failed(error: WalletException) = when (error) {
            is WalletException.EnterTxCode, is WalletException.GoOnline -> offered.copy(busy = false, problem = error)
            else -> State.Failed(error)
        }
        doing(::failed) {
            show(offered.copy(busy = true, problem = null))
            val received = offUi { wallet.receive(offer, txCode?.trim()) }
            show(State.Taken(received.cards, received.failed))
        }
    }
}
