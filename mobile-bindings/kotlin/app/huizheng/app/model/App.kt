package huizheng.app.model

import huizheng.Card
import huizheng.Consent
import huizheng.KeyProtection
import huizheng.Wallet
import huizheng.app.Home
import huizheng.app.port.Camera
import huizheng.app.port.Documents
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus

/** Where in the app the holder is, with what that screen shows and does. */
sealed interface Place {
    data object Starting : Place

    class Locked(val lock: Lock) : Place

    class AllCards(val cards: Cards) : Place

    class OneCard(val details: CardDetails) : Place

    class Scanning(val scan: Scan) : Place

    class Receiving(val receive: Receive) : Place

    class Answering(val ask: Ask) : Place

    class Log(val history: History) : Place

    class Showing(val code: ShowCode) : Place

    class BackingUp(val backUp: BackUp) : Place

    class Restoring(val restore: Restore) : Place

    /** @param hasFinger whether there is a face or a finger to unlock by */
    class More(val protection: KeyProtection, val hasFinger: Boolean) : Place

    class Unlocking(val unlocking: huizheng.app.model.Unlocking) : Place
}

/**
 * The app: one place at a time. What a place has begun ends when it is left.
 *
 * @param scope the app's, on the UI's thread
 */
class App(
    private val home: Home,
    private val camera: Camera,
    private val documents: Documents,
    private val scope: CoroutineScope,
) {
    private val now = MutableStateFlow<Place>(Place.Starting)
    private val places = SupervisorJob(scope.coroutineContext[Job])
    private var here: CoroutineScope = child()
    private var wallet: Wallet? = null

    val place: StateFlow<Place> = now.asStateFlow()

    init {
        start()
    }

    private fun start() {
        scope.launch {
            // Calls that are under way keep a locked wallet's folder: whoever opens it again would be told to wait.
            places.children.filter { it.isCancelled }.toList().joinAll()
            val first = !home.hasWallet()
            val lock = Lock.State(first, byFinger = !first && home.opensByFinger())
            go { Place.Locked(Lock(it, home, lock, ::opened)) }
        }
    }

    /** For who has no wallet yet, and a backup of one. */
    fun restore() {
        if (wallet == null) go { Place.Restoring(Restore(it, home, documents) { restored -> wallet = restored }) }
    }

    /** Back to where a PIN is chosen or entered. */
    fun begin() {
        if (wallet == null) start()
    }

    private fun opened(opened: Wallet) {
        wallet = opened
        cards()
    }

    fun cards() = within { wallet, scope -> Place.AllCards(Cards(scope, wallet)) }

    fun card(card: Card) = within { wallet, scope -> Place.OneCard(CardDetails(scope, wallet, card, ::cards)) }

    fun scan() = within { _, scope -> Place.Scanning(Scan(scope, camera, ::open)) }

    /** A link that was scanned, or that another app opened this one with. */
    fun open(link: Link) = within { wallet, scope ->
        when (link) {
            is Link.Offer -> Place.Receiving(Receive(scope, wallet, link))
            is Link.Asking -> Place.Answering(Ask(scope, wallet, link, ::showCode))
        }
    }

    private fun showCode(consent: Consent, choice: Map<String, List<String>>) = within { wallet, scope ->
        Place.Showing(ShowCode(scope, wallet, consent, choice))
    }

    fun log() = within { wallet, scope -> Place.Log(History(scope, wallet)) }

    fun backUp() = within { wallet, scope -> Place.BackingUp(BackUp(scope, wallet, documents)) }

    fun more() = within { _, _ -> Place.More(home.protection, home.hasFinger) }

    fun unlocking() = within { wallet, scope -> Place.Unlocking(Unlocking(scope, wallet)) }

    /** When the holder wants it, and whenever the app goes to the background. */
    fun lock() {
        wallet?.let {
            it.lock()
            it.close()
        }
        wallet = null
        go { Place.Starting }
        start()
    }

    private fun within(make: (Wallet, CoroutineScope) -> Place) {
        val wallet = wallet ?: return
        go { make(wallet, it) }
    }

    private fun go(make: (CoroutineScope) -> Place) {
        here.cancel()
        here = child()
        now.value = make(here)
    }

    private fun child() = scope + SupervisorJob(places)
}
