package huizheng.app.model

import huizheng.app.port.Prompts
import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull

/**
 * The app in the background, where it locks: at once, or, while a chooser or a prompt of its own is open, when that was closed and the app is not
 * back.
 *
 * @param patience how long it waits for a chooser or a prompt
 */
class Absence(
    private val scope: CoroutineScope,
    private val prompts: Prompts,
    private val patience: Duration,
    private val lock: () -> Unit,
) {
    private class Waiting(val since: Instant, val job: Job)

    private var waiting: Waiting? = null

    fun begins() {
        if (!prompts.isOpen) return lock()
        if (waiting != null) return
        val job = scope.launch {
            withTimeoutOrNull(patience.toMillis()) {
                prompts.closed()
                delay(RETURN_MILLIS)
            }
            lock()
        }
        waiting = Waiting(Instant.now(), job)
    }

    fun ends() {
        val ended = waiting ?: return
        waiting = null
        ended.job.cancel()
        // No timer runs in a process that the system has frozen.
        if (Duration.between(ended.since, Instant.now()) > patience) lock()
    }

    companion object {
        val PATIENCE: Duration = Duration.ofMinutes(2)

        /** What a chooser gave may be there before the app is. */
        private const val RETURN_MILLIS = 1000L
    }
}
