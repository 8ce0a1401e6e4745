#if canImport(CryptoKit) && canImport(LocalAuthentication)
import CryptoKit
import Foundation
import Huizheng
import LocalAuthentication
import Security

/// Keys in the Secure Enclave. They never leave it: what the keychain keeps is a blob that only this device's enclave can use.
/// A device without an enclave (a simulator on an old Mac) has no such store, and `init` throws. One without a passcode keeps nothing:
/// `hasPasscode`.
///
/// Nothing of this has run on a device: docs/device-checklist.md.
public final class SecureEnclaveKeyStore: HolderKeyStore, @unchecked Sendable {
    private static let service = "cn.huizheng.wallet.keys"
    private static let wrapping = "wrapping"
    private static let unlockedSeconds: TimeInterval = 30
    private let unlocking: Unlocking<HoldersAnswer>

    /// - Parameter reason: why the holder is asked to unlock, in her language.
    public init(reason: String) throws {
        guard SecureEnclave.isAvailable else { throw HolderKeyError.Unsupported }
        unlocking = Unlocking(lasting: Self.unlockedSeconds, now: Self.sinceBoot) { HoldersAnswer(reason: reason) }
    }

    /// Ends at once what the holder unlocked, which serves for 30 seconds otherwise: with `Wallet.lock`, and when the app goes to the
    /// background.
    public func lock() { unlocking.end() }

    public func protection() -> KeyProtection { .hardware }

    public func generate(algorithm: KeyAlgorithm) async throws -> HolderKey {
        guard algorithm == .p256 else { throw HolderKeyError.Unsupported }
        let key = try Self.failing { try SecureEnclave.P256.Signing.PrivateKey(accessControl: Self.whenUnlockedByHolder()) }
        let handle = UUID().uuidString
        try save(key.dataRepresentation, as: handle)
        return HolderKey(handle: handle, publicKey: key.publicKey.x963Representation)
    }

