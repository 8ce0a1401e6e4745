package huizheng.app.text

import huizheng.LocalText
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.util.Locale

/** Every word of the app, in one language. A missing one does not compile. */
interface Text {
    val locale: Locale
    val other: Text

    /** What the switch to the other language says, in that language. */
    val otherName: String

    val brand: String
    val cards: String
    val scan: String
    val log: String
    val more: String
    val back: String

    val welcome: String
    val welcomeLead: String
    val softwareKeys: String
    val hardwareKeys: String
    val newPin: String
    val pinAgain: String
    val pin: String
    val pinRule: String
    val pinsDiffer: String
    val start: String
    val noScreenLock: String
    val noScreenLockTodo: String
    val screenLockSet: String
    val unlockTitle: String
    val unlockLead: String
    val unlock: String
    val unlocking: String
    val byFinger: String
    val pinFirst: String
    val fingerAsk: String
    val fingerAskMeans: String
    val fingerSwitchOn: String
    val fingerOn: String
    val fingerOnMeans: String
    val fingerOff: String
    val noFinger: String
    val noFingerTodo: String
    val noSensorHere: String
    val changePin: String
    val pinChanged: String
    val pinChangedMeans: String
    val forgotPin: String
    val forgotPinLead: String
    val forgotPinLoses: String
    val forgotPinLosesWhat: String
    val forgotPinBrings: String
    val forgotPinBringsWhat: String

    val haveBackup: String
    val restoreTitle: String
    val restoreLead: String
    val chooseBackup: String
    val restoreNow: String
    val restored: String
    val restoredLead: (String, ULong) -> String
    val collectAgain: String
    val collectAgainMeans: String
    val wrongBackupCode: String
    val wrongBackupCodeTodo: String
    val noBackup: String
    val noBackupTodo: String
    val damagedMeans: String
    val recoverTitle: String
    val recoverLead: String
    val recover: String
    val recovered: String
    val cardsThere: String
    val cardsLost: String
    val entriesLost: String
    val othersLost: String
    val collectLost: String
    val incomplete: String
    val incompleteMeans: String
    val nothingReadable: String
    val nothingReadableMeans: String

    val myCards: String
    val noCards: String
    val noCardsTodo: String
    val scanCode: String
    val ofCompany: String
    val byMandate: String
    val nobodyNamed: String
    val beingDecided: String
    val askNow: String
    val askFrom: (String) -> String
    val askAgain: String
    val giveUp: String
    val giveUpSure: (List<String>) -> String
    val giveUpMeans: String
    val keepWaiting: String
    val notGiven: (String) -> String
    val notGivenTodo: String
    val checkedAgo: (String) -> String
    val checkNow: String
    val justNow: String
    val before: (String) -> String
    val hours: (Long) -> String
    val days: (Long) -> String
    val asOf: (String) -> String
    val validUntil: (String) -> String
    val noEnd: String
    val valid: String
    val suspended: String
    val revoked: String
    val expired: String
    val notTrusted: String
    val damagedCard: String
    val unknown: String
    val suspendedMeans: (String) -> String
    val revokedMeans: (String) -> String
    val expiredMeans: (String) -> String
    val notTrustedMeans: (String) -> String
    val damagedCardMeans: (String) -> String
    val unknownMeans: String
    val issuedBy: String
    val received: String
    val runsOut: (String) -> String
    val renewMeans: String
    val renewElsewhere: (String) -> String
    val renew: String
    val renewing: String
    val renewed: String
    val renewedMeans: String
    val delete: String
    val deleteSure: String
    val deleteMeans: String
    val keep: String

    val aim: String
    val noCamera: String
    val strange: String
    val strangeTodo: String
    val pasteLink: String
    val choosePicture: String
    val open: String
    val partSeen: (UInt, UInt) -> String

    val receiveTitle: String
    val lookingAtOffer: String
    val offeredBy: String
    val callsItself: (String) -> String
    val offered: String
    val checkedLater: String
    val code: String
    val codeHint: String
    val take: String
    val notNow: String
    val collecting: String
    val logIn: String
    val logInInstead: String
    val collectByLogIn: String
    val logInLead: String
    val issuerAddress: String
    val issuerAddressHint: String
    val noAddress: String
    val noAddressTodo: String
    val goOn: String
    val whichCard: String
    val inBrowser: String
    val inBrowserMeans: String
    val openAgain: String
    val taken: String
    val takenLead: String
    val partFailed: (String) -> String
    val partWaits: (String) -> String
    val seeCards: String

