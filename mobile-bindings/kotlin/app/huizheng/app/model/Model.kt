package huizheng.app.model

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * What a screen shows and does, with no word of how it is drawn. On Android, a `ViewModel`.
 *
 * @param scope lives as long as the screen, on the UI's thread: `viewModelScope`
 */
abstract class Model<S>(protected val scope: CoroutineScope, first: S) {
    private val now = MutableStateFlow(first)
    private var work: Job? = null

    /** What to show. */
    val state: StateFlow<S> = now.asStateFlow()

    protected fun show(state: S) {
        now.value = state
    }

    /**
     * Does one thing at a time: while something is under way, another press is nothing.
     *
     * @param failed what to show when it did not work: the wallet says why by a `WalletException`, a disk by an `IOException`
     */
    protected fun doing(failed: (Exception) -> S, task: suspend () -> Unit) {
        if (work?.isActive == true) return
        work = scope.launch {
            try {
                task()
            } catch (error: CancellationException) {
                throw error
            } catch (error: Exception) {
                show(failed(error))
            }
        }
    }
}

/** The wallet reads and writes the disk where it is awaited: never on the UI's thread. */
internal suspend fun <T> offUi(call: suspend () -> T): T = withContext(Dispatchers.IO) { call() }
