//! Decisions that departments sign one after another, each where its own key is: a file goes round.

use std::path::Path;

use registry::Transaction;

use crate::fault::{Done, Fault, OrFault};
use crate::govern::Governance;
use crate::term;
use service::files;

const BROKEN: &str = "this build is broken; report it";

/// Writes a draft with these departments' signatures.
pub(super) fn begin(file: &Path, draft: Transaction, signers: &Governance) -> Done {
    write(file, &signed(draft, signers)?)?;
    term::say_line(format!("{} waits for the others: huizheng registry sign", file.display()));
    Ok(())
}

/// Shows a draft, and adds these departments' signatures to it.
pub(super) fn sign(file: &Path, signers: &Governance) -> Done {
    let draft = read(file)?;
    term::say_line(serde_json::to_string_pretty(&draft.action).or_fault(BROKEN)?);
    let draft = signed(draft, signers)?;
    write(file, &draft)?;
    term::say_line(format!(
        "signed by {}; when enough did: huizheng registry submit",
        draft.signatures.len()
    ));
    Ok(())
}

/// A draft, as far as it is signed.
pub(super) fn read(file: &Path) -> Done<Transaction> {
    let todo = format!("{}: name the draft that another department wrote with --draft", file.display());
    let bytes = std::fs::read(file).or_fault(todo.clone())?;
    serde_json::from_slice(&bytes).or_fault(todo)
}

fn signed(draft: Transaction, signers: &Governance) -> Done<Transaction> {
    signers.signers().into_iter().try_fold(draft, |draft, signer| {
        let key = signer.public_key();
        if draft.signatures.iter().any(|signature| signature.key == key) {
            return Err(Fault::new(format!("{key} signed it already"), "let another department sign"));
        }
        draft.signed_by(signer).or_fault("is the key still there?")
    })
}

fn write(file: &Path, draft: &Transaction) -> Done {
    let text = serde_json::to_vec_pretty(draft).or_fault(BROKEN)?;
    files::write_public(file, &text).or_fault("name a file that can be written")
}
