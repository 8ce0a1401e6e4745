package huizheng.app.text

import huizheng.CardState
import huizheng.ConsentWarning
import huizheng.HolderLink
import huizheng.LegalBasis
import huizheng.LogEvent
import huizheng.PresentationOutcome
import huizheng.WalletException
import java.io.IOException
import java.time.Duration
import java.time.Instant

/** A failure in the holder's words. */
fun Text.explain(error: Exception): Problem = when (error) {
    is WalletException -> saidBy(error)
    is IOException -> problems.file
    else -> problems.app
}

/** While a backup is restored: a wrong "PIN" is the backup's code, and what this wallet can't do is read the file. */
fun Text.explainRestoring(error: Exception): Problem = when (error) {
    is WalletException.EnterPinAgain -> Problem(wrongBackupCode, wrongBackupCodeTodo)
    is WalletException.UseAnotherWay -> Problem(noBackup, noBackupTodo)
    else -> explain(error)
}

/** A code for a counter that is not made anew: nothing was sent, and one that was shown may have been read. */
fun Text.codeStopped(wasShown: Boolean): Problem = if (wasShown) Problem(codeHidden, codeMayBeRead) else problems.cancelled

fun Text.codeOver(wasShown: Boolean): Problem = if (wasShown) Problem(codeGone, codeMayBeRead) else problems.requestGone

/** Without an `else`: a new kind does not compile before somebody has words for it. */
private fun Text.saidBy(error: WalletException): Problem = with(problems) {
    when (error) {
        is WalletException.ChooseAnotherPin -> weakPin
        is WalletException.EnterPinAgain -> wrongPin(error.wait.takeUnless(Duration::isZero)?.let(::long))
        is WalletException.WaitForPin -> waitForPin(long(error.wait))
        is WalletException.CreateWallet -> noWallet
        is WalletException.OpenWallet -> locked
        is WalletException.RestoreWallet -> damaged
        is WalletException.RenewCard -> keyGone
        is WalletException.GoOnline -> offline
        is WalletException.TryAgain -> again
        is WalletException.Cancelled -> cancelled
        is WalletException.EnterTxCode -> code(error.attemptsLeft)
        is WalletException.WaitForIssuer -> takesTime
        is WalletException.GetNewOffer -> offerGone
        is WalletException.UseAnotherWay -> notSupported
        is WalletException.DoNotTrust -> when (error.code) {
            "credential-rejected" -> untrustedIssuer
            "login-answer" -> strangeLogin
            "internal-address" -> innerAddress
            else -> untrustedVerifier // every other is said of who asks
        }
        is WalletException.ReportOverreach -> tooMuch(of(error.verifierName), error.labels.joinToString(and, transform = ::of))
        is WalletException.GetNewRequest -> requestGone
        is WalletException.GetCard -> noCard(error.missing.joinToString(and) { of(it.label) })
        is WalletException.AskVerifier -> uncertain
        is WalletException.FixApp -> app
    }
}

private fun Text.long(wait: Duration): String =
    if (wait.seconds < 60) problems.seconds(wait.seconds.coerceAtLeast(1)) else problems.minutes((wait.seconds + 59) / 60)

fun Text.explain(warning: ConsentWarning): String = when (warning) {
    ConsentWarning.NOT_IN_FORCE -> notInForce
    ConsentWarning.STATE_UNKNOWN -> stateUnknown
    ConsentWarning.SHOWN_WHOLE -> shownWhole
    ConsentWarning.SEEN_BY_ANOTHER -> seenByAnother
}

/** What an answer would let verifiers find out about its holder. */
fun Text.explain(link: HolderLink): String = when (link) {
    is HolderLink.Together -> shownTogether
    is HolderLink.Reused -> seenBefore(link.others)
}

/** One word for how a card stands. */
fun Text.word(state: CardState): String = when (state) {
    is CardState.Valid -> valid
    is CardState.Suspended -> suspended
    is CardState.Revoked -> revoked
    is CardState.Expired -> expired
    is CardState.NotTrusted -> notTrusted
    is CardState.Damaged -> damagedCard
    is CardState.Unknown -> unknown
}

/** What that means for its holder; nothing to say of a card that is good. */
fun Text.meaning(state: CardState, issuer: String): String? = when (state) {
    is CardState.Valid -> null
    is CardState.Suspended -> suspendedMeans(issuer)
    is CardState.Revoked -> revokedMeans(issuer)
    is CardState.Expired -> expiredMeans(issuer)
    is CardState.NotTrusted -> notTrustedMeans(issuer)
    is CardState.Damaged -> damagedCardMeans(issuer)
    is CardState.Unknown -> unknownMeans
}

/** Why somebody may ask. */
fun Text.word(basis: LegalBasis): String = when (basis) {
    LegalBasis.CONSENT -> byConsent
    LegalBasis.STATUTORY -> byLaw
}

/** How long ago that was, in the largest unit that fits. */
fun Text.ago(at: Instant, now: Instant): String {
    val since = Duration.between(at, now)
    return when {
        since.toMinutes() < 1 -> justNow
        since.toHours() < 1 -> before(problems.minutes(since.toMinutes()))
        since.toDays() < 1 -> before(hours(since.toHours()))
        else -> before(days(since.toDays()))
    }
}

/** An entry of the log in one line. */
fun Text.line(event: LogEvent): String = when (event) {
    is LogEvent.Received -> logReceived(of(event.label))
    is LogEvent.Presented -> of(event.asked.verifierName).let {
        when (event.outcome) {
            is PresentationOutcome.Delivered -> logShared(it)
            is PresentationOutcome.Sent -> logUncertain(it)
            is PresentationOutcome.Shown -> logShown(it)
            is PresentationOutcome.Rejected -> logNotTaken(it)
        }
    }
    is LogEvent.Declined -> logDeclined(of(event.asked.verifierName))
    is LogEvent.Refused -> logRefused(event.name?.let(::of) ?: someone)
    is LogEvent.Deleted -> logDeleted(of(event.label))
}

/** What an entry was about: names of claims, never their values. */
fun Text.about(event: LogEvent): String? = when (event) {
    is LogEvent.Presented -> event.shared.joinToString(and) { shared -> shared.labels.joinToString(and, transform = ::of) }
    is LogEvent.Declined -> of(event.asked.purposeName)
    is LogEvent.Received -> of(event.issuerName)
    is LogEvent.Deleted -> of(event.issuerName)
    is LogEvent.Refused -> tooMuch.takeIf { event.code == "asks-too-much" }
}
