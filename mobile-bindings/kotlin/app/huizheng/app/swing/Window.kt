package huizheng.app.swing

import huizheng.app.desktop.PictureCamera
import huizheng.app.model.App
import huizheng.app.model.Place
import huizheng.app.model.showing
import huizheng.app.port.ScreenGuard
import huizheng.app.text.Text
import java.awt.Dimension
import java.awt.event.WindowAdapter
import java.awt.event.WindowEvent
import javax.swing.JComponent
import javax.swing.JFrame
import javax.swing.JPanel
import javax.swing.JScrollPane
import javax.swing.SwingUtilities
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.launch

/** Swing's thread, for coroutines: what `Dispatchers.Main` is on Android. */
object SwingThread : CoroutineDispatcher() {
    override fun isDispatchNeeded(context: CoroutineContext) = !SwingUtilities.isEventDispatchThread()

    override fun dispatch(context: CoroutineContext, block: Runnable) = SwingUtilities.invokeLater(block)
}

/** A window of a phone's size that shows where the app is. */
class Window(private val app: App, private val camera: PictureCamera, scope: CoroutineScope, words: Text, look: Look) : JFrame(words.brand), Appearance {
    private val words = MutableStateFlow(words)
    private val look = MutableStateFlow(look)
    private var shown: Place? = null

    // A desktop has nothing that keeps a window out of pictures: it is only marked.
    private val guard = ScreenGuard { isOn -> rootPane.putClientProperty(PROTECTED, isOn) }

    /** Whether what it shows must stay out of screenshots. */
    val isProtected get() = rootPane.getClientProperty(PROTECTED) == true

    init {
        contentPane.preferredSize = Dimension(Column.PHONE_WIDTH, 844)
        defaultCloseOperation = EXIT_ON_CLOSE
        addWindowListener(object : WindowAdapter() {
            override fun windowIconified(event: WindowEvent) = app.background()

            override fun windowDeiconified(event: WindowEvent) = app.foreground()

            override fun windowClosing(event: WindowEvent) = app.lock()
        })
        scope.launch { screens().collect { (place, screen) -> guard.showing(place) { change(place, screen) } } }
    }

    override fun speak(words: Text) {
        this.words.value = words
    }

    override fun wear(look: Look) {
        this.look.value = look
    }

    /** Each change of what is to be shown, as the screen that shows it. */
    @OptIn(ExperimentalCoroutinesApi::class)
    private fun screens(): Flow<Pair<Place, JComponent>> = app.place.flatMapLatest { place ->
        combine(draws(place), words, look) { draw, words, look -> place to draw(Stage(app, camera, words, look, this)) }
    }

    private fun draws(place: Place): Flow<(Stage) -> JComponent> = when (place) {
        is Place.Starting -> flowOf { stage -> JPanel().apply { background = stage.look.paper } }
        is Place.Locked -> place.lock.state.map { state -> { if (state.first) welcome(it, place.lock, state) else unlock(it, place.lock, state) } }
        is Place.Recovering -> place.recover.state.map { state -> { recovering(it, place.recover, state) } }
        is Place.Forgetting -> place.pin.state.map { state -> { forgotten(it, place.pin, state) } }
        is Place.AllCards -> place.cards.state.map { state -> { allCards(it, place.cards, state) } }
        is Place.OneCard -> place.details.state.map { state -> { oneCard(it, place.details, state) } }
        is Place.Scanning -> place.scan.state.map { state -> { scanning(it, place.scan, state) } }
        is Place.Receiving -> place.receive.state.map { state -> { receiving(it, place.receive, state) } }
        is Place.LoggingIn -> place.logIn.state.map { state -> { loggingIn(it, place.logIn, state) } }
        is Place.Collecting -> place.collect.state.map { state -> { collected(it, state) } }
        is Place.Answering -> place.ask.state.map { state -> { answering(it, place.ask, state) } }
        is Place.Showing -> place.code.state.map { state -> { showingCode(it, state, place.code) } }
        is Place.BackingUp -> place.backUp.state.map { state -> { backingUp(it, place.backUp, state) } }
        is Place.Restoring -> place.restore.state.map { state -> { restoring(it, place.restore, state) } }
        is Place.Log -> place.history.state.map { state -> { log(it, place.history, state) } }
        is Place.OneEntry -> place.details.state.map { state -> { oneEntry(it, place.details, state) } }
        is Place.Complaining -> place.complain.state.map { state -> { complaining(it, place.complain, state) } }
        is Place.ChoosingPin -> place.pin.state.map { state -> { newPin(it, place.pin, state) } }
        is Place.OwnData -> place.data.state.map { state -> { ownData(it, place.data, state) } }
        is Place.More -> flowOf { stage -> more(stage, place.protection, place.hasFinger) }
        is Place.Unlocking -> place.unlocking.state.map { state -> { unlocking(it, place.unlocking, state) } }
    }

    private fun change(place: Place, screen: JComponent) {
        // The same place anew: the holder stays where she has scrolled to.
        val scrolled = if (place === shown) body()?.verticalScrollBar?.value else null
        shown = place
        contentPane.removeAll()
        contentPane.add(screen)
        contentPane.validate()
        contentPane.repaint()
        scrolled?.let { body()?.verticalScrollBar?.value = it }
    }

    private fun body(): JScrollPane? = (contentPane.components.firstOrNull() as? JPanel)?.components?.firstOrNull { it.name == "body" } as? JScrollPane

    private companion object {
        const val PROTECTED = "huizheng.protected"
    }
}
