//! An answer shown as QR codes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::catalogue::Catalogue;
use credentials::jws;
use protocol::offline::{CheckedOfflineRequest, Message, OfflineRequest};
use registry::{Anchor, LightClient};
use service::clock;
use verifier::offline::{OfflineDecision, Question, Register, judge};
use verifier::{Outcome, PurposeConfig, Verdict};

use super::{VerifyArgs, codes};
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint, plain};
use crate::verifier::journal;

/// What to do when there is no decision.
const AGAIN: &str = "show the codes again, or ask by this policy (`verify ask --policy`)";

pub(super) fn run(files: &[PathBuf], args: &VerifyArgs, anchor: Anchor) -> Done {
    let answer = match codes::message(&codes::read(files)?)? {
        Message::Answer(answer) => answer,
        Message::Ask(_) => {
            return Err(Fault::new(
                "this is a counter's request, not an answer",
                "give the answer with --offline",
            ));
        }
    };
    let request = args
        .request
        .as_ref()
        .ok_or_else(|| Fault::new("there is no request", "name it with --request FILE"))?;
    let request = request_of(request)?;
    let policy = args.policy.as_ref().map(|path| PurposeConfig::load(path)).transpose();
    let policy = policy.or_fault("mend the policy")?;
    let catalogue = Catalogue::bundled().or_fault("this build is broken; report it")?;
    let question = Question {
        query: &request.query,
        client_id: request.client_id.as_str(),
        binding: &request.binding,
        policy: policy.as_ref(),
        max_age: Duration::from_secs(u64::from(args.max_age) * 3600),
        now: clock::now(),
    };
    let register = register(args.snapshot.as_deref(), anchor)?;
    let decision = match &args.journal {
        None => judge(&answer, question, catalogue, &register).or_fault(AGAIN)?,
        Some(file) => {
            let mut journal = journal::open(file, args.journal_key.as_deref())?;
            let noted = journal.decide(&answer, question, catalogue, &register);
            noted.or_fault(format!(
                "nothing was decided: {AGAIN}; or mend what keeps the journal from being written"
            ))?
        }
    };
    term::say(draw(Paint::stdout(), &decision));
    match decision.decision {
        Verdict::Accepted => Ok(()),
        _ => Err(Fault::new(decision.reason.en, "the checks above say more")),
    }
}

/// The anchor, and what the snapshot proves from there.
fn register(snapshot: Option<&Path>, anchor: Anchor) -> Done<Register> {
    let Some(file) = snapshot else { return Ok(LightClient::new(anchor).into()) };
    let todo = "make it anew with `huizheng registry snapshot`, by the same anchor";
    let bytes = std::fs::read(file).or_fault(format!("{} can't be read; {todo}", file.display()))?;
    Register::open(&bytes, anchor, clock::now()).or_fault(todo)
}

/// The counter's own request. Its signature is for the phone to check.
pub(super) fn request_of(file: &Path) -> Done<CheckedOfflineRequest> {
    let todo = "give the counter's request as a JWS, as the texts of its codes, or as a picture";
    let read = codes::read(&[file.to_path_buf()])?;
    let token = match read.as_slice() {
        [token] if !codes::is_code(token) => token.clone(),
        texts => match codes::message(texts)? {
            Message::Ask(ask) => ask.request,
            Message::Answer(_) => return Err(Fault::new("this is an answer, not a request", todo)),
        },
    };
    let token = jws::Unverified::parse(&token).or_fault(todo)?;
    let claims = serde_json::to_vec(token.dangerous_claims()).or_fault(todo)?;
    let request = OfflineRequest::parse(&claims).or_fault(todo)?;
    request.check(clock::now().seconds()).or_fault("ask again with a new request")
}

fn draw(paint: Paint, decision: &OfflineDecision) -> String {
    let (ink, word) = match decision.decision {
        Verdict::Accepted => (Ink::Good, "accepted"),
        Verdict::Refused => (Ink::Bad, "refused"),
        Verdict::CannotTell => (Ink::Unsure, "cannot tell"),
    };
    let mut out = format!("\n{}  {}\n", paint.text(ink, word), plain(&decision.reason.en));
    if let Some(time) = decision.evidence_of {
        out += &format!("  what is known from the register is of {time}\n");
    }
    for check in &decision.checks {
        let sign = match check.outcome {
            Outcome::Passed => paint.text(Ink::Good, "✓"),
            Outcome::Failed => paint.text(Ink::Bad, "✗"),
            Outcome::Unknown => paint.text(Ink::Unsure, "?"),
        };
        out += &format!("  {sign} {:<28} {}\n", check.id.id(), plain(&check.finding.en));
    }
    for (kind, claims) in &decision.claims {
        out += &format!("\n  {}\n", paint.text(Ink::Strong, plain(kind)));
        for (name, value) in claims {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value = if value.starts_with("data:") { "(a picture)".to_owned() } else { value };
            out += &format!("    {name}  {}\n", plain(&value));
        }
    }
    out
}
