package huizheng.app.swing

import huizheng.CardToCollect
import huizheng.WalletException
import huizheng.app.model.BackUp
import huizheng.app.model.Restore
import huizheng.app.text.explainRestoring

fun backingUp(stage: Stage, backUp: BackUp, state: BackUp.State) = when (state) {
    is BackUp.State.Starting -> Screen(stage, stage.words.backup) {}
    is BackUp.State.Writing -> writing(stage, backUp, state)
    is BackUp.State.Checking -> checking(stage, backUp, state)
    is BackUp.State.Saved -> saved(stage)
    is BackUp.State.Failed -> failed(stage, stage.words.backup, state.problem)
}

/** On a phone with `FLAG_SECURE`, and the code not to be copied: what is in a clipboard is everybody's. */
private fun writing(stage: Stage, backUp: BackUp, state: BackUp.State.Writing) = Screen(stage, stage.words.backup, back = stage.app::more) {
    quiet(words.backupMeans)
    add(
        Surface(look.surface, look.brand, gap = 10, padding = 20).apply {
            +Words(words.writeCode, Type.strong, look.brand, centred = true)
            // Six groups of four, three to a line: as it goes on paper.
            val lines = state.code.split('-').chunked(3).joinToString("\n") { it.joinToString("   ") }
            +Words(lines, Type.code, look.ink, centred = true).also { it.accessibleContext.accessibleName = state.code }
        },
    )
    notice(words.writeCodeMeans, null, Sign.WARN, look.unsure)
    bottom.add(press(words.codeWritten) { backUp.written() })
}

private fun checking(stage: Stage, backUp: BackUp, state: BackUp.State.Checking) = Screen(stage, stage.words.backup, back = stage.app::more) {
    val code = Line(words.backupCode, look) { backUp.save(it) }
    field(words.copyCode, code)
    if (state.differs) notice(words.codeDiffers, null, Sign.WARN, look.bad)
    problem(state.problem)
    add(press(words.lookAgain, Weight.QUIET, enabled = !state.busy) { backUp.lookAgain() })
    bottom.add(press(words.saveBackup, enabled = !state.busy) { backUp.save(code.text) })
}

private fun saved(stage: Stage) = Screen(stage, stage.words.backup) {
    outcome(Sign.TICK, look.good, words.backupSaved, words.backupSavedMeans)
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

fun restoring(stage: Stage, restore: Restore, state: Restore.State) = when (state) {
    is Restore.State.Choosing -> choosing(stage, restore, state)
    is Restore.State.Entering -> entering(stage, restore, state)
    is Restore.State.Restored -> restored(stage, state)
}

private fun choosing(stage: Stage, restore: Restore, state: Restore.State.Choosing) = Screen(stage, stage.words.restoreTitle, back = stage.app::begin) {
    space(48)
    add(Mark(Sign.FILE, 88, look.brand, look.brandSoft))
    add(Words(words.restoreLead, Type.body, look.quiet, centred = true))
    problem(state.problem)
    bottom.add(press(words.chooseBackup) { restore.choose() })
}

private fun entering(stage: Stage, restore: Restore, state: Restore.State.Entering) =
    Screen(stage, stage.words.restoreTitle, back = if (state.busy) null else stage.app::begin) {
        lateinit var go: () -> Unit
        val code = Line(words.backupCode, look) { go() }
        val (pin, again) = Secret(words.newPin, look) { go() } to Secret(words.pinAgain, look) { go() }
        go = { restore.restore(code.text, pin.take(), again.take()) }
        for ((name, hint, entry) in listOf(Triple(words.backupCode, null, code), Triple(words.newPin, words.pinRule, pin), Triple(words.pinAgain, null, again))) {
            field(name, entry, hint)
        }
        if (state.differ) notice(words.pinsDiffer, null, Sign.WARN, look.bad)
        state.problem?.let { problem(words.explainRestoring(it)) }
        if (state.problem is WalletException.UseAnotherWay) add(press(words.chooseBackup, Weight.EVEN, Sign.FILE) { restore.choose() })
        bottom.add(press(words.restoreNow, enabled = !state.busy) { go() })
    }

private fun restored(stage: Stage, state: Restore.State.Restored) = Screen(stage, stage.words.restoreTitle) {
    val wallet = state.wallet
    add(Mark(Sign.TICK, 72, look.good.strong, look.good.soft))
    title(words.restored, centred = true)
    add(Words(words.restoredLead(words.moment(wallet.made), wallet.logEntries), Type.body, look.quiet, centred = true))
    toCollect(wallet.toCollect)
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

/** Cards that a backup could not bring: which, whose, and where to ask. */
fun Parts.toCollect(cards: List<CardToCollect>) {
    if (cards.isEmpty()) return
    label(words.collectAgain)
    quiet(words.collectAgainMeans)
    for (card in cards) {
        add(
            Surface(look.surface, look.line, padding = 14).apply {
                val said = Column(4).apply {
                    +Words("${words.of(card.label)} · ${card.holderLine}", Type.strong, look.ink)
                    +Words(words.of(card.issuerName), Type.body, look.quiet)
                    card.collectAt?.let { +Words(it, Type.small, look.quiet) }
                }
                +Beside(Mark(Sign.CARDS, 36, look.unsure.strong, look.unsure.soft), said)
                card.collectAt?.let { +press(words.collectByLogIn, Weight.QUIET, Sign.BROWSER) { stage.app.logIn(it) } }
            },
        )
    }
}