    public func sign(handle: String, message: Data) async throws -> Data {
        let blob = try load(handle)
        return try await unlocking.use { answer in
            try Self.failing {
                let key = try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: blob, authenticationContext: answer.context)
                return try key.signature(for: message).rawRepresentation // hashed with SHA-256; raw r ‖ s
            }
        }
    }

    public func attest(keys _: [HolderKey], nonce _: String?) async throws -> String {
        // An app with a provider asks it here, with App Attest's evidence.
        throw HolderKeyError.Unsupported
    }

    public func delete(handle: String) async throws {
        let status = SecItemDelete(query(handle) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw HolderKeyError.Failed }
    }

    /// Seals to a key in the enclave: an ephemeral agreement with it, and AES-GCM under what comes of that.
    public func wrap(secret: Data) async throws -> Data {
        let ephemeral = P256.KeyAgreement.PrivateKey()
        let key = try wrappingKey(make: true)
        return try Self.failing {
            let shared = try ephemeral.sharedSecretFromKeyAgreement(with: key.publicKey)
            let point = ephemeral.publicKey.x963Representation
            guard let sealed = try AES.GCM.seal(secret, using: Self.derived(shared, point)).combined else { throw HolderKeyError.Failed }
            return point + sealed
        }
    }

    public func unwrap(wrapped: Data) async throws -> Data {
        guard wrapped.count > Self.pointBytes else { throw HolderKeyError.Gone }
        let (point, sealed) = (wrapped.prefix(Self.pointBytes), wrapped.dropFirst(Self.pointBytes))
        let key = try wrappingKey(make: false)
        return try Self.failing {
            let ephemeral = try P256.KeyAgreement.PublicKey(x963Representation: point)
            let shared = try key.sharedSecretFromKeyAgreement(with: ephemeral)
            return try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: Self.derived(shared, Data(point)))
        }
    }

    private static let pointBytes = 65

    private static func derived(_ shared: SharedSecret, _ point: Data) -> SymmetricKey {
        shared.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: point, sharedInfo: Data("huizheng wallet wrapping 1".utf8), outputByteCount: 32)
    }

    private func wrappingKey(make: Bool) throws -> SecureEnclave.P256.KeyAgreement.PrivateKey {
        do {
            let blob = try load(Self.wrapping)
            return try Self.failing { try SecureEnclave.P256.KeyAgreement.PrivateKey(dataRepresentation: blob) }
        } catch HolderKeyError.Gone where make {
            let key = try Self.failing { try SecureEnclave.P256.KeyAgreement.PrivateKey(accessControl: Self.whenUnlocked()) }
            try save(key.dataRepresentation, as: Self.wrapping)
            return key
        }
    }

    /// Used by biometrics or the passcode, and gone when the passcode is removed.
    fileprivate static func whenUnlockedByHolder() throws -> SecAccessControl {
        try access([.privateKeyUsage, .userPresence])
    }

    private static func whenUnlocked() throws -> SecAccessControl { try access([.privateKeyUsage]) }

    private static func access(_ flags: SecAccessControlCreateFlags) throws -> SecAccessControl {
        guard let control = SecAccessControlCreateWithFlags(nil, kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly, flags, nil) else {
            throw HolderKeyError.Failed
        }
        return control
    }

    private func query(_ handle: String) -> [CFString: Any] {
        [
            kSecClass: kSecClassGenericPassword, kSecAttrService: Self.service, kSecAttrAccount: handle,
            kSecUseDataProtectionKeychain: true,
        ]
    }

    private func save(_ blob: Data, as handle: String) throws {
        var item = query(handle)
        item[kSecAttrAccessible] = kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly // never in a backup
        item[kSecValueData] = blob
        guard SecItemAdd(item as CFDictionary, nil) == errSecSuccess else { throw HolderKeyError.Failed }
    }

    private func load(_ handle: String) throws -> Data {
        var wanted = query(handle)
        wanted[kSecReturnData] = true
        var found: CFTypeRef?
        switch SecItemCopyMatching(wanted as CFDictionary, &found) {
        case errSecSuccess: break
        case errSecItemNotFound: throw HolderKeyError.Gone
        default: throw HolderKeyError.Failed
        }
        guard let blob = found as? Data else { throw HolderKeyError.Failed }
        return blob
    }

    /// Goes on while the device sleeps, and nobody can set it back.
    private static func sinceBoot() -> TimeInterval { Double(clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)) / 1e9 }

    private static func failing<T>(_ work: () throws -> T) throws -> T {
        do { return try work() } catch { throw known(error) }
    }

    /// The platform's errors as the wallet knows them.
    fileprivate static func known(_ error: Error) -> HolderKeyError {
        switch error {
        case let error as HolderKeyError: error
        case let error as LAError where declined.contains(error.code): .Declined
        case CryptoKitError.authenticationFailure: .Gone // sealed by another device, or changed since
        default: .Failed
        }
    }

    /// An invalid context is one that `lock` ended.
    private static let declined: [LAError.Code] = [
        .userCancel, .appCancel, .systemCancel, .authenticationFailed, .userFallback, .invalidContext,
    ]
}

/// One answer of the holder's, to use any of the keys by.
private final class HoldersAnswer: Unlockable, @unchecked Sendable {
    let context = LAContext()
    private let reason: String

    init(reason: String) { self.reason = reason }

    deinit { context.invalidate() }

    // Asked here, not by the first signature: it would block its thread, and wrap a no in errors that nothing describes.
    func ask() async throws {
        do {
            let control = try SecureEnclaveKeyStore.whenUnlockedByHolder()
            guard try await context.evaluateAccessControl(control, operation: .useKeySign, localizedReason: reason) else {
                throw HolderKeyError.Declined
            }
        } catch {
            throw SecureEnclaveKeyStore.known(error)
        }
    }

    func end() { context.invalidate() }
}
#endif
