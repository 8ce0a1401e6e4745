package huizheng.app.text

import huizheng.LocalText
import java.time.Instant
import java.util.Locale

object English : Text {
    override val locale: Locale = Locale.UK
    override val other get() = Chinese
    override val otherName = "中文"

    override val brand = "Huizheng"
    override val cards = "Cards"
    override val scan = "Scan"
    override val log = "Log"
    override val more = "More"
    override val back = "Back"

    override val welcome = "Welcome to Huizheng"
    override val welcomeLead = "Your cards stay on this phone, encrypted. Nothing leaves it without your yes."
    override val softwareKeys = "On this device, software keeps your keys. That is for trying things out, not for a real identity."
    override val hardwareKeys = "This phone's security chip keeps your keys. They can't be copied."
    override val newPin = "Choose a PIN"
    override val pinAgain = "Once more"
    override val pin = "PIN"
    override val pinRule = "At least 6 characters, not all the same"
    override val pinsDiffer = "The two are not the same. Enter them again."
    override val start = "Start"
    override val noScreenLock = "Set a screen lock first"
    override val noScreenLockTodo = "Cards are kept for whoever unlocks this phone, so it can't hold any until it has a lock. Set a PIN, a pattern or a password in its settings, then come back."
    override val screenLockSet = "I have set one"
    override val unlockTitle = "Enter your PIN"
    override val unlockLead = "Your cards show once it is unlocked."
    override val unlock = "Unlock"
    override val unlocking = "Unlocking"
    override val byFinger = "Unlock by face or finger"
    override val pinFirst = "This time your PIN is needed."
    override val fingerAsk = "Unlock by face or finger?"
    override val fingerAskMeans = "Every face and finger known to this phone will open your wallet. Your PIN always does. Enter it, to show that this is you."
    override val fingerSwitchOn = "Switch on"
    override val fingerOn = "It is on"
    override val fingerOnMeans = "A face or finger known to this phone opens your wallet. Adding another switches it off; your PIN switches it on again."
    override val fingerOff = "Switch off: PIN only"
    override val noFinger = "This phone knows no face or finger"
    override val noFingerTodo = "Add one in its settings first."
    override val noSensorHere = "This computer has no sensor. This dialog stands in for one, for trying things out. OK means that it recognised you."
    override val changePin = "Change the PIN"
    override val pinChanged = "Your PIN is changed"
    override val pinChangedMeans = "Unlock with the new one from now on."

    override val forgotPin = "Forgot the PIN?"
    override val forgotPinLead = "Without its PIN nobody can open this wallet, and nobody can tell you the PIN. You can delete the wallet and begin anew."
    override val forgotPinLoses = "What is lost"
    override val forgotPinLosesWhat = "The cards, the log and what is under way on this phone. The cards themselves stay as they are at the departments."
    override val forgotPinBrings = "What can come back"
    override val forgotPinBringsWhat = "With a backup, its file and its code bring back your log, and say which cards to ask for again. Without one, ask the departments for your cards."