    val askTitle: String
    val checkingWhoAsks: String
    val registered: String
    val purpose: String
    val basis: String
    val byConsent: String
    val byLaw: String
    val kept: String
    val keptFor: (UInt) -> String
    val sentTo: String
    val sentToNobody: String
    val answerBy: String
    val shareToo: (String) -> String
    val isShared: String
    val severalMay: String
    val isLeftOut: String
    val leaves: (Int) -> String
    val stays: (Int) -> String
    val fromCard: String
    val agree: String
    val decline: String
    val shared: String
    val sharedLead: (String) -> String
    val declined: String
    val declinedLead: (String) -> String
    val notInForce: String
    val stateUnknown: String
    val shownWhole: String
    val seenByAnother: String
    val shownTogether: String
    val seenBefore: (UInt) -> String

    val showCodeTitle: String
    val makingCode: String
    val holdCode: (String) -> String
    val codePart: (Int, Int) -> String
    val codeUntil: (String) -> String
    val codeEvidence: (String) -> String
    val codeNoEvidence: String
    val codeDone: String
    val codeGone: String
    val codeHidden: String
    val codeMayBeRead: String
    val showCodeAgain: String
    val refusedByWallet: String
    val nothingLeft: String

    val logLead: String
    val logEmpty: String
    val logEmptyTodo: String
    val logReceived: (String) -> String
    val logShared: (String) -> String
    val logUncertain: (String) -> String
    val logShown: (String) -> String
    val logNotTaken: (String) -> String
    val logDeclined: (String) -> String
    val logRefused: (String) -> String
    val logDeleted: (String) -> String
    val tooMuch: String
    val someone: String
    val older: String
    val searchLog: String
    val searchHint: String
    val nothingFound: (String) -> String
    val allEntries: String
    val whatLeft: (String) -> String
    val itsAddress: String
    val tooMuchOf: String
    val deleteEntry: String
    val deleteEntrySure: String
    val deleteEntryMeans: String
    val complain: String
    val complainMeans: String
    val complaintLead: String
    val letter: String
    val saveLetter: String
    val complaintSaved: String

    val keys: String
    val appearance: String
    val light: String
    val dark: String
    val language: String
    val lock: String
    val lockMeans: String
    val ownData: String
    val exportOrErase: String
    val exportTitle: String
    val exportMeans: String
    val exportInClear: String
    val exportNow: String
    val exported: String
    val eraseTitle: String
    val eraseLead: String
    val erase: String
    val eraseSure: String
    val eraseMeans: String
    val eraseNot: String
    val eraseNow: String
    val erased: String
    val erasedMeans: String

    val backup: String
    val backupMeans: String
    val backUpNow: String
    val writeCode: String
    val writeCodeMeans: String
    val codeWritten: String
    val copyCode: String
    val backupCode: String
    val codeDiffers: String
    val lookAgain: String
    val saveBackup: String
    val backupSaved: String
    val backupSavedMeans: String

    /** Several things in a row. */
    val and: String
    val problems: Problems

    fun of(text: LocalText): String

    /** A day, in the place where the holder is. */
    fun day(at: Instant): String

    /** A day and a time, in the place where the holder is. */
    fun moment(at: Instant): String

    /** When something may be done: today it is a time, to the second. */
    fun momentOrTime(at: Instant): String {
        val isToday = at.atZone(ZoneId.systemDefault()).toLocalDate() == LocalDate.now()
        return if (isToday) time(at) else moment(at)
    }

    /** A time of this day, to the second. */
    fun time(at: Instant): String = format("HH:mm:ss", locale, at)
}

/** What went wrong, and what to do about it: title, and what to do. */
data class Problem(val title: String, val todo: String)

/** Words for each kind of failure. */
class Problems(
    val weakPin: Problem,
    val wrongPin: (wait: String?) -> Problem,
    val waitForPin: (wait: String) -> Problem,
    val noWallet: Problem,
    val locked: Problem,
    val damaged: Problem,
    val keyGone: Problem,
    val offline: Problem,
    val again: Problem,
    val cancelled: Problem,
    val code: (left: UInt?) -> Problem,
    val takesTime: Problem,
    val offerGone: Problem,
    val notSupported: Problem,
    val untrustedIssuer: Problem,
    val untrustedVerifier: Problem,
    val strangeLogin: Problem,
    val innerAddress: Problem,
    val tooMuch: (who: String, what: String) -> Problem,
    val requestGone: Problem,
    val noCard: (missing: String) -> Problem,
    val uncertain: Problem,
    val file: Problem,
    val app: Problem,
    val seconds: (Long) -> String,
    val minutes: (Long) -> String,
)

internal fun format(pattern: String, locale: Locale, at: Instant): String =
    DateTimeFormatter.ofPattern(pattern, locale).withZone(ZoneId.systemDefault()).format(at)
