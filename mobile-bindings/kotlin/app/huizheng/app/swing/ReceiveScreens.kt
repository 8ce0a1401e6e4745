package huizheng.app.swing

import huizheng.WalletException
import huizheng.app.model.Collected
import huizheng.app.model.Receive
import huizheng.app.text.explain

fun receiving(stage: Stage, receive: Receive, state: Receive.State) = when (state) {
    is Receive.State.Looking -> waiting(stage, stage.words.receiveTitle, stage.words.lookingAtOffer)
    is Receive.State.Offered -> offered(stage, receive, state)
    is Receive.State.Done -> collected(stage, state.collected)
}

private fun offered(stage: Stage, receive: Receive, state: Receive.State.Offered) =
    Screen(stage, stage.words.receiveTitle, back = if (state.busy) null else stage.app::cards) {
        val details = state.details
        val what = details.credentials.distinctBy { it.kind }.joinToString(words.and) { words.of(it.label) }
        facts(
            listOf(
                words.offered to Words(what, Type.large, look.ink),
                words.offeredBy to value(issuer(details)),
            ),
        )
        quiet(words.checkedLater)
        val asked = details.txCode
        val code = Line(words.code, look) { receive.take(it) }.apply {
            font = Type.large
            horizontalAlignment = javax.swing.JTextField.CENTER
        }
        if (asked != null) field(words.code, code, words.codeHint)
        problem(state.problem)
        if (details.takesLogin) add(press(words.logInInstead, Weight.QUIET, enabled = !state.busy) { receive.logIn() })
        if (details.takesCode) {
            bottom.add(
                Row().apply {
                    +press(words.notNow, Weight.EVEN, enabled = !state.busy) { stage.app.cards() }
                    +press(words.take, Weight.EVEN, enabled = !state.busy) { receive.take(asked?.let { code.text }) }
                },
            )
        } else {
            bottom.add(press(words.notNow, Weight.EVEN, enabled = !state.busy) { stage.app.cards() })
        }
    }

/** What came of an offer or of a login; nothing while it is on its way. */
fun collected(stage: Stage, collected: Collected?) = when (collected) {
    null -> waiting(stage, stage.words.receiveTitle, stage.words.collecting)
    is Collected.Taken -> taken(stage, collected)
    is Collected.Waits -> waits(stage)
    is Collected.Failed -> failed(stage, stage.words.receiveTitle, collected.problem)
}

private fun taken(stage: Stage, collected: Collected.Taken) = Screen(stage, stage.words.receiveTitle) {
    space(8)
    add(Mark(Sign.TICK, 72, look.good.strong, look.good.soft))
    title(words.taken, centred = true)
    add(Words(words.takenLead, Type.body, look.quiet, centred = true))
    collected.cards.forEach { add(CardFace(it, words, null)) }
    for (missing in collected.failed) {
        val what = words.of(missing.credential.label)
        if (missing.waiting) notice(words.partWaits(what), null, Sign.CLOCK, look.still) else notice(words.partFailed(what), null, Sign.WARN, look.unsure)
    }
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

/** Nothing is wrong: somebody still decides. */
private fun waits(stage: Stage) = Screen(stage, stage.words.receiveTitle) {
    outcome(Sign.CLOCK, look.unsure, words.problems.takesTime.title, words.problems.takesTime.todo)
    bottom.add(press(words.seeCards) { stage.app.cards() })
}

/** Something is under way that takes a moment. */
fun waiting(stage: Stage, title: String, text: String) = Screen(stage, title, back = stage.app::cards) {
    space(96)
    add(Mark(Sign.CLOCK, 72, look.brand, look.brandSoft))
    add(Words(text, Type.body, look.quiet, centred = true))
}

/** It did not work: what that was, and what to do. What the wallet refused itself looks like protection, not like a fault. */
fun failed(stage: Stage, title: String, error: Exception) = Screen(stage, title) {
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
