//! A counter without a network: its code is put together from what the camera sees, the answer is shown as codes.

use maud::{Markup, PreEscaped, html};
use service::qr::{self, Robustness};
use service::ui::{Page, Tone, link_button, notice};
use service::{Problem, assets, dates};
use wallet_core::{Collected, Collector, FrameError, OfflineCode};

use super::FRAMES_JS;
use super::frame::{Screen, Tab};
use super::state::Holder;
use super::words::texts;

/// What the texts of such codes begin with.
const FRAME: &str = "HZ1:";

/// Whether a code's text is a part of a counter's code.
pub(super) fn is_part(text: &str) -> bool {
    text.starts_with(FRAME)
}

/// Takes one part. Whoever turns to another counter begins anew with that one's code.
pub(super) fn add(collector: &mut Collector, part: &str) -> Result<Collected, FrameError> {
    match collector.add(part) {
        Err(FrameError::OtherCode | FrameError::Contradicts) => {
            *collector = Collector::default();
            collector.add(part)
        }
        collected => collected,
    }
}

/// The answer, one part after the other; all below each other where there are no scripts.
pub(super) fn show(holder: &Holder, name: &str, code: &OfflineCode) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let total = code.frames.len();
    let mut parts: Vec<Markup> = Vec::with_capacity(total);
    for (number, frame) in code.frames.iter().enumerate() {
        let (number, all) = ((number + 1).to_string(), total.to_string());
        let label = t.with("offline.part", &[("n", &number), ("of", &all)]);
        let drawn = qr::svg(frame, Robustness::Near, &label).map_err(Problem::internal)?;
        parts.push(html! { li { (PreEscaped(drawn)) @if total > 1 { p.quiet.small.figures { (label) } } } });
    }
    let script = assets::versioned("/assets/frames.js", FRAMES_JS);
    let until = dates::moment(lang, code.until);
    let evidence = code.as_of.map_or_else(
        || notice(Tone::Unsure, "", t.get("offline.no_evidence")),
        |time| html! { p.quiet.small { (t.with("offline.as_of", &[("at", &dates::moment(lang, time))])) } },
    );
    Ok(Screen::new(&holder.visitor, t.get("offline.title")).tab(Tab::Scan).script(&script).body(html! {
        div.heading { h2 { (t.get("offline.heading")) } p.lead { (t.with("offline.lead", &[("name", name)])) } }
        ol.frames data-frames { @for part in &parts { (part) } }
        (evidence)
        p.quiet.small { (t.with("offline.until", &[("at", &until)])) }
        (link_button(t.get("request.to_cards"), "/", true))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wallet_core::FrameSize;

    fn frames(of: &[u8]) -> Vec<String> {
        protocol::offline::frames(of, FrameSize::COARSE).expect("frames")
    }

    #[test]
    fn another_counters_code_begins_anew() {
        let (one, other) = (frames(&[1; 2000]), frames(&[2; 2000]));
        let mut collector = Collector::default();
        add(&mut collector, &one[0]).expect("a part");
        let mut whole = None;
        for part in &other {
            if let Ok(Collected::Whole(message)) = add(&mut collector, part) {
                whole = Some(message);
            }
        }
        assert_eq!(whole, Some(vec![2; 2000]));
        assert!(is_part(&one[0]) && !is_part("openid4vp://authorize"));
    }
}
