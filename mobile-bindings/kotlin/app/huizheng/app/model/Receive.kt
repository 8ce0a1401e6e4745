package huizheng.app.model

import huizheng.Offer
import huizheng.OfferDetails
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/**
 * An offer: looked at, and taken up when the holder wants.
 *
 * @param byLogin takes it up by logging in at the issuer's instead of with the code
 */
class Receive(scope: CoroutineScope, private val wallet: Wallet, link: Link.Offer, private val byLogin: (Offer) -> Unit) :
    Model<Receive.State>(scope, State.Looking) {

    sealed interface State {
        /** The issuer is being asked. */
        data object Looking : State

        /** @param problem why it did not work, when the holder can try again here */
        data class Offered(val details: OfferDetails, val busy: Boolean = false, val problem: Exception? = null) : State

        data class Done(val collected: Collected) : State
    }

    private var offer: Offer? = null

    init {
        doing({ State.Done(Collected.of(it)) }) {
            val looked = offUi { wallet.previewOffer(link.text) }
            offer = looked
            show(State.Offered(looked.details()))
        }
    }

    /** @param txCode the transaction code, if one is asked for */
    fun take(txCode: String?) {
        val offered = state.value as? State.Offered ?: return
        val offer = offer ?: return
        fun failed(error: Exception) = when (error) {
            is WalletException.EnterTxCode, is WalletException.GoOnline -> offered.copy(busy = false, problem = error)
            else -> State.Done(Collected.of(error))
        }
        doing(::failed) {
            show(offered.copy(busy = true, problem = null))
            val received = offUi { wallet.receive(offer, txCode?.trim()) }
            show(State.Done(Collected.Taken(received.cards, received.failed)))
        }
    }

    fun logIn() {
        offer?.let(byLogin)
    }
}
