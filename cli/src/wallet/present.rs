//! Consent in the terminal: who asks, why, what leaves, what stays.

use registry::LegalBasis;
use wallet_core::{
    CardOption, Choice, ConsentRequest, Link, PresentError, Question, RequestRefused, Wallet, Warning,
};

use super::words;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint, pad, pairs, plain, width};

pub(super) async fn run(wallet: &Wallet, link: &str, yes: bool) -> Done {
    let paint = Paint::stdout();
    let request = wallet.review_request(link).await.map_err(|error| refused(&error))?;
    let Some(choice) = agreed(wallet, &request, yes).await? else { return Ok(()) };
    let presented = wallet.present(&request.id, &choice).await.map_err(|error| not_presented(&error))?;
    if let Some(next) = presented.redirect {
        let sent = paint.text(Ink::Good, "✓");
        term::say_line(format!(
            "{sent} Sent. Go on here; the link is yours alone:\n  {}",
            plain(next.as_str())
        ));
        return Ok(());
    }
    term::say_line(format!("{} Sent. The result is on their screen.", paint.text(Ink::Good, "✓")));
    Ok(())
}

/// What the holder agrees to, after she has seen all of it; none if she declines.
pub(super) async fn agreed(wallet: &Wallet, request: &ConsentRequest, yes: bool) -> Done<Option<Choice>> {
    let choice = if yes { Choice::first() } else { choose(request)? };
    term::say(draw(Paint::stdout(), request, &choice));
    if !yes && !term::ask("Share this?")? {
        wallet.decline(&request.id).await.or_fault("check the folder's rights and space")?;
        term::say_line("Declined. Nothing was sent.");
        return Ok(None);
    }
    Ok(Some(choice))
}

/// Asks which card, where several would do.
fn choose(request: &ConsentRequest) -> Done<Choice> {
    let mut choice = Choice::first();
    let demanded = request.questions.iter().filter(|question| !question.optional);
    for question in demanded.filter(|question| question.options.len() > 1) {
        term::say_line(format!("{}: which one?", plain(&question.label.en)));
        for (number, option) in question.options.iter().enumerate() {
            term::say_line(format!(
                "  {}  {}  {}",
                number + 1,
                plain(&option.holder_line),
                option.format.as_str()
            ));
        }
        let answer = term::line("[1] ")?;
        let index = answer.trim().parse::<usize>().unwrap_or(1).saturating_sub(1);
        if let Some(option) = question.options.get(index) {
            choice = choice.with(&question.id, &option.id);
        }
    }
    Ok(choice)
}

fn picked<'q>(question: &'q Question, choice: &Choice) -> Option<&'q CardOption> {
    let named = choice.of(&question.id);
    let found = question.options.iter().find(|option| named.contains(&option.id));
    found.or(question.options.first().filter(|_| !question.optional))
}

fn draw(paint: Paint, request: &ConsentRequest, choice: &Choice) -> String {
    let basis = match request.legal_basis {
        LegalBasis::Consent => "your consent",
        LegalBasis::Statutory => "required by law",
    };
    let name = format!("{} {}", request.verifier.name.zh, request.verifier.name.en);
    let mut out = format!("\n{}\n", paint.text(Ink::Strong, plain(&name)));
    out += &format!("  {}\n\n", paint.text(Ink::Good, "registered on the chain to ask for this purpose"));
    out += &pairs(
        paint,
        2,
        &[
            ("purpose", plain(&format!("{} {}", request.purpose_name.zh, request.purpose_name.en))),
            ("basis", plain(&format!("{basis} · {}", request.legal_text.en))),
            ("kept", service::ui::kept_for(service::Lang::En, request.retention_days)),
            (
                "sent to",
                if request.verifier.host.is_empty() {
                    "nobody: it is shown as a QR code".into()
                } else {
                    plain(&request.verifier.host)
                },
            ),
        ],
    );
    for option in request.questions.iter().filter_map(|question| picked(question, choice)) {
        let card = plain(&format!("{} {}", option.label.zh, option.label.en));
        out += &format!("\n  {} {card}\n", paint.text(Ink::Strong, "leaves, of"));
        let labels = option.leaves.iter().map(words::label).collect::<Vec<_>>();
        let columns = labels.iter().map(|label| width(label)).max().unwrap_or(0);
        for (label, claim) in labels.iter().zip(&option.leaves) {
            out += &format!("    {}  {}\n", paint.text(Ink::Faint, pad(label, columns)), words::value(claim));
        }
        if !option.stays.is_empty() {
            let stays =
                option.stays.iter().map(|claim| plain(&claim.label.en)).collect::<Vec<_>>().join(", ");
            out += &format!("  {} {stays}\n", paint.text(Ink::Strong, "stays"));
        }
        for warning in &option.warnings {
            out += &format!("  {}\n", paint.text(Ink::Unsure, caution(*warning)));
        }
    }
    for link in request.links(choice) {
        if let Link::Together { .. } = link {
            let text = "Shown together, these cards tell them that all are one person's.";
            out += &format!("\n  {}\n", paint.text(Ink::Unsure, text));
        }
    }
    out.push('\n');
    out
}

fn caution(warning: Warning) -> &'static str {
    match warning {
        Warning::NotInForce => "This card is not in force; it will probably be refused.",
        Warning::StateUnknown => "The newest status of this card isn't known.",
        Warning::ShownWhole => "In this form the card can only be shown whole.",
        Warning::SeenByAnother => "Another organisation has seen this card; the two could compare notes.",
    }
}

pub(super) fn refused(error: &RequestRefused) -> Fault {
    let todo = match error {
        RequestRefused::Web(_) | RequestRefused::Chain(_) => "check the connection and try again",
        RequestRefused::Link(_)
        | RequestRefused::Status(_)
        | RequestRefused::Code(_)
        | RequestRefused::WalletsCode
        | RequestRefused::Offline(_) => "ask for a new code",
        RequestRefused::NothingFits(_) => "see your cards with `huizheng wallet list`",
        RequestRefused::Vault(_) => "check the folder's rights and space",
        RequestRefused::NotAToken(_)
        | RequestRefused::Request(_)
        | RequestRefused::VerifierNotOnThisChain
        | RequestRefused::VerifierKey(_)
        | RequestRefused::Signature
        | RequestRefused::EncryptedResponse
        | RequestRefused::NoPurpose
        | RequestRefused::NotRegistered { .. }
        | RequestRefused::AsksTooMuch { .. }
        | RequestRefused::UnknownType => "the wallet refused by itself; nothing was sent",
    };
    Fault::new(error.to_string(), todo)
}

pub(super) fn not_presented(error: &PresentError) -> Fault {
    let todo = match error {
        PresentError::NotOpen | PresentError::Expired => "ask for a new code; nothing was sent",
        PresentError::WouldLink => "choose other cards, or renew the card; nothing was sent",
        PresentError::NotAnOption(_) | PresentError::CardGone | PresentError::SeenMeanwhile => {
            "start again; nothing was sent"
        }
        PresentError::TooBig(_) => "leave pictures out, or use the network; nothing was shown",
        PresentError::Rejected { .. } => "their screen says more",
        PresentError::Web(_) => "look at their screen; if it shows no result, ask for a new code",
        PresentError::Keys(_) | PresentError::Vault(_) => {
            "check the folder's rights and space; nothing was sent"
        }
    };
    Fault::new(error.to_string(), todo)
}
