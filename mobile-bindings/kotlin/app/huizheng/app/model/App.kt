package huizheng.app.model

import huizheng.Card
import huizheng.Consent
import huizheng.LogEntry
import huizheng.Offer
import huizheng.Wallet
import huizheng.app.Home
import huizheng.app.port.Device
import java.time.Duration
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

/**
 * The app: one place at a time. What a place has begun ends when it is left.
 *
 * @param scope the app's, on the UI's thread
 * @param patience how long it stays unlocked behind a chooser or a prompt of its own
 */
class App(
    private val home: Home,
    private val device: Device,
    private val scope: CoroutineScope,
    patience: Duration = Absence.PATIENCE,
) {
    private val now = MutableStateFlow<Place>(Place.Starting)
    private val places = SupervisorJob(scope.coroutineContext[Job])
    private var here: CoroutineScope = child()
    private var wallet: Wallet? = null
    private val absence = Absence(scope, device.prompts, patience, ::lock)

    /** What the app was opened with while its wallet was locked. */
    private var later: Link? = null

    val place: StateFlow<Place> = now.asStateFlow()

    init {
        start()
    }

    private fun start(erased: Boolean = false) {
        scope.launch {
            // Calls that are under way keep a locked wallet's folder: whoever opens it again would be told to wait.
            places.children.filter { it.isCancelled }.toList().joinAll()
            if (erased) home.clear()
            val (first, noScreenLock) = !home.hasWallet() to !home.hasScreenLock()
            val protection = if (first && !noScreenLock) home.protection() else null
            val lock = Lock.State(first, protection, noScreenLock, byFinger = !first && home.opensByFinger(), erased = erased)
            go { Place.Locked(Lock(it, home, lock, ::opened)) }
        }
    }

    /** For who has no wallet that can be opened, and a backup of one. */
    fun restore() {
        if (wallet == null) go { Place.Restoring(Restore(it, home, device.documents) { restored -> wallet = restored }) }
    }

    /** For who has a wallet that is damaged. */
    fun recover() {
        if (wallet == null) go { Place.Recovering(Recover(it, home) { recovered -> wallet = recovered }) }
    }

    /** For who has forgotten her PIN. */
    fun forgotPin() {
        if (wallet == null) go { Place.Forgetting(ForgottenPin(it, home) { start(erased = true) }) }
    }

    /** Back to where a PIN is chosen or entered. */
    fun begin() {
        if (wallet == null) start()
    }

    private fun opened(opened: Wallet) {
        wallet = opened
        val link = later
        later = null
        if (link == null) cards() else open(link)
    }

    fun cards() = within { wallet, scope -> Place.AllCards(Cards(scope, wallet)) }

    fun card(card: Card) = within { wallet, scope -> Place.OneCard(CardDetails(scope, wallet, card, ::cards)) }

    fun scan() = within { _, scope -> Place.Scanning(Scan(scope, device.camera, ::open)) }

    /** A link that was scanned, or that another app opened this one with: then the wallet may be locked, and it waits for the PIN. */
    fun open(link: Link) {
        if (wallet == null) later = link
        within { wallet, scope ->
            when (link) {
                is Link.Offer -> Place.Receiving(Receive(scope, wallet, link, ::logIn))
                is Link.LoggedIn -> Place.Collecting(Collect(scope, wallet, link))
                is Link.Asking -> Place.Answering(Ask(scope, wallet, link, ::showCode))
            }
        }
    }

    /** @param issuer its address, if it is known */
    fun logIn(issuer: String? = null) = within { wallet, scope -> Place.LoggingIn(LogIn.at(scope, wallet, device.browser, issuer)) }

    private fun logIn(offer: Offer) = within { wallet, scope -> Place.LoggingIn(LogIn.instead(scope, wallet, device.browser, offer)) }

    private fun showCode(consent: Consent, choice: Map<String, List<String>>) = within { wallet, scope ->
        Place.Showing(ShowCode(scope, wallet, consent, choice))
    }

    fun log() = within { wallet, scope -> Place.Log(History(scope, wallet)) }

    fun entry(entry: LogEntry) = within { wallet, scope -> Place.OneEntry(EntryDetails(scope, wallet, entry, ::log)) }

    fun complain(entry: LogEntry) = within { wallet, scope -> Place.Complaining(Complain(scope, wallet, entry, device.documents)) }

    fun backUp() = within { wallet, scope -> Place.BackingUp(BackUp(scope, wallet, device.documents)) }

    fun more() {
        here.launch {
            val protection = home.protection()
            within { _, _ -> Place.More(protection, home.hasFinger) }
        }
    }

    fun unlocking() = within { wallet, scope -> Place.Unlocking(Unlocking(scope, wallet)) }

    fun newPin() = within { wallet, scope -> Place.ChoosingPin(NewPin(scope, wallet)) }

    fun ownData() = within { wallet, scope -> Place.OwnData(YourData(scope, wallet, device.documents) { leave(erased = true) }) }

    /** The app is not to be seen any more: on Android `onStop` of `ProcessLifecycleOwner`. Locks, but behind a chooser or a prompt of its own. */
    fun background() = absence.begins()

    /** The app is to be seen again: `onStart`. */
    fun foreground() = absence.ends()

    /** When the holder wants it. */
    fun lock() {
        wallet?.lock()
        leave()
    }

    private fun leave(erased: Boolean = false) {
        wallet?.close()
        wallet = null
        go { Place.Starting }
        start(erased)
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
