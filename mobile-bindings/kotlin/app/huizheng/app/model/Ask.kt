package huizheng.app.model

import huizheng.CardOption
import huizheng.Consent
import huizheng.HolderLink
import huizheng.LocalText
import huizheng.Question
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/**
 * A request: who asks, what would leave, and the holder's answer.
 *
 * @param byCode shows what she agreed to as a code, for who asked by a code and has no network
 */
class Ask(
    scope: CoroutineScope,
    private val wallet: Wallet,
    private val link: Link.Asking,
    private val byCode: (Consent, Map<String, List<String>>) -> Unit,
) : Model<Ask.State>(scope, State.Looking) {

    sealed interface State {
        /** Who asks is being checked. */
        data object Looking : State

        /**
         * @param links what would link her if she answered so
         * @param choice from question to options; a question that is not in it is answered by its first option, or left out if it may be
         */
        data class Asking(
            val consent: Consent,
            val links: List<HolderLink>,
            val choice: Map<String, List<String>> = emptyMap(),
            val busy: Boolean = false,
        ) : State {
            /** What may be left out. */
            val optional: List<Question> get() = consent.questions.filter { it.optional }

            /** Whether what may be left out is shared too. */
            val isOptionalShared: Boolean get() = optional.any { it.id in choice }

            /** What answers a question; nothing for one that is left out. */
            fun chosen(question: Question): List<CardOption> = when (val named = choice[question.id]) {
                null -> question.options.take(if (question.optional) 0 else 1)
                else -> question.options.filter { it.id in named }
            }
        }

        data class Shared(val verifier: LocalText) : State

        data class Declined(val verifier: LocalText) : State

        data class Failed(val problem: Exception) : State
    }

    init {
        doing(State::Failed) {
            val consent = offUi {
                when (link) {
                    is Link.Code -> wallet.reviewOffline(link.message)
                    is Link.Request -> wallet.reviewRequest(link.text)
                }
            }
            show(State.Asking(consent, wallet.links(consent.id)))
        }
    }

    /** Another card in the place of the one that answers a question. */
    fun choose(question: Question, option: CardOption) = choose { it.choice + (question.id to listOf(option.id)) }

    /** One card more, or one fewer, where several may answer together. One stays. */
    fun alsoBy(question: Question, option: CardOption, isWanted: Boolean) = choose { asking ->
        val others = asking.chosen(question).map { it.id } - option.id
        val named = if (isWanted) others + option.id else others
        if (named.isEmpty()) asking.choice else asking.choice + (question.id to named)
    }

    /**
     * Shares what may be left out, or leaves it out again: all of it together. Who asks may want several such cards as one, and then the
     * wallet sends them as one: a switch for each would show less than leaves.
     */
    fun shareOptional(isShared: Boolean) = choose { asking ->
        if (isShared) asking.choice + asking.optional.associate { it.id to listOf(it.options.first().id) } else asking.choice - asking.optional.map { it.id }
    }

    private fun choose(other: (State.Asking) -> Map<String, List<String>>) {
        val asking = state.value as? State.Asking ?: return
        if (asking.busy) return
        val choice = other(asking)
        // Other cards, other links. Asks nobody and reads no disk.
        doing(State::Failed) { show(asking.copy(choice = choice, links = wallet.links(asking.consent.id, choice))) }
    }

    fun agree() {
        val asking = state.value as? State.Asking ?: return
        if (link is Link.Code) return byCode(asking.consent, asking.choice)
        answer {
            wallet.present(it.consent.id, it.choice)
            State.Shared(it.consent.verifier.name)
        }
    }

    fun decline() = answer { asking ->
        wallet.decline(asking.consent.id)
        State.Declined(asking.consent.verifier.name)
    }

    private fun answer(give: suspend (State.Asking) -> State) {
        val asking = state.value as? State.Asking ?: return
        // Nothing left when the holder did not unlock her key: she is asked again.
        doing({ if (it is WalletException.Cancelled) asking else State.Failed(it) }) {
            show(asking.copy(busy = true))
            show(offUi { give(asking) })
        }
    }
}
