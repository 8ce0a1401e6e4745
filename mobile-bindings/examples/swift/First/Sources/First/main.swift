import Foundation
import Huizheng
import HuizhengDevice
import HuizhengSoftware

setbuf(stdout, nil)

func ask(_ what: String) -> String {
    print(what, terminator: ": ")
    return (readLine() ?? "").trimmingCharacters(in: .whitespaces)
}

// Shipped in an app: the chain's anchor, and a node, which need not be trusted.
let config = WalletConfig(anchor: try String(contentsOfFile: "anchor.json", encoding: .utf8), node: CommandLine.arguments[1])
// On a phone: SecureEnclaveKeyStore. This one forgets its keys when the program ends.
let wallet = try await Wallet.create(
    folder: "wallet", pin: "135790", config: config, keys: SoftwareKeyStore(), http: UrlSessionHttpClient()
)

let offer = try await wallet.previewOffer(link: ask("offer_uri")) // what a camera reads at the issuer's
print("offered by \(offer.details().issuerHost): \(Set(offer.details().credentials.map(\.label.en)))")
let received = try await wallet.receive(offer: offer, txCode: ask("tx_code"))
for card in received.cards { print("received: \(card.label.en), \(card.holderLine)") }

let consent = try await wallet.reviewRequest(link: ask("link")) // what a camera reads at the counter
print("\(consent.verifier.name.en) asks, for: \(consent.purposeName.en)")
// What is optional stays, unless a choice names it.
for question in consent.questions where !question.optional {
    print("leaves: \(question.options[0].leaves.map(\.label.en))")
    print("stays:  \(question.options[0].stays.map(\.label.en))")
}
for link in try wallet.links(consentId: consent.id) { print("it links you: \(link)") }
if ask("share? yes or no") == "yes" {
    _ = try await wallet.present(consentId: consent.id)
} else {
    _ = try await wallet.decline(consentId: consent.id)
}

for entry in try await wallet.log() { print(entry.at, Mirror(reflecting: entry.event).children.first?.label ?? "") }
wallet.lock()
