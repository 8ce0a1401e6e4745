import Foundation
import Huizheng
import HuizhengDevice
import HuizhengSoftware

/// A phone: a folder for the wallet, keys, and what its app was shipped with.
struct Phone {
    let folder = NSTemporaryDirectory() + "huizheng-" + UUID().uuidString
    private let keys = SoftwareKeyStore()
    private let config: WalletConfig

    init(_ services: Services, showsConfirmations: Bool = false, client: WalletClient? = nil) {
        config = WalletConfig(
            anchor: services.anchor, node: services.node, showsConfirmations: showsConfirmations, client: client
        )
    }

    func create(
        _ pin: String, _ http: HttpClient = UrlSessionHttpClient(), _ biometrics: Biometrics? = nil, clock: Huizheng.Clock? = nil
    ) async throws -> Wallet {
        try await Wallet.create(folder: folder, pin: pin, config: config, keys: keys, http: http, clock: clock, biometrics: biometrics)
    }

    func open(by biometrics: Biometrics) async throws -> Wallet {
        try await Wallet.openByBiometrics(folder: folder, config: config, keys: keys, http: NoNetwork(), biometrics: biometrics)
    }

    func open(_ pin: String, _ http: HttpClient = UrlSessionHttpClient()) async throws -> Wallet {
        try await Wallet.open(folder: folder, pin: pin, config: config, keys: keys, http: http)
    }

    func restore(_ backup: Data, _ passphrase: String, _ pin: String) async throws -> RestoredWallet {
        try await restoreWallet(
            folder: folder, pin: pin, config: config, keys: keys, http: UrlSessionHttpClient(), backup: backup, passphrase: passphrase
        )
    }
}

/// A network where there is none.
final class NoNetwork: HttpClient {
    func send(request _: HttpRequest) async throws -> HttpResponse { throw HttpError.Unreachable }
}
