package huizheng.app.model

import huizheng.QrCollector
import huizheng.QrSeen
import huizheng.app.port.Camera
import huizheng.app.port.Frame
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** Looks through the camera until it sees an offer or a request. */
class Scan(scope: CoroutineScope, camera: Camera, private val found: (Link) -> Unit) : Model<Scan.State>(scope, State()) {

    /**
     * @param frame what the camera sees
     * @param strange whether it saw a code that is neither an offer nor a request
     * @param part how many were seen of a code that is shown in several, and of how many
     */
    data class State(val frame: Frame? = null, val strange: Boolean = false, val part: Pair<UInt, UInt>? = null)

    private var collector = QrCollector()

    init {
        scope.launch {
            camera.frames().collect { frame ->
                show(state.value.copy(frame = frame))
                val text = withContext(Dispatchers.Default) { frame.qrCode() } ?: return@collect
                open(text)
            }
        }
    }

    /** What was read from a code, or pasted. */
    fun open(text: String) {
        when (val seen = collector.add(text)) {
            is QrSeen.Part -> show(state.value.copy(strange = false, part = seen.have to seen.total))
            is QrSeen.Whole -> found(Link.Code(seen.message))
            is QrSeen.OtherCode -> {
                collector = QrCollector()
                open(text)
            }
            // The camera will see it again.
            is QrSeen.Misread -> {}
            is QrSeen.NotOurs -> Link.of(text.trim())?.let(found) ?: show(state.value.copy(strange = true))
        }
    }
}
