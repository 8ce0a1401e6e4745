#if canImport(CryptoKit) && canImport(LocalAuthentication)
import CryptoKit
import Foundation
import Huizheng
import LocalAuthentication
import Security

/// Keys in the Secure Enclave. They never leave it: what the keychain keeps is a blob that only this device's enclave can use.
/// A device without an enclave (a simulator on an old Mac) has no such store, and `init` throws.
///
/// Nothing of this has run on a device: docs/device-checklist.md.
public final class SecureEnclaveKeyStore: HolderKeyStore, @unchecked Sendable {
    private static let service = "cn.huizheng.wallet.keys"
    private static let wrapping = "wrapping"
    private let reason: String

    /// - Parameter reason: why the holder is asked to unlock, in her language.
    public init(reason: String) throws {
        guard SecureEnclave.isAvailable else { throw HolderKeyError.Unsupported }
        self.reason = reason
    }

    public func protection() -> KeyProtection { .hardware }

    public func generate(algorithm: KeyAlgorithm) async throws -> HolderKey {
        guard algorithm == .p256 else { throw HolderKeyError.Unsupported }
        let key = try failing { try SecureEnclave.P256.Signing.PrivateKey(accessControl: Self.whenUnlockedByHolder()) }
        let handle = UUID().uuidString
        try save(key.dataRepresentation, as: handle)
        return HolderKey(handle: handle, publicKey: key.publicKey.x963Representation)
    }

    public func sign(handle: String, message: Data) async throws -> Data {
        let blob = try load(handle)
        return try failing {
            let context = LAContext()
            context.localizedReason = reason
            let key = try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: blob, authenticationContext: context)
            return try key.signature(for: message).rawRepresentation // hashed with SHA-256; raw r ‖ s
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
        return try failing {
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
        return try failing {
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
            return try failing { try SecureEnclave.P256.KeyAgreement.PrivateKey(dataRepresentation: blob) }
        } catch HolderKeyError.Gone where make {
            let key = try failing { try SecureEnclave.P256.KeyAgreement.PrivateKey(accessControl: Self.whenUnlocked()) }
            try save(key.dataRepresentation, as: Self.wrapping)
            return key
        }
    }

    /// Each use by biometrics or the passcode, and gone when the passcode is removed.
    private static func whenUnlockedByHolder() throws -> SecAccessControl {
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

    /// The platform's errors as the wallet knows them.
    private func failing<T>(_ work: () throws -> T) throws -> T {
        do {
            return try work()
        } catch let error as HolderKeyError {
            throw error
        } catch let error as LAError where [.userCancel, .appCancel, .systemCancel, .authenticationFailed, .userFallback].contains(error.code) {
            throw HolderKeyError.Declined
        } catch CryptoKitError.authenticationFailure {
            throw HolderKeyError.Gone // sealed by another device, or changed since
        } catch {
            throw HolderKeyError.Failed
        }
    }
}
#endif