    override val haveBackup = "I have a backup"
    override val restoreTitle = "Restore a backup"
    override val restoreLead = "Choose the backup file. You also need the code that you wrote down, and choose a PIN for this phone."
    override val chooseBackup = "Choose the file"
    override val restoreNow = "Restore"
    override val restored = "Your wallet is back"
    override val restoredLead = { made: String, entries: ULong -> "As it was on $made, with ${if (entries == 1uL) "1 entry" else "$entries entries"} in the log." }
    override val collectAgain = "To be collected again"
    override val collectAgainMeans = "Their keys were the other phone's. Ask each department to issue them to this one. If the other phone is lost, declare it lost there: until then, what is on it counts."
    override val wrongBackupCode = "That is not this backup's code"
    override val wrongBackupCodeTodo = "Compare it with your paper, letter by letter. Or the file is another one, or damaged."
    override val noBackup = "This file can't be restored here"
    override val noBackupTodo = "It is no backup of this app, is of another system, or was made by a newer version. Choose another file, or update the app."
    override val damagedMeans = "You can open what can still be read, or restore a backup."
    override val recoverTitle = "Open a damaged wallet"
    override val recoverLead = "Cards and entries that can be read stay. What can't be read is removed; a copy of it all as it was is kept aside, still encrypted."
    override val recover = "Open what can be read"
    override val recovered = "Your wallet is open"
    override val cardsThere = "Cards that are whole"
    override val cardsLost = "Cards that are lost"
    override val entriesLost = "Entries of the log that are lost"
    override val othersLost = "Other things that are lost, and fetched anew when online"
    override val collectLost = "Ask the departments for the lost cards again."
    override val incomplete = "More may be missing"
    override val incompleteMeans = "Something is gone, or older than it was; nobody can tell what. Compare it with a backup."
    override val nothingReadable = "Nothing of it can be read"
    override val nothingReadableMeans = "The keys of this wallet are damaged, or not on this phone. Restore a backup."

    override val myCards = "My cards"
    override val noCards = "No cards yet"
    override val noCardsTodo = "Apply at a department's website. Once it is approved, scan the code that you are shown there."
    override val scanCode = "Scan a code"
    override val ofCompany = "The company's cards"
    override val byMandate = "The company's cards: you act for it by a mandate"
    override val nobodyNamed = "No holder named"
    override val beingDecided = "being decided"
    override val askNow = "You can ask how it stands"
    override val askFrom = { at: String -> "Ask again from $at" }
    override val askAgain = "Ask how it stands"
    override val giveUp = "Wait no more"
    override val giveUpSure = { cards: List<String> -> "Wait no more for: ${cards.joinToString()}?" }
    override val giveUpMeans = "This phone forgets that you asked for it. What the department decides all the same does not come here; you would have to ask for it anew."
    override val keepWaiting = "Keep waiting"
    override val notGiven = { what: String -> "Not given: $what" }
    override val notGivenTodo = "Your application's page says why, or ask the department."
    override val checkedAgo = { ago: String -> "Checked $ago" }
    override val checkNow = "Check now"
    override val justNow = "just now"
    override val before = { span: String -> "$span ago" }
    override val hours = { n: Long -> if (n == 1L) "1 hour" else "$n hours" }
    override val days = { n: Long -> if (n == 1L) "1 day" else "$n days" }
    override val asOf = { at: String -> "Checked $at" }
    override val validUntil = { day: String -> "Valid until $day" }
    override val noEnd = "No end date"
    override val valid = "In force"
    override val suspended = "Suspended"
    override val revoked = "Revoked"
    override val expired = "Expired"
    override val notTrusted = "Not trusted"
    override val damagedCard = "Damaged"
    override val unknown = "Not known"
    override val suspendedMeans = { issuer: String -> "$issuer has suspended this card. It can be used again once that is lifted." }
    override val revokedMeans = { issuer: String -> "$issuer has revoked this card. It can't be used any more." }
    override val expiredMeans = { issuer: String -> "This card's time is over. Ask $issuer for a new one." }
    override val notTrustedMeans = { issuer: String -> "The key that signed this card is no longer trusted. Ask $issuer to issue it again." }
    override val damagedCardMeans = { issuer: String -> "This card is damaged on this phone and can't be shown to anyone. Collect it again from $issuer, then delete this one." }
    override val unknownMeans = "Its newest status can't be read just now. Look again when you are online."
    override val issuedBy = "Issued by"
    override val received = "Received"
    override val runsOut = { day: String -> "It runs out on $day" }
    override val renewMeans = "Renew it now. It stays usable meanwhile."
    override val renewElsewhere = { issuer: String -> "Ask $issuer for a new one." }
    override val renew = "Renew"
    override val renewing = "Renewing…"
    override val renewed = "Renewed"
    override val renewedMeans = "Its issuer stated anew what holds now, under fresh keys. The one before is void."
    override val delete = "Delete from this phone"
    override val deleteSure = "Delete this card?"
    override val deleteMeans = "This phone will no longer have it. The card itself stays as it is; you can ask for it again."
    override val keep = "Keep it"

