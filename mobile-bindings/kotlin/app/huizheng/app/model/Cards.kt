package huizheng.app.model

import huizheng.Card
import huizheng.CardToCollect
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/** The cards: shown at once by what is known, then by what the chain says now. */
class Cards(scope: CoroutineScope, private val wallet: Wallet) : Model<Cards.State>(scope, State()) {

    /**
     * @param cards none while they are being read
     * @param toCollect cards of a backup that their issuers must give anew
     */
    data class State(val cards: List<Card>? = null, val toCollect: List<CardToCollect> = emptyList(), val problem: WalletException? = null)

    init {
        doing({ state.value.copy(problem = it) }) {
            read()
            if (state.value.cards.isNullOrEmpty()) return@doing
            offUi(wallet::refresh)
            read()
        }
    }

    private suspend fun read() = show(State(offUi(wallet::cards), offUi(wallet::toCollect)))
}

/** One card with all it says. */
class CardDetails(scope: CoroutineScope, private val wallet: Wallet, card: Card, private val gone: () -> Unit) :
    Model<CardDetails.State>(scope, State(card)) {

    /** @param sure whether the holder is asked if she means to delete it */
    data class State(val card: Card, val sure: Boolean = false, val problem: WalletException? = null)

    fun askToDelete() = show(state.value.copy(sure = true))

    fun keep() = show(state.value.copy(sure = false))

    fun delete() = doing({ state.value.copy(problem = it) }) {
        offUi { wallet.deleteCard(state.value.card.id) }
        gone()
    }
}
