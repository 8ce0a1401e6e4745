package huizheng.app.swing

import huizheng.WalletException
import huizheng.app.model.YourData

fun ownData(stage: Stage, model: YourData, state: YourData.State) =
    Screen(stage, stage.words.ownData, back = if (state.busy) null else stage.app::more) {
        if (state.sure) {
            space(24)
            add(Mark(Sign.WARN, 88, look.bad.strong, look.bad.soft))
            title(words.eraseSure, centred = true)
            add(Words(words.eraseMeans, Type.body, look.ink, centred = true))
            bottom.add(press(words.eraseNot, Weight.EVEN, enabled = !state.busy) { model.keep() })
            bottom.add(press(words.eraseNow, Weight.DANGER, enabled = !state.busy) { model.erase() })
            return@Screen
        }
        val problem = state.problem
        problem(problem)
        // Whatever was under way, the wallet may be locked by now.
        if (problem is WalletException) bottom.add(press(words.unlock) { stage.app.lock() })
        label(words.exportTitle)
        quiet(words.exportMeans)
        notice(words.exportInClear, null, Sign.WARN, look.unsure)
        if (state.exported) notice(words.exported, null, Sign.TICK, look.good)
        add(press(words.exportNow, Weight.EVEN, Sign.FILE, enabled = !state.busy) { model.export() })
        space(8)
        label(words.eraseTitle)
        quiet(words.eraseLead)
        add(press(words.erase, Weight.DANGER, enabled = !state.busy) { model.askToErase() })
    }