    override val aim = "Point the camera at the code on the department's page or on the counter's screen."
    override val noCamera = "There is no camera here. Choose a picture of the code, or paste its link."
    override val strange = "This code is neither an offer nor a request"
    override val strangeTodo = "Scan the code on the department's page or on the counter's screen."
    override val pasteLink = "Or paste a link"
    override val choosePicture = "Choose a picture"
    override val open = "Open"
    override val partSeen = { have: UInt, total: UInt -> "$have of $total parts read. Keep the camera on the code." }

    override val receiveTitle = "Receive a card"
    override val lookingAtOffer = "Asking the department what it offers…"
    override val offeredBy = "From"
    override val callsItself = { name: String -> "It calls itself $name. Nobody has checked that yet." }
    override val offered = "You will receive"
    override val checkedLater = "Who it is and what it may issue is checked on the chain when you take it."
    override val code = "Code"
    override val codeHint = "Beside the QR code on your application's page"
    override val take = "Receive"
    override val notNow = "Not now"
    override val collecting = "Fetching your card…"
    override val logIn = "Get a card by logging in"
    override val logInInstead = "No code? Log in instead"
    override val collectByLogIn = "Log in to collect it"
    override val logInLead = "You log in at the department's and collect your card. That happens in your browser: this app can't see what you enter there."
    override val issuerAddress = "The department's address"
    override val issuerAddressHint = "It is on your application's page"
    override val noAddress = "This is no address"
    override val noAddressTodo = "Compare it with your application's page."
    override val goOn = "Go on"
    override val whichCard = "Which card?"
    override val inBrowser = "Go on in your browser"
    override val inBrowserMeans = "Log in and agree there. It brings you back here."
    override val openAgain = "Open the browser again"
    override val taken = "It is on your phone"
    override val takenLead = "Its signature, its issuer's accreditation and its status were checked."
    override val partFailed = { what: String -> "$what did not come." }
    override val partWaits = { what: String -> "$what takes time. Ask under Cards how it stands." }
    override val seeCards = "See my cards"

    override val askTitle = "Show a card"
    override val checkingWhoAsks = "Checking who asks…"
    override val registered = "Registered on the chain to ask for this purpose"
    override val purpose = "Purpose"
    override val basis = "Basis"
    override val byConsent = "Your consent"
    override val byLaw = "Required by law"
    override val kept = "Kept for"
    override val keptFor = { days: UInt ->
        val (span, unit) = if (days % 365u == 0u) days / 365u to "year" else days to "day"
        if (days == 0u) "not at all" else if (span == 1u) "1 $unit" else "$span ${unit}s"
    }
    override val sentTo = "Sent to"
    override val sentToNobody = "Nobody: your phone shows a code"
    override val answerBy = "Answer by"
    override val shareToo = { what: String -> "Share too: $what" }
    override val isShared = "They can do without it. It leaves as shown here."
    override val severalMay = "Several of your cards may answer this together. You choose which."
    override val isLeftOut = "They ask for it and can do without it. Nothing of it leaves."
    override val leaves = { n: Int -> if (n == 1) "1 thing leaves your phone" else "$n things leave your phone" }
    override val stays = { n: Int -> if (n == 1) "1 thing stays" else "$n things stay" }
    override val fromCard = "From"
    override val agree = "Share"
    override val decline = "Decline"
    override val shared = "Shared"
    override val sharedLead = { who: String -> "What you agreed to was sent to $who. The result is on their screen." }
    override val declined = "Declined"
    override val declinedLead = { who: String -> "Nothing was sent to $who." }
    override val notInForce = "This card is not in force. It will probably be refused."
    override val stateUnknown = "The newest status of this card can't be read just now."
    override val shownWhole = "In this form, the card can only be shown whole."
    override val seenByAnother = "Another organisation has seen this card. Comparing notes, the two could tell that it is the same holder."
    override val shownTogether = "Shown together, these cards tell them that all are one person's."
    override val seenBefore = { others: UInt ->
        val who = if (others == 1u) "1 other organisation has" else "$others other organisations have"
        "No unused copy of this card is left, and $who seen this one. Comparing notes, they could tell that it is the same holder."
    }

