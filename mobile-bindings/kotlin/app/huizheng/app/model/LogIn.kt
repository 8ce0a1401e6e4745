package huizheng.app.model

import huizheng.Offer
import huizheng.OfferDetails
import huizheng.OfferedCredential
import huizheng.Wallet
import huizheng.WalletException
import huizheng.app.port.Browser
import kotlinx.coroutines.CoroutineScope

/**
 * Collecting by logging in at an issuer's, in the device's browser. It ends there: the browser comes back to the app with a
 * [Link.LoggedIn], perhaps to a wallet that was locked meanwhile.
 */
class LogIn private constructor(scope: CoroutineScope, private val wallet: Wallet, private val browser: Browser, first: State) :
    Model<LogIn.State>(scope, first) {

    sealed interface State {
        /**
         * Which issuer: its address.
         *
         * @param isNone whether what was entered is no address
         */
        data class Asking(val address: String = "", val isNone: Boolean = false, val problem: Exception? = null) : State

        /** The issuer is being asked what it issues. */
        data object Looking : State

        /** One of these. */
        data class Choosing(val details: OfferDetails, val busy: Boolean = false, val problem: Exception? = null) : State {
            /** By type: the forms of one are collected together. */
            val kinds: Map<String, List<OfferedCredential>> get() = details.credentials.groupBy { it.kind }
        }

        /** The browser is open at this address. */
        data class Away(val address: String) : State

        data class Failed(val problem: Exception) : State
    }

    private var offer: Offer? = null

    fun ask(issuer: String) {
        fun failed(error: Exception) = if (error is WalletException.FixApp) State.Asking(issuer, isNone = true) else State.Asking(issuer, problem = error)
        doing(::failed) { look(issuer.trim()) }
    }

    fun choose(kind: String) {
        val choosing = state.value as? State.Choosing ?: return
        val offer = offer ?: return
        doing({ choosing.copy(problem = it) }) {
            show(choosing.copy(busy = true, problem = null))
            begin(offer, choosing.kinds.getValue(kind).map { it.configuration })
        }
    }

    /** The browser again, for who has closed it. */
    fun openAgain() {
        (state.value as? State.Away)?.let { away -> doing(State::Failed) { browser.open(away.address) } }
    }

    private suspend fun look(issuer: String) {
        show(State.Looking)
        val looked = offUi { wallet.previewIssuer(if ("://" in issuer) issuer else "https://$issuer") }
        offer = looked
        show(State.Choosing(looked.details()))
    }

    private suspend fun begin(offer: Offer, configurations: List<String>) {
        val address = offUi { wallet.beginLogin(offer, configurations) }
        show(State.Away(address))
        browser.open(address)
    }

    companion object {
        /** With no offer; the issuer's address, if it is known. */
        fun at(scope: CoroutineScope, wallet: Wallet, browser: Browser, issuer: String?) =
            LogIn(scope, wallet, browser, State.Asking()).apply { if (issuer != null) doing(State::Failed) { look(issuer) } }

        /** All of an offer. */
        fun instead(scope: CoroutineScope, wallet: Wallet, browser: Browser, offer: Offer) =
            LogIn(scope, wallet, browser, State.Looking).apply { doing(State::Failed) { begin(offer, emptyList()) } }
    }
}
