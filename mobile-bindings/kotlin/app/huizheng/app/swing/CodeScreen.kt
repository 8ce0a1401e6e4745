package huizheng.app.swing

import com.google.zxing.BarcodeFormat
import com.google.zxing.EncodeHintType
import com.google.zxing.common.BitMatrix
import com.google.zxing.qrcode.QRCodeWriter
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel
import huizheng.app.model.ShowCode
import huizheng.app.text.codeOver
import huizheng.app.text.codeStopped
import java.awt.Color
import java.awt.Graphics
import java.awt.geom.RoundRectangle2D
import javax.swing.JComponent
import javax.swing.Timer

fun showingCode(stage: Stage, state: ShowCode.State, model: ShowCode) = when (state) {
    is ShowCode.State.Making -> waiting(stage, stage.words.showCodeTitle, stage.words.makingCode)
    is ShowCode.State.Showing -> code(stage, model, state)
    is ShowCode.State.Stopped -> stopped(stage, model, state)
    is ShowCode.State.Over -> over(stage, state)
    is ShowCode.State.Failed -> failed(stage, stage.words.showCodeTitle, state.problem)
}

/** On a phone: as bright as it goes, and `FLAG_SECURE`. */
private fun code(stage: Stage, model: ShowCode, state: ShowCode.State.Showing) = Screen(stage, stage.words.showCodeTitle) {
    val code = state.code
    val turn = Words("", Type.small, look.quiet, centred = true)
    add(CodeInTurn(code.frames) { at -> turn.text = if (code.frames.size > 1) words.codePart(at + 1, code.frames.size) else "" })
    add(turn)
    quiet(words.holdCode(words.of(model.consent.verifier.name)))
    val asOf = code.evidenceAsOf
    if (asOf == null) {
        notice(words.codeNoEvidence, null, Sign.WARN, look.bad)
    } else {
        add(Beside(Mark(Sign.SHIELD, 20, look.good.strong), Words(words.codeEvidence(words.moment(asOf)), Type.small, look.quiet)))
    }
    add(Beside(Mark(Sign.CLOCK, 20, look.quiet), Words(words.codeUntil(words.time(code.until)), Type.small, look.quiet)))
    bottom.add(press(words.codeDone) { stage.app.cards() })
}

/** What is not shown can't be read. What was shown before may have been. */
private fun stopped(stage: Stage, model: ShowCode, state: ShowCode.State.Stopped) = Screen(stage, stage.words.showCodeTitle) {
    val said = words.codeStopped(state.wasShown)
    outcome(Sign.CLOCK, look.still, said.title, said.todo)
    bottom.add(
        Row().apply {
            +press(words.codeDone, Weight.EVEN) { stage.app.cards() }
            +press(if (state.wasShown) words.showCodeAgain else words.showCodeTitle, Weight.EVEN) { model.make() }
        },
    )
}

private fun over(stage: Stage, state: ShowCode.State.Over) = Screen(stage, stage.words.showCodeTitle) {
    val said = words.codeOver(state.wasShown)
    outcome(Sign.CLOCK, look.still, said.title, said.todo)
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

/**
 * QR codes one after another, about six a second, black on white whatever the app looks like.
 *
 * @param turned is told which is shown, from 0
 */
private class CodeInTurn(frames: List<String>, private val turned: (Int) -> Unit) : JComponent(), Fluid {
    // The texts are in the QR alphabet, so the writer takes its alphanumeric mode by itself.
    private val codes: List<BitMatrix> = frames.map { QRCodeWriter().encode(it, BarcodeFormat.QR_CODE, 0, 0, HINTS) }
    private var at = 0
    private val clock = Timer(MILLIS) { turn() }

    init {
        turned(at)
    }

    override fun addNotify() {
        super.addNotify()
        if (codes.size > 1) clock.start()
    }

    override fun removeNotify() {
        clock.stop()
        super.removeNotify()
    }

    private fun turn() {
        at = (at + 1) % codes.size
        turned(at)
        repaint()
    }

    override fun heightFor(width: Int) = width

    override fun paintComponent(g: Graphics) = g.smooth {
        color = Color.WHITE
        fill(RoundRectangle2D.Double(0.0, 0.0, width.toDouble(), height.toDouble(), 20.0, 20.0))
        val code = codes[at]
        // Whole pixels of the screen for each module, so that none is wider than the next.
        val dense = transform.scaleX
        val module = (width * dense / code.width).toInt().coerceAtLeast(1)
        val margin = ((width * dense - module * code.width) / 2).toInt()
        scale(1 / dense, 1 / dense)
        color = Color.BLACK
        for (y in 0 until code.height) for (x in 0 until code.width) {
            if (code[x, y]) fillRect(margin + x * module, margin + y * module, module, module)
        }
    }

    private companion object {
        const val MILLIS = 170
        val HINTS = mapOf(EncodeHintType.ERROR_CORRECTION to ErrorCorrectionLevel.L, EncodeHintType.MARGIN to 4)
    }
}
