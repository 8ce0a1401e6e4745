package huizheng.app.model

import huizheng.LogEntry
import huizheng.Wallet
import kotlinx.coroutines.CoroutineScope

/** The holder's own log, a page at a time. */
class History(scope: CoroutineScope, private val wallet: Wallet) : Model<History.State>(scope, State()) {

    /**
     * @param entries the newest first; none while they are being read
     * @param more whether there are older ones
     * @param text what they were searched for; empty for all
     */
    data class State(
        val entries: List<LogEntry>? = null,
        val more: Boolean = false,
        val text: String = "",
        val problem: Exception? = null,
    )

    init {
        more()
    }

    fun more() = doing({ state.value.copy(problem = it) }) { page(state.value) }

    /** Only what has this in a name, a purpose or a claim. */
    fun search(text: String) = doing({ state.value.copy(problem = it) }) { page(State(text = text.trim())) }

    private suspend fun page(shown: State) {
        val before = shown.entries.orEmpty()
        val last = before.lastOrNull()?.id
        val page = offUi { if (shown.text.isEmpty()) wallet.log(last, PAGE) else wallet.searchLog(shown.text, last, PAGE) }
        show(State(before + page, more = page.size == PAGE.toInt(), shown.text))
    }

    private companion object {
        const val PAGE = 50u
    }
}
