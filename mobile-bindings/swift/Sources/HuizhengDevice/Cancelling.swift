import Huizheng

/// Calls the wallet so that cancelling the task ends the call, which Swift does not do for Rust by itself:
///
/// ```swift
/// let offer = try await cancellable(wallet) { try await $0.previewOffer(link: scanned) }
/// ```
public func cancellable<T>(_ wallet: Wallet, _ call: (Wallet) async throws -> T) async throws -> T {
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        try await call(wallet.until(handle: handle))
    } onCancel: {
        handle.cancel()
    }
}
