package huizheng.app.swing

import huizheng.WalletException
import huizheng.app.model.Receive
import huizheng.app.text.explain

fun receiving(stage: Stage, receive: Receive, state: Receive.State) = when (state) {
    is Receive.State.Looking -> waiting(stage, stage.words.receiveTitle, stage.words.lookingAtOffer)
    is Receive.State.Offered -> offered(stage, receive, state)
    is Receive.State.Taken -> taken(stage, state)
    is Receive.State.Failed -> failed(stage, stage.words.receiveTitle, state.problem)
}

private fun offered(stage: Stage, receive: Receive, state: Receive.State.Offered) =
    Screen(stage, stage.words.receiveTitle, back = if (state.busy) null else stage.app::cards) {
        val details = state.details
        val from = listOfNotNull(details.issuerHost, details.issuerCallsItself?.let { words.callsItself(words.of(it)) })
        facts(
            listOf(
                words.offered to Words(details.credentials.distinctBy { it.kind }.joinToString(words.and) { words.of(it.label) }, Type.large, look.ink),
                words.offeredBy to value(from.joinToString("\n")),
            ),
        )
        quiet(words.checkedLater)
        val asked = details.txCode
        val code = Line(words.code, look) { receive.take(it) }.apply {
            font = Type.large
            horizontalAlignment = javax.swing.JTextField.CENTER
        }
        if (asked != null) {
            add(
                Column(6).apply {
                    +Words(words.code, Type.strong, look.ink)
                    +Words(words.codeHint, Type.small, look.quiet)
                    +code
                },
            )
        }
        problem(state.problem)
        bottom.add(
            Row().apply {
                +press(words.notNow, Weight.EVEN, enabled = !state.busy) { stage.app.cards() }
                +press(words.take, Weight.EVEN, enabled = !state.busy) { receive.take(asked?.let { code.text }) }
            },
        )
    }

private fun taken(stage: Stage, state: Receive.State.Taken) = Screen(stage, stage.words.receiveTitle) {
    space(8)
    add(Mark(Sign.TICK, 72, look.good.strong, look.good.soft))
    title(words.taken, centred = true)
    add(Words(words.takenLead, Type.body, look.quiet, centred = true))
    state.cards.forEach { add(CardFace(it, words, null)) }
    for (missing in state.failed) {
        val what = words.of(missing.credential.label)
        if (missing.waiting) notice(words.partWaits(what), null, Sign.CLOCK, look.still) else notice(words.partFailed(what), null, Sign.WARN, look.unsure)
    }
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

/** Something is under way that takes a moment. */
fun waiting(stage: Stage, title: String, text: String) = Screen(stage, title, back = stage.app::cards) {
    space(96)
    add(Mark(Sign.CLOCK, 72, look.brand, look.brandSoft))
    add(Words(text, Type.body, look.quiet, centred = true))
}

/** It did not work: what that was, and what to do. What the wallet refused itself looks like protection, not like a fault. */
fun failed(stage: Stage, title: String, error: WalletException) = Screen(stage, title) {
    val refused = error is WalletException.ReportOverreach || error is WalletException.DoNotTrust
    val problem = words.explain(error)
    if (refused) {
        outcome(Sign.REFUSED, look.bad, problem.title, problem.todo)
        space(4)
        notice(words.refusedByWallet, words.nothingLeft, Sign.LOCK, look.good)
    } else {
        outcome(Sign.WARN, look.unsure, problem.title, problem.todo)
    }
    bottom.add(press(words.seeCards) { stage.app.cards() })
}
