package huizheng.app.model

import huizheng.Wallet
import kotlinx.coroutines.CoroutineScope

/** Another PIN in the place of the one there is. */
class NewPin(scope: CoroutineScope, private val wallet: Wallet) : Model<NewPin.State>(scope, State()) {

    /** @param differ whether the two entries of the new one were not the same */
    data class State(val busy: Boolean = false, val differ: Boolean = false, val changed: Boolean = false, val problem: Exception? = null)

    /** The old one counts as a try. */
    fun change(old: String, new: String, again: String) {
        if (new != again) return show(State(differ = true))
        doing({ State(problem = it) }) {
            show(State(busy = true))
            offUi { wallet.changePin(old, new) }
            show(State(changed = true))
        }
    }
}
