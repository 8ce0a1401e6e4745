package huizheng.app.swing

import huizheng.app.model.Unlocking

fun unlocking(stage: Stage, unlocking: Unlocking, state: Unlocking.State) = Screen(stage, stage.words.unlocking, back = stage.app::more) {
    space(24)
    add(Mark(Sign.FINGER, 88, look.brand, look.brandSoft))
    when (state.isOn) {
        null -> {}
        true -> {
            title(words.fingerOn, centred = true)
            add(Words(words.fingerOnMeans, Type.body, look.quiet, centred = true))
            bottom.add(press(words.fingerOff, Weight.EVEN) { unlocking.switchOff() })
        }
        false -> {
            title(words.fingerAsk, centred = true)
            add(Words(words.fingerAskMeans, Type.body, look.quiet, centred = true))
            val pin = Secret(words.pin, look) { unlocking.switchOn(it.take()) }
            field(words.pin, pin)
            bottom.add(press(words.fingerSwitchOn, enabled = !state.busy) { unlocking.switchOn(pin.take()) })
        }
    }
    if (state.noFinger) notice(words.noFinger, words.noFingerTodo, Sign.WARN, look.bad)
    problem(state.problem)
}
