package huizheng.tests

import huizheng.app.swing.Look
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.Text
import kotlin.test.Test

/** The app in a window: cards that come by logging in, that take time, that are renewed, checked and deleted. */
class LaterTest {
    /** What is decided on is decided once, so only one of the languages goes through it. */
    @Test
    fun inChineseByDay() = story(Chinese, Look.Light, "zh-light") {
        sayWhatIsNotGiven()
        pickUpWhatTakesTime()
        renewAndDelete()
    }

    @Test
    fun inEnglishByNight() = story(English, Look.Dark, "en-dark") {}

    private fun story(words: Text, look: Look, pictures: String, first: Holder.() -> Unit) = Holder(words, look, pictures).use {
        with(it) {
            begin()
            picture("begin")
            first()
            logInInsteadOfTheCode()
            checkNow()
        }
    }

    private val Holder.digitalId get() = if (words === Chinese) "数字身份证" else "Digital ID"

    /** Asked for while a clerk still decides: the browser comes back to an app that is locked, and the card comes once it is decided. */
    private fun Holder.pickUpWhatTakesTime() {
        val application = appliedForFirstId()
        press(words.logIn)
        type(words.issuerAddress, "no address")
        press(words.goOn)
        reads(words.noAddress)
        logInAtThePolice()
        picture("browser")
        val back = inTheBrowser(citizen = 1)
        goAway()
        reads(words.unlockTitle)
        openWith(back)
        unlock()
        reads(words.problems.takesTime.title)
        picture("waits")
        press(words.seeCards)
        reads("$digitalId · ${words.beingDecided}")
        picture("deciding")
        press(words.giveUp)
        reads(words.giveUpSure(listOf(digitalId)))
        picture("give-up")
        press(words.keepWaiting)
        press(words.askAgain) // once the issuer wants to be asked
        reads("$digitalId · ${words.beingDecided}")
        Services.police.approve(application)
        pressUntil(words.askAgain, "the card that was decided") { isCard(words.valid) }
    }

    private fun Holder.logInAtThePolice() {
        type(words.issuerAddress, Services.police.url)
        press(words.goOn)
        reads(words.whichCard)
        picture("which")
        press(digitalId)
        reads(words.inBrowser)
    }

    private fun Holder.renewAndDelete() {
        pressCard(SECOND_CITIZEN)
        press(words.renew)
        reads(words.renewed)
        picture("renewed")
        press(words.delete)
        reads(words.deleteSure)
        picture("delete")
        press(words.keep)
        press(words.delete)
        reads(words.deleteSure)
        press(words.delete)
        reads(words.noCards)
    }

    private fun Holder.logInInsteadOfTheCode() {
        val letter = Services.licensing.offer(approvedLicence())
        press(words.scan)
        show(letter.link)
        press(words.logInInstead)
        reads(words.inBrowser)
        openWith(inTheBrowser())
        reads(words.taken)
        press(words.seeCards)
        readsCard(words.valid)
    }

    /** What the chain says now, and how old what it said is. */
    private fun Holder.checkNow() {
        val licence = approvedLicence()
        receive(Services.licensing.offer(licence))
        readsOf(words.checkedAgo("").trim())
        Services.licensing.revoke(licence, "the company was dissolved")
        press(words.checkNow)
        readsCard(words.revoked)
        picture("checked")
    }

    private fun Holder.sayWhatIsNotGiven() {
        val application = appliedForFirstId()
        press(words.logIn)
        logInAtThePolice()
        openWith(inTheBrowser(citizen = 1))
        reads(words.problems.takesTime.title)
        press(words.seeCards)
        Services.police.reject(application, "the picture is of nobody")
        pressUntil(words.askAgain, "what was decided") { isThere(words.notGiven(digitalId)) }
        picture("not-given")
    }
}
