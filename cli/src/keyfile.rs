//! `huizheng key …`, and where the passphrase of a key file comes from.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use chain::keys::{self, KeyFileError};
use registry::build::{SoftwareSigner, TxSigner};
use service::organisation::RECOVERY_KEY;
use zeroize::Zeroizing;

use crate::args::{KeyArgs, KeyCommand};
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

/// The shortest passphrase that is taken, in characters.
const SHORTEST: usize = 12;
/// How often a wrong one may be corrected on a terminal.
const TRIES: usize = 3;
/// Names a file that holds the passphrase.
const VARIABLE: &str = "HUIZHENG_PASSPHRASE_FILE";

/// Runs `huizheng key …`.
pub fn run(args: KeyArgs) -> Done {
    match args.command {
        KeyCommand::New { file } => make(&file),
        KeyCommand::Show { file } => show(&file),
        KeyCommand::Protect { file } => protect(&file),
        KeyCommand::Unprotect { file } => {
            let key = load(&file)?;
            keys::write(&file, &key, None).or_fault("the file is as it was; try again")?;
            say(&file, &key, "without a passphrase: whoever reads the file has the key")
        }
    }
}

/// The key in a file that must exist. Its passphrase, where it has one, comes from the file that
/// `HUIZHENG_PASSPHRASE_FILE` names, from systemd's credential `passphrase`, or from the terminal.
///
/// # Errors
/// What is wrong with the file or the passphrase.
pub fn load(path: &Path) -> Done<SoftwareSigner> {
    let mut tries = 0;
    loop {
        let told = passphrase_file().map(|file| read(&file)).transpose()?;
        let is_told = told.is_some();
        tries += 1;
        return match keys::load(path, &|path| told.clone().or_else(|| ask(path))) {
            Err(KeyFileError::Passphrase { .. }) if !is_told && tries < TRIES => {
                eprintln!("That is not its passphrase.");
                continue;
            }
            Err(error @ KeyFileError::NoPassphrase { .. }) => Err(error)
                .or_fault(format!("name a file that holds it in {VARIABLE}, or run this on a terminal")),
            Err(error @ KeyFileError::Passphrase { .. }) => {
                Err(error).or_fault("give the right passphrase, or restore the file from its backup")
            }
            loaded => loaded.or_fault("restore the file from its backup; a key is never made anew"),
        };
    }
}

/// Says so where a recovery key still lies beside the keys that it can replace.
pub(crate) fn remind(keys: &Path) {
    let file = keys.join(RECOVERY_KEY);
    if file.exists() {
        let path = file.display();
        tracing::warn!(%path, "the recovery key lies beside the keys that it can replace: put it away, it is not read here");
    }
}

fn make(file: &Path) -> Done {
    if file.exists() {
        return Err(Fault::new(
            format!("{} is there already", file.display()),
            "name a file that is to be made",
        ));
    }
    let key = keys::load_or_create(file).or_fault("name a file that can be written")?;
    say(file, &key, "without a passphrase; `huizheng key protect` gives it one")
}

fn show(file: &Path) -> Done {
    let known = keys::describe(file).or_fault("name a key file, for instance n0/validator.key")?;
    let kept = if known.is_protected { "under a passphrase" } else { "without a passphrase" };
    let lines = [("public key", known.public.to_string()), ("kept", kept.to_owned())];
    term::say(term::pairs(Paint::stdout(), 0, &lines));
    Ok(())
}

fn protect(file: &Path) -> Done {
    let key = load(file)?;
    let passphrase = match passphrase_file() {
        Some(told) => read(&told)?,
        None => choose()?,
    };
    if passphrase.chars().count() < SHORTEST {
        return Err(Fault::new(
            format!("the passphrase has fewer than {SHORTEST} characters"),
            "take a longer one: four words drawn at random are good",
        ));
    }
    keys::write(file, &key, Some(&passphrase)).or_fault("the file is as it was; try again")?;
    say(file, &key, "under a passphrase; backups made before hold it without")
}

fn say(file: &Path, key: &SoftwareSigner, kept: &str) -> Done {
    let paint = Paint::stdout();
    term::say_line(format!("{} {}", paint.text(Ink::Good, "done"), file.display()));
    let lines = [("public key", key.public_key().to_string()), ("kept", kept.to_owned())];
    term::say(term::pairs(paint, 2, &lines));
    Ok(())
}

fn passphrase_file() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(named.into());
    }
    // systemd: LoadCredentialEncrypted=passphrase:…
    let given = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join("passphrase");
    given.exists().then_some(given)
}

fn read(path: &Path) -> Done<Zeroizing<String>> {
    let at = |what: &str| format!("{}: {what}", path.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).or_fault(at("name a file that exists"))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(Fault::new(at("others can read the passphrase"), "chmod 600 it"));
        }
    }
    let text = std::fs::read_to_string(path).or_fault(at("write the passphrase into it as one line"))?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn ask(path: &Path) -> Option<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    rpassword::prompt_password(format!("Passphrase of {}: ", path.display())).ok().map(Zeroizing::new)
}

fn choose() -> Done<Zeroizing<String>> {
    let prompt = |text: &str| {
        let todo = format!("name a file that holds it in {VARIABLE}, or run this on a terminal");
        rpassword::prompt_password(text).or_fault(todo).map(Zeroizing::new)
    };
    let chosen = prompt(&format!("Choose a passphrase (at least {SHORTEST} characters): "))?;
    if *prompt("Once more: ")? == *chosen {
        Ok(chosen)
    } else {
        Err(Fault::new("the two are not the same", "start again"))
    }
}
