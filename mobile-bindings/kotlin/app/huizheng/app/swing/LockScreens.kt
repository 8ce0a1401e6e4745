package huizheng.app.swing

import huizheng.KeyProtection
import huizheng.app.model.ForgottenPin
import huizheng.app.model.Lock
import java.awt.BasicStroke
import java.awt.Graphics
import java.awt.geom.RoundRectangle2D
import javax.swing.JComponent

/** Onboarding: what the app is, how keys are kept, and a PIN. */
fun welcome(stage: Stage, lock: Lock, state: Lock.State) = if (state.noScreenLock) lockThePhone(stage, state) else begin(stage, lock, state)

private fun begin(stage: Stage, lock: Lock, state: Lock.State) = Screen(stage, "") {
    if (state.erased) notice(words.erased, words.erasedMeans, Sign.TICK, look.good)
    add(AppMark(look))
    title(words.welcome, centred = true)
    add(Words(words.welcomeLead, Type.body, look.quiet, centred = true))
    lateinit var start: () -> Unit
    val pin = Secret(words.newPin, look) { start() }
    val again = Secret(words.pinAgain, look) { start() }
    start = { lock.choose(pin.take(), again.take()) }
    field(words.newPin, pin, words.pinRule)
    field(words.pinAgain, again)
    if (state.differ) notice(words.pinsDiffer, null, Sign.WARN, look.bad)
    problem(state.problem)
    state.protection?.let { bottom.add(protection(stage, it)) }
    bottom.add(press(words.start, enabled = !state.busy) { start() })
    bottom.add(press(words.haveBackup, Weight.QUIET, enabled = !state.busy) { stage.app.restore() })
    bottom.add(otherLanguage(stage))
}

/** A PIN chosen now would lead to a wallet that can have no card. */
private fun lockThePhone(stage: Stage, state: Lock.State) = Screen(stage, "") {
    if (state.erased) notice(words.erased, words.erasedMeans, Sign.TICK, look.good)
    outcome(Sign.LOCK, look.unsure, words.noScreenLock, words.noScreenLockTodo)
    bottom.add(press(words.screenLockSet) { stage.app.begin() })
    bottom.add(otherLanguage(stage))
}

fun unlock(stage: Stage, lock: Lock, state: Lock.State) = Screen(stage, "") {
    space(24)
    add(AppMark(look))
    title(words.unlockTitle, centred = true)
    add(Words(words.unlockLead, Type.body, look.quiet, centred = true))
    lateinit var open: () -> Unit
    val pin = Secret(words.pin, look) { open() }
    open = { lock.unlock(pin.take()) }
    pin.horizontalAlignment = javax.swing.JTextField.CENTER
    add(pin)
    if (state.isDamaged) damaged() else problem(state.problem)
    if (state.noScreenLock) notice(words.noScreenLock, words.noScreenLockTodo, Sign.LOCK, look.unsure)
    if (state.pinFirst) notice(words.pinFirst, null, Sign.LOCK, look.unsure)
    add(press(words.unlock, enabled = !state.busy) { open() })
    if (state.byFinger) add(press(words.byFinger, Weight.EVEN, Sign.FINGER, enabled = !state.busy) { lock.unlockByFinger() })
    bottom.add(press(words.forgotPin, Weight.QUIET, enabled = !state.busy) { stage.app.forgotPin() })
    bottom.add(otherLanguage(stage))
}

/** Neither way loses what the other could still bring. */
private fun Parts.damaged() {
    notice(words.problems.damaged.title, words.damagedMeans, Sign.WARN, look.bad)
    add(press(words.recover, Weight.EVEN) { stage.app.recover() })
    add(press(words.haveBackup, Weight.EVEN, Sign.FILE) { stage.app.restore() })
}

/** What the end of it takes and what can come again, before she is asked. */
fun forgotten(stage: Stage, model: ForgottenPin, state: ForgottenPin.State) =
    Screen(stage, stage.words.forgotPin, back = if (state.busy) null else stage.app::begin) {
        quiet(words.forgotPinLead)
        label(words.forgotPinLoses)
        text(words.forgotPinLosesWhat)
        label(words.forgotPinBrings)
        text(words.forgotPinBringsWhat)
        problem(state.problem)
        if (state.sure) {
            sure(words.eraseSure, words.eraseMeans, words.eraseNot, words.eraseNow, !state.busy, stage.app::begin, model::erase)
        } else {
            bottom.add(press(words.erase, Weight.DANGER) { model.askToErase() })
        }
    }

/** How well the keys are kept, in words that are true for this device. */
fun protection(stage: Stage, kept: KeyProtection): JComponent = with(stage) {
    val (text, sign) = when (kept) {
        KeyProtection.HARDWARE -> words.hardwareKeys to Sign.SHIELD
        KeyProtection.SOFTWARE -> words.softwareKeys to Sign.WARN
    }
    val tone = if (kept == KeyProtection.HARDWARE) look.good else look.unsure
    Beside(Mark(sign, 20, tone.strong), Words(text, Type.small, look.quiet))
}

private fun otherLanguage(stage: Stage) = with(stage) { Press(words.otherName, Weight.QUIET, look) { appearance.speak(words.other) } }

/** The sign of the house: a stepped gable, as on the pages. */
private class AppMark(private val look: Look) : JComponent(), Fluid {
    override fun heightFor(width: Int) = 84

    override fun paintComponent(g: Graphics) = g.smooth {
        val ground = if (look.isDark) look.brandSoft else look.brand
        translate((width - 80) / 2.0, 2.0)
        scale(2.0, 2.0)
        color = ground
        fill(RoundRectangle2D.Double(0.0, 0.0, 40.0, 40.0, 18.0, 18.0))
        color = Look.of("f4f8f8")
        fill(path("M9 32 L9 20 L13 20 L13 15.5 L17 15.5 L17 11 L23 11 L23 15.5 L27 15.5 L27 20 L31 20 L31 32 Z"))
        stroke = BasicStroke(1.8f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        draw(path("M7.5 18.3 L11.5 18.3 M11.5 13.8 L15.5 13.8 M16 9.2 L24 9.2 M24.5 13.8 L28.5 13.8 M28.5 18.3 L32.5 18.3"))
        color = ground
        stroke = BasicStroke(2.6f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        draw(path("M15 24.5 L18.7 28.2 L25.3 20.8"))
    }
}
