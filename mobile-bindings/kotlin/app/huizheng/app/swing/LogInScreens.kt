package huizheng.app.swing

import huizheng.OfferDetails
import huizheng.app.model.LogIn

fun loggingIn(stage: Stage, logIn: LogIn, state: LogIn.State) = when (state) {
    is LogIn.State.Asking -> asking(stage, logIn, state)
    is LogIn.State.Looking -> waiting(stage, stage.words.logIn, stage.words.lookingAtOffer)
    is LogIn.State.Choosing -> choosing(stage, logIn, state)
    is LogIn.State.Away -> away(stage, logIn)
    is LogIn.State.Failed -> failed(stage, stage.words.logIn, state.problem)
}

private fun asking(stage: Stage, logIn: LogIn, state: LogIn.State.Asking) = Screen(stage, stage.words.logIn, back = stage.app::cards) {
    quiet(words.logInLead)
    val address = Line(words.issuerAddress, look) { logIn.ask(it) }.apply { text = state.address }
    field(words.issuerAddress, address, words.issuerAddressHint)
    if (state.isNone) notice(words.noAddress, words.noAddressTodo, Sign.WARN, look.bad)
    problem(state.problem)
    bottom.add(press(words.goOn) { logIn.ask(address.text) })
}

private fun choosing(stage: Stage, logIn: LogIn, state: LogIn.State.Choosing) =
    Screen(stage, stage.words.logIn, back = if (state.busy) null else stage.app::cards) {
        facts(listOf(words.offeredBy to value(issuer(state.details))))
        quiet(words.checkedLater)
        problem(state.problem)
        label(words.whichCard)
        for ((kind, forms) in state.kinds) {
            add(press(words.of(forms.first().label), Weight.EVEN, enabled = !state.busy) { logIn.choose(kind) })
        }
    }

private fun away(stage: Stage, logIn: LogIn) = Screen(stage, stage.words.logIn, back = stage.app::cards) {
    space(56)
    add(Mark(Sign.BROWSER, 88, look.brand, look.brandSoft))
    title(words.inBrowser, centred = true)
    add(Words(words.inBrowserMeans, Type.body, look.quiet, centred = true))
    bottom.add(press(words.openAgain, Weight.EVEN, Sign.BROWSER) { logIn.openAgain() })
}

/** Where an offer comes from, and what that calls itself. */
fun Parts.issuer(details: OfferDetails): String =
    listOfNotNull(details.issuerHost, details.issuerCallsItself?.let { words.callsItself(words.of(it)) }).joinToString("\n")
