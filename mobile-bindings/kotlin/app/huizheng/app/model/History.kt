package huizheng.app.model

import huizheng.LogEntry
import huizheng.Wallet
import huizheng.WalletException
import kotlinx.coroutines.CoroutineScope

/** The holder's own log, a page at a time. */
class History(scope: CoroutineScope, private val wallet: Wallet) : Model<History.State>(scope, State()) {

    /**
     * @param entries the newest first; none while they are being read
     * @param more whether there are older ones
     */
    data class State(val entries: List<LogEntry>? = null, val more: Boolean = false, val problem: WalletException? = null)

    init {
        more()
    }

    fun more() = doing({ state.value.copy(problem = it) }) {
        val before = state.value.entries.orEmpty()
        val page = offUi { wallet.log(before.lastOrNull()?.id, PAGE) }
        show(State(before + page, more = page.size == PAGE.toInt()))
    }

    fun delete(entry: LogEntry) = doing({ state.value.copy(problem = it) }) {
        offUi { wallet.deleteLogEntry(entry.id) }
        show(state.value.copy(entries = state.value.entries.orEmpty() - entry))
    }

    private companion object {
        const val PAGE = 50u
    }
}
