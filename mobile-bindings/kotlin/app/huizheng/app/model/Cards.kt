package huizheng.app.model

import huizheng.Card
import huizheng.CardHolder
import huizheng.CardToCollect
import huizheng.LocalText
import huizheng.PickUpOutcome
import huizheng.WaitedFor
import huizheng.Wallet
import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch

/**
 * The cards: shown at once by what is known, then by what the chain says now, with those that issuers still decide about. Those are asked when
 * the holder wants it: what they give is signed for, and her key must be unlocked.
 */
class Cards(scope: CoroutineScope, private val wallet: Wallet) : Model<Cards.State>(scope, State()) {

    /**
     * @param cards none while they are being read
     * @param holders whose they are: the person's, and those of the firms that she acts for
     * @param waiting cards that are being decided
     * @param leaving what of it the holder is asked about, whether she means to wait no more
     * @param toCollect cards of a backup that their issuers must give anew
     * @param notGiven cards that an issuer said no to, when it was asked just now
     * @param now when this is shown: what has its time by then
     * @param busy whether the chain or an issuer is being asked
     */
    data class State(
        val cards: List<Card>? = null,
        val holders: List<CardHolder> = emptyList(),
        val waiting: List<WaitedFor> = emptyList(),
        val toCollect: List<CardToCollect> = emptyList(),
        val leaving: String? = null,
        val notGiven: List<LocalText> = emptyList(),
        val now: Instant = Instant.now(),
        val busy: Boolean = false,
        val problem: Exception? = null,
    ) {
        val isEmpty get() = cards?.isEmpty() == true && waiting.isEmpty() && toCollect.isEmpty()

        /** The cards of each, and at last those of nobody known; one list where all are one holder's. */
        val groups: List<Pair<CardHolder?, List<Card>>>
            get() {
                val all = cards.orEmpty()
                if (holders.size < 2) return listOf(null to all)
                val named = holders.map { holder -> holder to all.filter { it.id in holder.cards } }
                val rest = all - named.flatMap { it.second }.toSet()
                return if (rest.isEmpty()) named else named + (null to rest)
            }

        /** Whether its issuer wants to be asked again. */
        fun isDue(card: WaitedFor) = card.askAfter?.let { it <= now } ?: true
    }

    private var until: Job? = null

    init {
        doing(::failed) {
            read()
            // It opens every card, so the list does not wait for it.
            if (offUi(wallet::unreadableCards).isNotEmpty()) read()
            if (!state.value.cards.isNullOrEmpty()) askChain()
        }
    }

    /** The newest state of every card. */
    fun check() = doing(::failed) { askChain() }

    /** Whether what is being decided is decided. */
    fun pickUp() = doing(::failed) { askIssuers() }

    fun askToGiveUp(id: String) = show(state.value.copy(leaving = id))

    fun keepWaiting() = show(state.value.copy(leaving = null))

    /** Waits no more for anything that one offer gives. */
    fun giveUp(id: String) = doing(::failed) {
        show(state.value.copy(busy = true, problem = null))
        offUi { wallet.giveUp(id) }
        read()
    }

    private suspend fun askChain() {
        show(state.value.copy(busy = true, problem = null))
        offUi(wallet::refresh)
        read()
    }

    private suspend fun askIssuers() {
        val asked = state.value.waiting
        show(state.value.copy(busy = true, problem = null))
        val no = offUi(wallet::pickUp).filter { it.outcome is PickUpOutcome.NotGiven }
        val notGiven = no.mapNotNull { gone ->
            asked.find { it.issuer == gone.issuer && it.credential.configuration == gone.configuration }?.credential?.label
        }
        read()
        show(state.value.copy(notGiven = notGiven.distinct()))
    }

    private suspend fun read() {
        val (cards, holders) = offUi(wallet::cards) to offUi(wallet::holders)
        val (waiting, toCollect) = offUi(wallet::waitedFor) to offUi(wallet::toCollect)
        val leaving = state.value.leaving?.takeIf { asked -> waiting.any { it.id == asked } }
        show(State(cards, holders, waiting, toCollect, leaving, state.value.notGiven))
        again()
    }

    /** Shows it again once an issuer may be asked. */
    private fun again() {
        until?.cancel()
        val next = state.value.waiting.filterNot(state.value::isDue).mapNotNull { it.askAfter }.minOrNull() ?: return
        until = scope.launch {
            delay(Duration.between(Instant.now(), next).toMillis().coerceAtLeast(0) + 1)
            show(state.value.copy(now = Instant.now()))
            again()
        }
    }

    private fun failed(error: Exception) = state.value.copy(busy = false, problem = error)
}