    override val showCodeTitle = "Show the code"
    override val makingCode = "Making the code…"
    override val holdCode = { who: String -> "Hold it before $who's camera until they have read it. No network is needed." }
    override val codePart = { at: Int, of: Int -> "Part $at of $of" }
    override val codeUntil = { time: String -> "Good until $time" }
    override val codeEvidence = { at: String -> "What the register said on $at goes with it." }
    override val codeNoEvidence = "Nothing from the register goes with it, so the counter can't check it. Go online first."
    override val codeDone = "Done"
    override val codeGone = "This code is over"
    override val codeHidden = "The code is not shown any more"
    override val codeMayBeRead = "What it showed may have been read. Ask at the counter."
    override val showCodeAgain = "Show it again"
    override val refusedByWallet = "Your wallet refused"
    override val nothingLeft = "Nothing was sent."

    override val logLead = "What went to whom, and when. It holds names, never values, and only you see it."
    override val logEmpty = "Nothing yet"
    override val logEmptyTodo = "What you receive and show will be noted here."
    override val logReceived = { what: String -> "Received: $what" }
    override val logShared = { who: String -> "Shared with $who" }
    override val logUncertain = { who: String -> "Sent to $who; it may have arrived" }
    override val logShown = { who: String -> "Shown to $who as a code; it may have been read" }
    override val logNotTaken = { who: String -> "Sent to $who, who did not take it" }
    override val logDeclined = { who: String -> "You declined: $who" }
    override val logRefused = { who: String -> "Your wallet refused: $who" }
    override val logDeleted = { what: String -> "Deleted: $what" }
    override val tooMuch = "It asked for more than its purpose allows."
    override val someone = "somebody unknown"
    override val older = "Show older entries"
    override val searchLog = "Search"
    override val searchHint = "A name, a purpose or a claim"
    override val nothingFound = { text: String -> "Nothing says “$text”" }
    override val allEntries = "Show all"
    override val whatLeft = { what: String -> "What left of $what" }
    override val itsAddress = "Identifier"
    override val tooMuchOf = "Too much"
    override val deleteEntry = "Delete this entry"
    override val deleteEntrySure = "Delete this entry?"
    override val deleteEntryMeans = "It can't be brought back, and you can't complain from it any more."
    override val complain = "Complain"
    override val complainMeans = "Drafts a letter to the regulator. You send it yourself."
    override val complaintLead = "Fill in what happened and how to reach you, save it, and send it yourself. The app sends nothing."
    override val letter = "The letter"
    override val saveLetter = "Save the letter"
    override val complaintSaved = "The letter is saved"

    override val keys = "Your keys"
    override val appearance = "Appearance"
    override val light = "Light"
    override val dark = "Dark"
    override val language = "Language"
    override val lock = "Lock now"
    override val lockMeans = "The app locks by itself when it goes to the background."
    override val ownData = "Your data"
    override val exportOrErase = "Export it, or delete it all"
    override val exportTitle = "A copy for you"
    override val exportMeans = "Everything that the wallet keeps, as one file: cards, log, what is under way."
    override val exportInClear = "The file is not encrypted. Whoever has it can read it: guard it well."
    override val exportNow = "Save the file"
    override val exported = "The file is saved"
    override val eraseTitle = "Delete everything"
    override val eraseLead = "All cards, the log and the keys on this phone. The cards themselves stay as they are; you can ask for them again."
    override val erase = "Delete everything"
    override val eraseSure = "Delete everything?"
    override val eraseMeans = "The cards, the log and the keys on this phone go at once, and can't be brought back. Without a backup, your log is gone too."
    override val eraseNot = "Keep everything"
    override val eraseNow = "Delete it all"
    override val erased = "Everything is deleted"
    override val erasedMeans = "Nothing of it is left on this phone."

