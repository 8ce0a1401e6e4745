#if canImport(CryptoKit)
import CryptoKit
import Foundation
import Huizheng

/// A key store in software, with CryptoKit, for trying things out on a Mac. It says so, and forgets its keys with the process: see
/// `SecureEnclaveKeyStore` for a phone's.
public final class SoftwareKeyStore: HolderKeyStore, @unchecked Sendable {
    private let lock = NSLock()
    private var keys: [String: P256.Signing.PrivateKey] = [:]
    private let secret = SymmetricKey(size: .bits256)

    public init() {}

    public func protection() -> KeyProtection { .software }

    public func generate(algorithm: KeyAlgorithm) async throws -> HolderKey {
        guard algorithm == .p256 else { throw HolderKeyError.Unsupported }
        let (key, handle) = (P256.Signing.PrivateKey(), UUID().uuidString)
        lock.withLock { keys[handle] = key }
        return HolderKey(handle: handle, publicKey: key.publicKey.x963Representation)
    }

    public func sign(handle: String, message: Data) async throws -> Data {
        guard let key = lock.withLock({ keys[handle] }) else { throw HolderKeyError.Gone }
        return try key.signature(for: message).rawRepresentation
    }

    public func attest(keys _: [HolderKey], nonce _: String?) async throws -> String { throw HolderKeyError.Unsupported }

    public func delete(handle: String) async throws { lock.withLock { keys[handle] = nil } }

    public func wrap(secret plain: Data) async throws -> Data { try AES.GCM.seal(plain, using: secret).combined! }

    public func unwrap(wrapped: Data) async throws -> Data {
        guard let box = try? AES.GCM.SealedBox(combined: wrapped), let plain = try? AES.GCM.open(box, using: secret) else {
            throw HolderKeyError.Gone
        }
        return plain
    }
}
#elseif canImport(COpenSSL)
import COpenSSL
import Foundation
import Huizheng

/// A key store in software, with OpenSSL, for trying things out on Linux. It says so, and forgets its keys with the process: see
/// `SecureEnclaveKeyStore` for a phone's.
public final class SoftwareKeyStore: HolderKeyStore, @unchecked Sendable {
    private let lock = NSLock()
    private var keys: [String: OpaquePointer] = [:]
    private let secret: [UInt8] = random(32)

    public init() {}

    public func protection() -> KeyProtection { .software }

    public func generate(algorithm: KeyAlgorithm) async throws -> HolderKey {
        guard algorithm == .p256 else { throw HolderKeyError.Unsupported }
        let making = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(making) }
        var key: OpaquePointer?
        try check(EVP_PKEY_keygen_init(making))
        try check(EVP_PKEY_CTX_set_group_name(making, "P-256"))
        try check(EVP_PKEY_generate(making, &key))
        var point = [UInt8](repeating: 0, count: 65)
        var length = 0
        try check(EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &length))
        guard length == point.count else { throw HolderKeyError.Failed }
        let handle = UUID().uuidString
        locked { keys[handle] = key }
        return HolderKey(handle: handle, publicKey: Data(point))
    }

    public func sign(handle: String, message: Data) async throws -> Data {
        guard let key = locked({ keys[handle] }) else { throw HolderKeyError.Gone }
        let signing = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(signing) }
        let bytes = [UInt8](message)
        try check(EVP_DigestSignInit(signing, nil, EVP_sha256(), nil, key))
        var length = 0
        try check(EVP_DigestSign(signing, nil, &length, bytes, bytes.count))
        var der = [UInt8](repeating: 0, count: length)
        try check(EVP_DigestSign(signing, &der, &length, bytes, bytes.count))
        return try raw(der, length)
    }

    public func attest(keys _: [HolderKey], nonce _: String?) async throws -> String { throw HolderKeyError.Unsupported }

    public func delete(handle: String) async throws {
        locked { EVP_PKEY_free(keys.removeValue(forKey: handle)) }
    }

    public func wrap(secret plain: Data) async throws -> Data {
        let nonce = random(12)
        let sealing = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(sealing) }
        var (out, length, tag) = ([UInt8](repeating: 0, count: plain.count), Int32(0), [UInt8](repeating: 0, count: 16))
        try check(EVP_EncryptInit_ex(sealing, EVP_aes_256_gcm(), nil, secret, nonce))
        try check(EVP_EncryptUpdate(sealing, &out, &length, [UInt8](plain), Int32(plain.count)))
        try check(EVP_EncryptFinal_ex(sealing, nil, &length))
        try check(EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, 16, &tag))
        return Data(nonce + tag + out)
    }

    public func unwrap(wrapped: Data) async throws -> Data {
        let bytes = [UInt8](wrapped)
        guard bytes.count > 28 else { throw HolderKeyError.Gone }
        let (nonce, sealed) = (Array(bytes[0 ..< 12]), Array(bytes[28...]))
        var tag = Array(bytes[12 ..< 28])
        let opening = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(opening) }
        var (out, length) = ([UInt8](repeating: 0, count: sealed.count), Int32(0))
        try check(EVP_DecryptInit_ex(opening, EVP_aes_256_gcm(), nil, secret, nonce))
        try check(EVP_DecryptUpdate(opening, &out, &length, sealed, Int32(sealed.count)))
        try check(EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, 16, &tag))
        guard EVP_DecryptFinal_ex(opening, nil, &length) == 1 else { throw HolderKeyError.Gone }
        return Data(out)
    }

    /// OpenSSL gives DER; the wallet takes raw r ‖ s, 32 bytes each.
    private func raw(_ der: [UInt8], _ length: Int) throws -> Data {
        try der.withUnsafeBufferPointer { buffer in
            var at = buffer.baseAddress
            guard let signature = d2i_ECDSA_SIG(nil, &at, length) else { throw HolderKeyError.Failed }
            defer { ECDSA_SIG_free(signature) }
            var (r, s) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
            guard BN_bn2binpad(ECDSA_SIG_get0_r(signature), &r, 32) == 32, BN_bn2binpad(ECDSA_SIG_get0_s(signature), &s, 32) == 32 else {
                throw HolderKeyError.Failed
            }
            return Data(r + s)
        }
    }

    private func check(_ outcome: Int32) throws {
        guard outcome == 1 else { throw HolderKeyError.Failed }
    }

    @discardableResult
    private func locked<T>(_ work: () -> T) -> T {
        lock.lock()
        defer { lock.unlock() }
        return work()
    }
}

private func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0 ..< count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
#endif
