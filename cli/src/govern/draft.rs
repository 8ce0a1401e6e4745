//! What several sign one after another, each where the own key is: a file goes round.

use std::path::Path;

use registry::build::TxSigner;
use registry::{Action, Author, Ed25519Key, Transaction};
use service::files;

use crate::fault::{Done, Fault, OrFault};
use crate::term;

const BROKEN: &str = "this build is broken; report it";

/// Who signs.
type Signers<'s> = [&'s (dyn TxSigner + Send + Sync)];

/// Writes a draft with these signatures.
pub(super) fn begin(file: &Path, draft: Transaction, signers: &Signers<'_>) -> Done {
    write(file, &signed(draft, signers)?)
}

/// Shows a draft, and adds these signatures to it.
pub(super) fn sign(file: &Path, signers: &Signers<'_>) -> Done {
    let draft = read(file)?;
    if let Author::Did(did) = &draft.author {
        term::say_line(format!("in the name of {did}:"));
    }
    term::say_line(serde_json::to_string_pretty(&draft.action).or_fault(BROKEN)?);
    let draft = signed(draft, signers)?;
    write(file, &draft)?;
    let by = draft.signatures.len();
    term::say_line(format!("signed by {by}; when enough did: huizheng registry submit"));
    Ok(())
}

/// A draft, as far as it is signed.
pub(super) fn read(file: &Path) -> Done<Transaction> {
    let todo = format!("{}: name the draft that another department wrote with --draft", file.display());
    let bytes = std::fs::read(file).or_fault(todo.clone())?;
    serde_json::from_slice(&bytes).or_fault(todo)
}

fn signed(draft: Transaction, signers: &Signers<'_>) -> Done<Transaction> {
    signers.iter().try_fold(draft, |draft, signer| {
        let key = signer.public_key();
        if draft.signatures.iter().any(|signature| signature.key == key) {
            return Err(Fault::new(format!("{key} signed it already"), "let another department sign"));
        }
        only_by(&draft.action, key)?;
        draft.signed_by(*signer).or_fault("is the key still there?")
    })
}

/// A recovery is signed by the recovery key alone.
fn only_by(action: &Action, key: Ed25519Key) -> Done {
    match action {
        Action::DidRecover { recovery_key, .. } if *recovery_key != key => {
            Err(Fault::new(format!("{key} is not the recovery key"), format!("sign with {recovery_key}")))
        }
        _ => Ok(()),
    }
}

fn write(file: &Path, draft: &Transaction) -> Done {
    let text = serde_json::to_vec_pretty(draft).or_fault(BROKEN)?;
    files::write_public(file, &text).or_fault("name a file that can be written")
}
