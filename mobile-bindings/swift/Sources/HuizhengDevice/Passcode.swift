#if canImport(LocalAuthentication)
import LocalAuthentication

/// Whether the device has a passcode. Without one it keeps no key: `Wallet.create` and `restoreWallet` end with `TryAgain` until its holder
/// sets one, so ask before, and tell her.
public func hasPasscode() -> Bool {
    LAContext().canEvaluatePolicy(.deviceOwnerAuthentication, error: nil)
}
#endif
