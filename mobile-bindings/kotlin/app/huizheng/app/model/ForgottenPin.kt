package huizheng.app.model

import huizheng.app.Home
import kotlinx.coroutines.CoroutineScope

/**
 * A wallet whose PIN nobody knows: it can be deleted, and nothing else.
 *
 * @param erased goes on once nothing is left
 */
class ForgottenPin(scope: CoroutineScope, private val home: Home, private val erased: () -> Unit) : Model<ForgottenPin.State>(scope, State()) {

    /** @param sure whether she is asked if she means to delete it all */
    data class State(val sure: Boolean = false, val busy: Boolean = false, val problem: Exception? = null)

    fun askToErase() = show(State(sure = true))

    fun erase() = doing({ State(problem = it) }) {
        show(State(sure = true, busy = true))
        home.eraseLocked()
        erased()
    }
}
