//! Headings, notices, panels, steps, QR panels and other pieces.

use maud::{Markup, PreEscaped, html};

use super::icon::{Icon, icon};
use super::live::countdown;
use super::state::State;
use super::texts;
use crate::lang::Lang;
use crate::qr::{self, Robustness};

/// A page's heading with a sentence under it (may be empty).
pub fn heading(title: &str, lead: &str) -> Markup {
    html! { div.heading { h1 { (title) } @if !lead.is_empty() { p.lead { (lead) } } } }
}

/// A box with content; with a title if it isn't empty.
pub fn panel(title: &str, content: Markup) -> Markup {
    html! { section.panel { @if !title.is_empty() { h2 { (title) } } (content) } }
}

/// How a notice speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Info,
    /// It worked.
    Good,
    /// It didn't.
    Bad,
    /// Take care.
    Unsure,
}

/// A notice: what, and what to do next.
pub fn notice(tone: Tone, title: &str, text: &str) -> Markup {
    let (class, sign) = match tone {
        Tone::Info => ("info", Icon::Info),
        Tone::Good => ("good", Icon::Tick),
        Tone::Bad => ("bad", Icon::Cross),
        Tone::Unsure => ("unsure", Icon::Question),
    };
    html! {
        div class={ "notice " (class) } role=[(tone == Tone::Bad).then_some("alert")] {
            @if !title.is_empty() { h2 { (icon(sign)) span { (title) } } }
            @if !text.is_empty() { p { @if title.is_empty() { (icon(sign)) } span { (text) } } }
        }
    }
}

/// Nothing here yet: what this place is for, and what to do first.
pub fn empty(sign: Icon, title: &str, text: &str, action: Markup) -> Markup {
    html! { div.empty { span.empty-sign { (icon(sign)) } h2 { (title) } p { (text) } (action) } }
}

/// Steps on the way; `current` counts from 0, everything before it is done; past the end, all are.
pub fn stepper(lang: Lang, steps: &[&str], current: usize) -> Markup {
    let t = texts(lang);
    html! {
        ol.stepper aria-label=(t.get("stepper.label")) {
            @for (index, step) in steps.iter().enumerate() {
                li.done[index < current].current[index == current] aria-current=[(index == current).then_some("step")] {
                    span.step-sign { @if index < current { (icon(State::Done.icon())) } @else { (index + 1) } }
                    span.step-name { (step) @if index < current { span.sr { " " (t.get("stepper.done")) } } }
                }
            }
        }
    }
}

/// A value with a button that copies it.
pub fn copy(lang: Lang, value: &str, label: &str) -> Markup {
    let t = texts(lang);
    html! {
        div.copy {
            code title=(value) { (value) }
            button.button.quiet.small type="button" data-copy=(value) data-copied=(t.get("copy.done")) {
                (icon(Icon::Copy)) span { (label) }
            }
        }
    }
}

/// A message that shows itself for a while, then goes; read out by screen readers.
pub fn toast(text: &str) -> Markup {
    html! { template data-toast { (text) } }
}

/// A QR code as large as there is room, the time it lives, and the same as a link.
#[derive(Debug, Clone)]
pub struct QrPanel<'q> {
    /// What the code says.
    pub link: &'q str,
    /// What it is for, read out instead of the picture ("Scan to receive your licence").
    pub label: &'q str,
    /// How robust it must be.
    pub robustness: Robustness,
    /// Unix seconds at which it ends, and now; a countdown runs between.
    pub expires: Option<(i64, i64)>,
}

/// Draws it; a text too long for a code shows the link alone.
pub fn qr_panel(lang: Lang, view: &QrPanel<'_>) -> Markup {
    let t = texts(lang);
    html! {
        section.qr-panel data-expires-panel[view.expires.is_some()] {
            p.qr-label { (view.label) }
            @match qr::svg(view.link, view.robustness, view.label) {
                Ok(svg) => div.qr-frame { (PreEscaped(svg)) p.qr-over hidden { (t.get("qr.expired")) } },
                Err(_) => p.notice.info { (t.get("qr.too_long")) },
            }
            @if let Some((expires, now)) = view.expires { (countdown(lang, expires, now)) }
            details.more { summary { (t.get("qr.other_way")) } div.more-body {
                (copy(lang, view.link, t.get("copy.link")))
            } }
        }
    }
}
