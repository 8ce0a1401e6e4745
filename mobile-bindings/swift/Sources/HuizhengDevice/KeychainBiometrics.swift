#if canImport(LocalAuthentication) && canImport(Security)
import Foundation
import Huizheng
import LocalAuthentication
import Security

/// A secret that the device gives back to its owner's face or finger: a keychain item of the enrolled set alone, gone when a face or
/// finger is added. What the wallet keeps beside it is only its name.
///
/// Nothing of this has run on a device: docs/device-checklist.md.
public final class KeychainBiometrics: Biometrics, @unchecked Sendable {
    private static let service = "cn.huizheng.wallet.biometrics"
    private let reason: String

    /// - Parameter reason: why the holder is asked, in her language.
    public init(reason: String) { self.reason = reason }

    public func protect(secret: Data) async throws -> Data {
        guard LAContext().canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: nil) else { throw HolderKeyError.Unsupported }
        try await forget()
        let flags: SecAccessControlCreateFlags = .biometryCurrentSet
        guard let control = SecAccessControlCreateWithFlags(nil, kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly, flags, nil) else {
            throw HolderKeyError.Failed
        }
        let name = UUID().uuidString
        var item = query(name)
        item[kSecAttrAccessControl] = control
        item[kSecValueData] = secret
        guard SecItemAdd(item as CFDictionary, nil) == errSecSuccess else { throw HolderKeyError.Failed }
        return Data(name.utf8)
    }

    public func release(guarded: Data) async throws -> Data {
        let context = LAContext()
        context.localizedReason = reason
        context.localizedFallbackTitle = "" // the wallet's own PIN is the fallback
        var wanted = query(String(decoding: guarded, as: UTF8.self))
        wanted[kSecReturnData] = true
        wanted[kSecUseAuthenticationContext] = context
        var found: CFTypeRef?
        switch SecItemCopyMatching(wanted as CFDictionary, &found) {
        case errSecSuccess: break
        case errSecItemNotFound: throw HolderKeyError.Gone // another set is enrolled, or another secret
        case errSecUserCanceled, errSecAuthFailed: throw HolderKeyError.Declined
        default: throw HolderKeyError.Failed
        }
        guard let secret = found as? Data else { throw HolderKeyError.Failed }
        return secret
    }

    public func forget() async throws {
        let all: [CFString: Any] = [kSecClass: kSecClassGenericPassword, kSecAttrService: Self.service, kSecUseDataProtectionKeychain: true]
        let status = SecItemDelete(all as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw HolderKeyError.Failed }
    }

    private func query(_ name: String) -> [CFString: Any] {
        [
            kSecClass: kSecClassGenericPassword, kSecAttrService: Self.service, kSecAttrAccount: name,
            kSecUseDataProtectionKeychain: true,
        ]
    }
}
#endif
