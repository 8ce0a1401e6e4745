package huizheng.app.model

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
     */
    class State(val frame: Frame? = null, val strange: Boolean = false)

    init {
        scope.launch {
            camera.frames().collect { frame ->
                show(State(frame, state.value.strange))
                val text = withContext(Dispatchers.Default) { frame.qrCode() } ?: return@collect
                open(text)
            }
        }
    }

    /** What was read from a code, or pasted. */
    fun open(text: String) {
        val link = Link.of(text.trim())
        if (link == null) show(State(state.value.frame, strange = true)) else found(link)
    }
}

/** What a code leads to. Nothing of it is believed yet. */
sealed interface Link {
    val text: String

    data class Offer(override val text: String) : Link

    data class Request(override val text: String) : Link

    companion object {
        fun of(text: String): Link? = when (text.substringBefore("://", "").lowercase()) {
            "openid-credential-offer", "haip-vci" -> Offer(text)
            "openid4vp", "haip-vp" -> Request(text)
            else -> null
        }
    }
}
