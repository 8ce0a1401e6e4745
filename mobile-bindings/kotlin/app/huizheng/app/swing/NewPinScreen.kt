package huizheng.app.swing

import huizheng.app.model.NewPin

fun newPin(stage: Stage, model: NewPin, state: NewPin.State) =
    Screen(stage, stage.words.changePin, back = if (state.busy) null else stage.app::more) {
        if (state.changed) {
            outcome(Sign.TICK, look.good, words.pinChanged, words.pinChangedMeans)
            bottom.add(press(words.seeCards) { stage.app.cards() })
            return@Screen
        }
        lateinit var go: () -> Unit
        val (old, new, again) = List(3) { at -> Secret(listOf(words.pin, words.newPin, words.pinAgain)[at], look) { go() } }
        go = { model.change(old.take(), new.take(), again.take()) }
        field(words.pin, old)
        field(words.newPin, new, words.pinRule)
        field(words.pinAgain, again)
        if (state.differ) notice(words.pinsDiffer, null, Sign.WARN, look.bad)
        problem(state.problem)
        bottom.add(press(words.changePin, enabled = !state.busy) { go() })
    }
