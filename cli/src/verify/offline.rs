//! An answer shown as QR codes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::catalogue::Catalogue;
use credentials::jws;
use protocol::offline::{CheckedOfflineRequest, Message, OFFLINE_TYPE, OfflineRequest};
use registry::{Anchor, LightClient};
use service::clock;
use verifier::offline::{OfflineDecision, Question, Register, judge};
use verifier::{Outcome, PurposeConfig, Verdict};

use super::{Language, VerifyArgs, codes, ending};
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
    match args.json {
        true => term::say_line(serde_json::to_string(&decision).or_fault("")?),
        false => term::say(draw(Paint::stdout(), args.lang, &decision, catalogue)),
    }
    let reason = args.lang.pick(&decision.reason.zh, &decision.reason.en).to_owned();
    ending(decision.decision, reason, args.lang.pick("各项检查说明了原因", "the checks say more"))
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
    if !token.header().is_typed(OFFLINE_TYPE) {
        return Err(Fault::new("this token is of another type than a counter's requests", todo));
    }
    let claims = serde_json::to_vec(token.dangerous_claims()).or_fault(todo)?;
    let request = OfflineRequest::parse(&claims).or_fault(todo)?;
    request.check(clock::now().seconds()).or_fault("ask again with a new request")
}

fn draw(paint: Paint, lang: Language, decision: &OfflineDecision, catalogue: &Catalogue) -> String {
    let (ink, word) = match decision.decision {
        Verdict::Accepted => (Ink::Good, lang.pick("通过", "accepted")),
        Verdict::Refused => (Ink::Bad, lang.pick("不予接受", "refused")),
        Verdict::CannotTell => (Ink::Unsure, lang.pick("无法判断", "cannot tell")),
    };
    let reason = lang.pick(&decision.reason.zh, &decision.reason.en);
    let mut out = format!("\n{}  {}\n", paint.text(ink, word), plain(reason));
    if let Some(time) = decision.evidence_of {
        let known = lang.pick("登记信息截至", "what is known from the register is of");
        out += &format!("  {known} {time}\n");
    }
    for check in &decision.checks {
        let sign = match check.outcome {
            Outcome::Passed => paint.text(Ink::Good, "✓"),
            Outcome::Failed => paint.text(Ink::Bad, "✗"),
            Outcome::Unknown => paint.text(Ink::Unsure, "?"),
        };
        let finding = lang.pick(&check.finding.zh, &check.finding.en);
        out += &format!("  {sign} {:<28} {}\n", check.id.id(), plain(finding));
    }
    for (id, claims) in &decision.claims {
        let kind = catalogue.by_id(id);
        let title = kind.map_or(id.as_str(), |kind| lang.pick(&kind.label.zh, &kind.label.en));
        out += &format!("\n  {}\n", paint.text(Ink::Strong, plain(title)));
        for (name, value) in claims {
            let label = kind.and_then(|kind| kind.label_of(name));
            let label = label.map_or(name.as_str(), |label| lang.pick(&label.zh, &label.en));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value = if value.starts_with("data:") { picture(lang).to_owned() } else { value };
            out += &format!("    {label}  {}\n", plain(&value));
        }
    }
    out
}

fn picture(lang: Language) -> &'static str {
    lang.pick("（图片）", "(a picture)")
}
