package huizheng.app.port

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update

/**
 * The choosers and prompts that the app itself has opened. Some of Android's are activities of their own: the app is in the background while
 * they are open, and its holder has not left it. `App` shows those of [Documents] by itself; around the others, as in
 * `AndroidKeyStore(context) { prompts.showing { promptToUnlock() } }`.
 */
class Prompts {
    private val open = MutableStateFlow(0)
    val isOpen get() = open.value > 0

    suspend fun <T> showing(prompt: suspend () -> T): T {
        open.update { it + 1 }
        try {
            return prompt()
        } finally {
            open.update { it - 1 }
        }
    }

    /** Returns once none is open. */
    suspend fun closed() {
        open.first { it == 0 }
    }
}
