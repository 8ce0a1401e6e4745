package huizheng.app.model

import huizheng.Consent
import huizheng.LocalText
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/** A request: who asks, what would leave, and the holder's answer. */
class Ask(scope: CoroutineScope, private val wallet: Wallet, link: Link.Request) : Model<Ask.State>(scope, State.Looking) {

    sealed interface State {
        /** Who asks is being checked. */
        data object Looking : State

        /** @param choice from question to option; a question that is not in it is answered by its first option */
        data class Asking(val consent: Consent, val choice: Map<String, String> = emptyMap(), val busy: Boolean = false) : State

        data class Shared(val verifier: LocalText) : State

        data class Declined(val verifier: LocalText) : State

        data class Failed(val problem: WalletException) : State
    }

    init {
        doing(State::Failed) { show(State.Asking(offUi { wallet.reviewRequest(link.text) })) }
    }

    fun choose(question: String, option: String) {
        val asking = state.value as? State.Asking ?: return
        if (!asking.busy) show(asking.copy(choice = asking.choice + (question to option)))
    }

    fun agree() = answer { asking ->
        wallet.present(asking.consent.id, asking.choice)
        State.Shared(asking.consent.verifier.name)
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
