//! A complaint to the regulator, drafted from what the log says. Nothing is sent: the holder reads it, fills in who she is,
//! and sends it where she wants.

use registry::{LegalBasis, LocalText, UnixMillis};

use crate::{
    Wallet,
    log::{Asked, Event, LOG, LogEntry, LogRecord, Shared},
    vault::VaultError,
};

/// A draft, in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What it is about, in a line.
    pub subject: LocalText,
    /// The letter, with blanks for who complains. It names claims, never their values.
    pub body: LocalText,
}

impl Wallet {
    /// A complaint to the regulator, drafted from an entry of the log; `None` if there is no such entry, or nobody in it did
    /// anything that one could complain of.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn draft_complaint(&self, id: &str) -> Result<Option<Complaint>, VaultError> {
        let record = self.context().vault.get(&LOG, id)?;
        let entry = record.map(|LogRecord { at, event }| LogEntry { id: id.to_owned(), at, event });
        Ok(entry.as_ref().and_then(draft))
    }
}

impl LogEntry {
    /// Whether there is something to complain of: [`Wallet::draft_complaint`].
    #[must_use]
    pub fn is_cause_for_complaint(&self) -> bool {
        draft(self).is_some()
    }
}

fn draft(entry: &LogEntry) -> Option<Complaint> {
    let (who, facts) = match &entry.event {
        Event::Presented { asked, shared, .. } => (named(asked), presented(asked, shared)),
        Event::Declined { asked } => (named(asked), declined(asked)),
        Event::Refused { client_id, name, reason, claims } => {
            let Wrong { zh, en, is_proven } = wrong(reason)?;
            let who = match name {
                Some(LocalText { zh, en }) => {
                    LocalText::new(format!("{zh}（{client_id}）"), format!("{en} ({client_id})"))
                }
                None if is_proven => LocalText::new(client_id.clone(), client_id.clone()),
                None => LocalText::new(
                    format!("自称 {client_id} 者（身份未经证实，可能系冒用）"),
                    format!("somebody who called itself {client_id} (not proven: it may be another)"),
                ),
            };
            (who, refused((zh, en), claims))
        }
        Event::Received { .. } | Event::Deleted { .. } => return None,
    };
    let (when, id) = (beijing(entry.at), &entry.id);
    let zh = format!(
        "致履行个人信息保护职责的部门：\n\n本人依据《中华人民共和国个人信息保护法》第六十五条投诉：\n\n\
         被投诉人：{}\n时间：{when}\n{}\n\n请依法核查，并将处理结果告知本人。\n\n\
         投诉人（姓名、联系方式）：\n日期：\n附：钱包记录编号 {id}",
        who.zh, facts.zh
    );
    let en = format!(
        "To the department in charge of protecting personal information:\n\nUnder article 65 of the Personal \
         Information Protection Law I complain about:\n\nWho: {}\nWhen: {when}\n{}\n\nPlease look into it and tell me \
         what came of it.\n\nName and how to reach me:\nDate:\nAttached: entry {id} of my wallet's log",
        who.en, facts.en
    );
    let subject = LocalText::new(
        format!("关于{}处理个人信息的投诉", who.zh),
        format!("Personal information and {}", who.en),
    );
    Some(Complaint { subject, body: LocalText::new(zh, en) })
}

fn named(Asked { verifier, verifier_name: LocalText { zh, en }, .. }: &Asked) -> LocalText {
    LocalText::new(format!("{zh}（{verifier}）"), format!("{en} ({verifier})"))
}

fn purpose(asked: &Asked) -> LocalText {
    let (zh, en) = match asked.legal_basis {
        LegalBasis::Consent => ("本人同意", "my consent"),
        LegalBasis::Statutory => ("法定职责", "the law"),
    };
    let (name, days) = (&asked.purpose_name, asked.retention_days);
    LocalText::new(
        format!("登记的目的：{}；依据：{zh}；登记的保存期限：{days} 天", name.zh),
        format!("Registered purpose: {}; it rests on {en}; registered retention: {days} days", name.en),
    )
}

fn presented(asked: &Asked, shared: &[Shared]) -> LocalText {
    let purpose = purpose(asked);
    let list = |pick: fn(&LocalText) -> &str, between: &str| {
        let one = |shared: &Shared| {
            let labels: Vec<&str> = shared.labels.iter().map(pick).collect();
            format!("{}: {}", pick(&shared.label), labels.join(between))
        };
        shared.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    let (zh, en) = (list(|text| &text.zh, "、"), list(|text| &text.en, ", "));
    LocalText::new(
        format!(
            "{}\n其取得的信息：{zh}\n投诉事项（请填写，例如超出目的使用、超期保存、拒绝删除）：",
            purpose.zh
        ),
        format!(
            "{}\nWhat it got: {en}\nWhat I complain of (fill in: used for something else, kept too long, not deleted):",
            purpose.en
        ),
    )
}

fn declined(asked: &Asked) -> LocalText {
    let purpose = purpose(asked);
    LocalText::new(
        format!("{}\n本人未同意提供。\n投诉事项（请填写，例如因此被拒绝服务）：", purpose.zh),
        format!(
            "{}\nI said no.\nWhat I complain of (fill in: I was refused the service for it):",
            purpose.en
        ),
    )
}

/// What somebody did wrong by a request.
struct Wrong {
    zh: &'static str,
    en: &'static str,
    /// Whether it was shown who did.
    is_proven: bool,
}

/// What was wrong, by the [code](crate::RequestRefused::code) of a refusal; `None` where nobody did anything wrong: no card fits, the
/// network was away, the request is too old, this wallet can't do what is asked.
fn wrong(reason: &str) -> Option<Wrong> {
    let (zh, en, is_proven) = match reason {
        "asks-too-much" => {
            ("要求的信息超出其登记的目的", "it asked for more than its registered purpose allows", true)
        }
        "not-registered" | "no-purpose" => {
            ("未登记该目的即索取个人信息", "it asked for a purpose that is not registered", true)
        }
        "verifier-unknown" => ("身份无法核实", "nobody can tell who it is", false),
        "verifier-key" | "signature" | "not-signed" => {
            ("请求不是由其登记的密钥签署", "its request was not signed by its registered key", false)
        }
        "bad-request" | "wrong-audience" => ("请求不符合规范", "its request broke the rules", false),
        _ => return None,
    };
    Some(Wrong { zh, en, is_proven })
}

fn refused((zh, en): (&str, &str), claims: &[String]) -> LocalText {
    let list = claims.join(", ");
    let (more_zh, more_en) = match claims {
        [] => (String::new(), String::new()),
        _ => (format!("\n超出的信息：{list}"), format!("\nToo much: {list}")),
    };
    LocalText::new(
        format!("投诉事项：{zh}；钱包已自动拒绝，未提供任何信息。{more_zh}"),
        format!("What I complain of: {en}. My wallet refused by itself, and nothing was given.{more_en}"),
    )
}

/// The minute in China, as letters have it.
fn beijing(at: UnixMillis) -> String {
    let there = at.after(std::time::Duration::from_secs(8 * 3600)).to_string();
    format!("{} (UTC+8)", there.get(..16).unwrap_or(&there).replace('T', " "))
}
