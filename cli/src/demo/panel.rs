//! What the demo prints: where everything is and how to begin, in lines that line up.

use std::path::Path;

use crate::term::{Ink, Paint, pad, width};
use crate::urls::Urls;

/// The panel for a terminal.
pub(super) fn render(paint: Paint, urls: &Urls, data: &Path, new: bool) -> String {
    let mut rows = Vec::new();
    for issuer in urls.issuers.values() {
        rows.push((issuer.name.zh.as_str(), issuer.name.en.as_str(), format!("{}/", issuer.url)));
    }
    rows.push((&urls.verifier.name.zh, &urls.verifier.name.en, format!("{}/", urls.verifier.url)));
    rows.push(("手机", "Phone", format!("{}/", urls.phone.url)));
    rows.push(("链", "Chain", format!("{}/", urls.chain.url)));
    let zh = rows.iter().map(|(zh, ..)| width(zh)).max().unwrap_or(0);
    let en = rows.iter().map(|(_, en, _)| width(en)).max().unwrap_or(0);

    let mut out = format!("\n  {}\n\n", paint.text(Ink::Strong, "徽证 Huizheng"));
    for (name_zh, name_en, url) in &rows {
        let (name_zh, name_en) = (pad(name_zh, zh), pad(name_en, en));
        out += &format!("  {name_zh}  {}  {}\n", paint.text(Ink::Faint, name_en), paint.text(Ink::Link, url));
    }
    let token = paint.text(Ink::Strong, &urls.staff_token);
    out += &format!("\n  {}  {token}\n", paint.text(Ink::Faint, "工作人员令牌 Staff token"));
    let supervisor = paint.text(Ink::Strong, &urls.supervisor_token);
    out += &format!("  {}  {supervisor}\n", paint.text(Ink::Faint, "主管令牌 Supervisor's token"));
    let kept = data.display();
    let begun = if new { "a new chain, kept in" } else { "everything from before, kept in" };
    out += &format!("  {}  {begun} {kept}\n\n", paint.text(Ink::Faint, "数据 Data"));
    out += &paint.text(
        Ink::Faint,
        "  Apply at an issuer, approve at its /console with the staff token, receive on the phone,\n  \
         present at the counter. Ctrl-C stops.\n\n",
    );
    out
}
