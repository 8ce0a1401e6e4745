package huizheng.app.model

import huizheng.Card
import huizheng.Wallet
import java.time.Instant
import kotlinx.coroutines.CoroutineScope

/** One card with all it says; renewed before it runs out, or deleted. */
class CardDetails(scope: CoroutineScope, private val wallet: Wallet, card: Card, private val gone: () -> Unit) :
    Model<CardDetails.State>(scope, State(card)) {

    /**
     * @param isRenewable whether its issuer gives this wallet a new one without being asked otherwise
     * @param renewed whether this is the new one
     * @param sure whether the holder is asked if she means to delete it
     */
    data class State(
        val card: Card,
        val isRenewable: Boolean = false,
        val renewed: Boolean = false,
        val sure: Boolean = false,
        val busy: Boolean = false,
        val problem: Exception? = null,
    ) {
        val runsOut get() = card.runsOut(Instant.now())
    }

    init {
        doing(::failed) { show(state.value.copy(isRenewable = isRenewable(card))) }
    }

    /** The card before stays until the new one is there. */
    fun renew() = doing(::failed) {
        show(state.value.copy(busy = true, renewed = false, problem = null))
        val card = offUi { wallet.renew(state.value.card.id) }.cards.first()
        show(State(card, isRenewable(card), renewed = true))
    }

    fun askToDelete() = show(state.value.copy(sure = true))

    fun keep() = show(state.value.copy(sure = false))

    fun delete() = doing(::failed) {
        offUi { wallet.deleteCard(state.value.card.id) }
        gone()
    }

    private suspend fun isRenewable(card: Card) = offUi { wallet.isRenewable(card.id) }

    private fun failed(error: Exception) = state.value.copy(busy = false, problem = error)
}