    override val backup = "Backup"
    override val backupMeans = "If this phone is lost, a backup brings back your log, and says which cards to ask for again. Cards themselves never leave a phone: their keys can't be copied."
    override val backUpNow = "Back up"
    override val writeCode = "Write this code down"
    override val writeCodeMeans = "On paper, and keep it apart from the file. Whoever has both can read the backup; without the code nobody can, not even you."
    override val codeWritten = "I have written it down"
    override val copyCode = "Enter it from your paper"
    override val backupCode = "Backup code"
    override val codeDiffers = "That is not the code. Compare it with your paper, letter by letter."
    override val lookAgain = "Show it again"
    override val saveBackup = "Save the file"
    override val backupSaved = "The backup is saved"
    override val backupSavedMeans = "Keep the file away from this phone. Make another whenever you have new cards."

    override val and = ", "
    override val problems = Problems(
        weakPin = Problem("This PIN is too easy to guess", "Use at least 6 characters, not all the same."),
        wrongPin = { wait -> Problem("That is not the PIN", wait?.let { "Try again in $it." } ?: "Try again.") },
        waitForPin = { wait -> Problem("Too many wrong PINs", "Wait $wait, then try again.") },
        noWallet = Problem("There is no wallet here", "Start the app again to make one."),
        locked = Problem("The wallet is locked", "Enter your PIN again."),
        damaged = Problem("The wallet can't be read", "Restore it from a backup."),
        keyGone = Problem("This card's key is gone", "The phone was reset or its screen lock removed. Get the card issued again."),
        offline = Problem("There is no connection", "Check your connection and try again."),
        again = Problem("That did not work", "Try again in a moment."),
        cancelled = Problem("Cancelled", "Nothing was sent."),
        code = { left ->
            when (left) {
                null -> Problem("This is not how the code looks", "Compare it with your application's page.")
                1u -> Problem("That is not the code", "One try is left.")
                else -> Problem("That is not the code", "$left tries are left.")
            }
        },
        takesTime = Problem("It is being decided", "Ask under Cards how it stands. Once it is decided, asking brings your card to this phone."),
        offerGone = Problem("This code was used before or is no longer valid", "Get a new one on your application's page."),
        notSupported = Problem("This app can't do that yet", "Update the app, or ask for another way."),
        untrustedIssuer = Problem("What came did not pass the checks", "It was thrown away. Ask the department."),
        untrustedVerifier = Problem("Nobody can tell who asks", "Whoever asks is not registered for it, or the request was forged."),
        strangeLogin = Problem("This answer is not of the login that you began", "It was thrown away. Log in again, from the department's page."),
        innerAddress = Problem("This address is inside a closed network", "No department and no counter is there, so your wallet did not go. Ask whoever gave you the code."),
        tooMuch = { who, what -> Problem("$who asks for too much", "Its registered purpose does not allow it to ask for: $what.") },
        requestGone = Problem("This request was answered before or is no longer valid", "Nothing was sent. Ask for a new code."),
        noCard = { missing -> Problem("You have no card that answers this", "Missing: $missing. Nothing was sent.") },
        uncertain = Problem("Sending broke off", "What you shared may have arrived. Look at their screen."),
        file = Problem("The file could not be read or written", "Choose another place, or make room on this phone, then try again."),
        app = Problem("This app has a fault", "Update it, or tell its makers."),
        seconds = { n -> if (n == 1L) "1 second" else "$n seconds" },
        minutes = { n -> if (n == 1L) "1 minute" else "$n minutes" },
    )

    override fun of(text: LocalText) = text.en

    override fun day(at: Instant) = format("d MMMM yyyy", locale, at)

    override fun moment(at: Instant) = format("d MMMM yyyy, HH:mm", locale, at)
}
