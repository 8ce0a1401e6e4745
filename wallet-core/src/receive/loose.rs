//! Keys in the device that nothing needs any more. They are noted in the very write that ends the last need, until the device
//! has deleted them: none is forgotten, however the process ends.

use crate::{
    context::Context,
    ports::KeyHandle,
    vault::{Sealed, VaultError, VaultTx},
};

/// By handle (blinded: nobody knows what devices put into one).
const LOOSE: Sealed<KeyHandle> = Sealed::new("loose-keys");

/// From this write on nothing needs these keys.
pub(crate) fn let_go(
    tx: &mut VaultTx<'_, '_>,
    keys: impl IntoIterator<Item = KeyHandle>,
) -> Result<(), VaultError> {
    keys.into_iter().try_for_each(|key| {
        let name = tx.blind(&key.0);
        tx.put(&LOOSE, &name, &key)
    })
}

/// Deletes the keys that nothing needs. One that the device can't delete now stays noted for the next time.
pub(crate) async fn sweep(context: &Context) -> Result<(), VaultError> {
    let mut gone = Vec::new();
    for (name, key) in context.vault.all(&LOOSE)? {
        match context.ports.keys.delete(&key).await {
            Ok(()) => gone.push(name),
            Err(_) => tracing::warn!("a key that is not needed could not be deleted"),
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    context.vault.write(move |tx| gone.iter().try_for_each(|name| tx.remove(&LOOSE, name))).await
}

/// Every key that is still to be deleted.
pub(super) fn keys(context: &Context) -> Result<Vec<KeyHandle>, VaultError> {
    Ok(context.vault.all(&LOOSE)?.into_iter().map(|(_, key)| key).collect())
}
