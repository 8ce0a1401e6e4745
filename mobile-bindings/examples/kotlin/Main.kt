import huizheng.Wallet
import huizheng.WalletConfig
import huizheng.jvm.JvmHttpClient
import huizheng.jvm.SoftwareKeyStore
import java.nio.file.Path
import kotlin.io.path.readText
import kotlinx.coroutines.runBlocking

fun ask(what: String): String {
    print("$what: ")
    return readln().trim()
}

fun main(arguments: Array<String>) = runBlocking {
    // Shipped in an app: the chain's anchor, and a node, which need not be trusted.
    val config = WalletConfig(anchor = Path.of("anchor.json").readText(), node = arguments.single())
    // On a phone: AndroidKeyStore and UrlConnectionHttpClient.
    val wallet = Wallet.create("wallet", "135790", config, SoftwareKeyStore(Path.of("keys")), JvmHttpClient())

    val offer = wallet.previewOffer(ask("offer_uri")) // what a camera reads at the issuer's
    println("offered by ${offer.details().issuerHost}: ${offer.details().credentials.map { it.label.en }.distinct()}")
    val received = wallet.receive(offer, ask("tx_code"))
    for (card in received.cards) println("received: ${card.label.en}, ${card.holderLine}")

    val consent = wallet.reviewRequest(ask("link")) // what a camera reads at the counter
    println("${consent.verifier.name.en} asks, for: ${consent.purposeName.en}")
    // What is optional stays, unless a choice names it.
    for (question in consent.questions.filterNot { it.optional }) {
        val option = question.options.first()
        println("leaves: ${option.leaves.map { it.label.en }}")
        println("stays:  ${option.stays.map { it.label.en }}")
    }
    for (link in wallet.links(consent.id)) println("it links you: $link")
    if (ask("share? yes or no") == "yes") wallet.present(consent.id) else wallet.decline(consent.id)

    for (entry in wallet.log()) println("${entry.at} ${entry.event::class.simpleName}")
    wallet.lock()
}
