package huizheng.app.swing

import huizheng.app.model.Recover

fun recovering(stage: Stage, recover: Recover, state: Recover.State) = when (state) {
    is Recover.State.Entering -> entering(stage, recover, state)
    is Recover.State.Recovered -> recovered(stage, state)
    is Recover.State.Nothing -> nothing(stage)
}

private fun entering(stage: Stage, recover: Recover, state: Recover.State.Entering) =
    Screen(stage, stage.words.recoverTitle, back = if (state.busy) null else stage.app::begin) {
        quiet(words.recoverLead)
        lateinit var go: () -> Unit
        val pin = Secret(words.pin, look) { go() }
        go = { recover.recover(pin.take()) }
        field(words.pin, pin)
        problem(state.problem)
        bottom.add(press(words.recover, enabled = !state.busy) { go() })
    }

/** What is there, and what is not: nothing silently missing. */
private fun recovered(stage: Stage, state: Recover.State.Recovered) = Screen(stage, stage.words.recoverTitle) {
    val made = state.wallet
    add(Mark(Sign.TICK, 72, look.good.strong, look.good.soft))
    title(words.recovered, centred = true)
    val counted = listOf(
        words.cardsThere to made.cards, words.cardsLost to made.cardsLost,
        words.entriesLost to made.logEntriesLost, words.othersLost to made.othersLost,
    )
    facts(counted.map { (name, number) -> name to value(number.toString()) })
    if (made.cardsLost > 0uL) notice(words.collectLost, null, Sign.CARDS, look.unsure)
    if (made.incomplete) notice(words.incomplete, words.incompleteMeans, Sign.WARN, look.unsure)
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

private fun nothing(stage: Stage) = Screen(stage, stage.words.recoverTitle, back = stage.app::begin) {
    outcome(Sign.CROSS, look.bad, words.nothingReadable, words.nothingReadableMeans)
    bottom.add(press(words.haveBackup, sign = Sign.FILE) { stage.app.restore() })
}
