//! Forms: a label above each field, a hint, an error that says what to do, and buttons of equal weight.

use maud::{Markup, html};

use super::icon::{Icon, icon};
use super::texts;
use crate::lang::Lang;

/// One choice of a [`Kind::Select`] or [`Kind::Radio`].
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// What a field takes.
#[derive(Debug, Clone, Default)]
pub enum Kind {
    /// One line of text.
    #[default]
    Text,
    /// Several lines.
    Lines,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A whole number.
    Number,
    /// Digits of a code or PIN, shown large; `Some(n)`: exactly n of them.
    Digits(Option<u8>),
    /// A secret: hidden while typed.
    Secret,
    /// A PIN: digits, hidden while typed.
    Pin,
    /// Yes or no.
    Check,
    /// One of a list that folds out.
    Select(Vec<Choice>),
    /// One of a few, all visible.
    Radio(Vec<Choice>),
}

/// A field of a form: `Field::new("name", "Name").value(…).error(…)` renders with [`Field::render`] or inside `html!`.
#[derive(Debug, Clone, Default)]
pub struct Field {
    name: String,
    label: String,
    kind: Kind,
    value: String,
    hint: String,
    error: String,
    placeholder: String,
    autocomplete: &'static str,
    required: bool,
    half: bool,
    autofocus: bool,
}

impl Field {
    /// A required line of text.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            required: true,
            autocomplete: "off",
            ..Self::default()
        }
    }

    /// What it takes.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// What it holds now.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// What to enter, under the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What is wrong and what to do; empty means nothing is.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = error.into();
        self
    }

    /// A pale example inside the empty field.
    #[must_use]
    pub fn placeholder(mut self, placeholder: impl Into<String>) -> Self {
        self.placeholder = placeholder.into();
        self
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Takes half of the width beside another half where there is room.
    #[must_use]
    pub fn half(mut self) -> Self {
        self.half = true;
        self
    }

    /// The browser's hint for filling it (`name`, `one-time-code`, `current-password`).
    #[must_use]
    pub fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = token;
        self
    }

    /// Has the cursor when the page opens.
    #[must_use]
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Draws it.
    pub fn render(&self, lang: Lang) -> Markup {
        let id = self.id();
        let t = texts(lang);
        html! {
            div.field.half[self.half].invalid[!self.error.is_empty()] {
                @match &self.kind {
                    Kind::Check => label.check for=(id) { (self.control(&id)) span { (self.label) } },
                    Kind::Radio(choices) => fieldset aria-describedby=[self.described(&id)] {
                        legend { (self.label) }
                        (self.notes(&id))
                        div.choices { @for choice in choices {
                            label.choice {
                                input type="radio" name=(self.name) value=(choice.value) checked[choice.value == self.value]
                                    required[self.required];
                                span { (choice.label) }
                            }
                        } }
                    },
                    _ => {
                        label for=(id) { (self.label) @if !self.required { span.optional { (t.get("form.optional")) } } }
                        (self.notes(&id))
                        (self.control(&id))
                    }
                }
                @if matches!(self.kind, Kind::Check) { (self.notes(&id)) }
            }
        }
    }

    fn id(&self) -> String {
        format!("f-{}", self.name)
    }

    fn described(&self, id: &str) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{id}-hint"));
        let error = (!self.error.is_empty()).then(|| format!("{id}-error"));
        let ids = hint.into_iter().chain(error).collect::<Vec<_>>().join(" ");
        (!ids.is_empty()).then_some(ids)
    }

    fn notes(&self, id: &str) -> Markup {
        html! {
            @if !self.hint.is_empty() { p.hint id={ (id) "-hint" } { (self.hint) } }
            @if !self.error.is_empty() { p.error id={ (id) "-error" } { (icon(Icon::Cross)) span { (self.error) } } }
        }
    }

    fn control(&self, id: &str) -> Markup {
        let invalid = (!self.error.is_empty()).then_some("true");
        let described = self.described(id);
        let input = |kind: &str,
                     mode: Option<&str>,
                     pattern: Option<String>,
                     max: Option<u8>,
                     class: &str| {
            let secret = matches!(self.kind, Kind::Secret | Kind::Pin);
            html! {
                input class=(class) id=(id) name=(self.name) type=(kind) inputmode=[mode] pattern=[pattern] maxlength=[max]
                    value=[(!secret && !self.value.is_empty()).then_some(&self.value)] required[self.required]
                    placeholder=[(!self.placeholder.is_empty()).then_some(&self.placeholder)]
                    autocomplete=(self.autocomplete) autofocus[self.autofocus]
                    aria-invalid=[invalid] aria-describedby=[described.as_deref()];
            }
        };
        match &self.kind {
            Kind::Text | Kind::Radio(_) => input("text", None, None, None, ""),
            Kind::Date => input("date", None, None, None, "short"),
            Kind::Number => input("text", Some("numeric"), Some("[0-9]*".to_owned()), None, "short figures"),
            Kind::Digits(count) => {
                let pattern = count.map(|count| format!("[0-9]{{{count}}}"));
                input("text", Some("numeric"), pattern, *count, "digits figures")
            }
            Kind::Secret => input("password", None, None, None, ""),
            Kind::Pin => {
                input("password", Some("numeric"), Some("[0-9]*".to_owned()), None, "digits figures")
            }
            Kind::Check => html! {
                input id=(id) name=(self.name) type="checkbox" value="true" checked[self.value == "true"]
                    required[self.required] aria-invalid=[invalid] aria-describedby=[described.as_deref()];
            },
            Kind::Lines => html! {
                textarea id=(id) name=(self.name) rows="4" required[self.required] autocomplete=(self.autocomplete)
                    placeholder=[(!self.placeholder.is_empty()).then_some(&self.placeholder)]
                    aria-invalid=[invalid] aria-describedby=[described.as_deref()] { (self.value) }
            },
            Kind::Select(choices) => html! {
                select id=(id) name=(self.name) required[self.required] aria-invalid=[invalid]
                    aria-describedby=[described.as_deref()] {
                    @if self.value.is_empty() { option value="" { "—" } }
                    @for choice in choices {
                        option value=(choice.value) selected[choice.value == self.value] { (choice.label) }
                    }
                }
            },
        }
    }
}

/// A form that posts to `action` with the session's CSRF token; give an empty token where there is no session yet.
pub fn form(action: &str, csrf: &str, content: Markup) -> Markup {
    html! { form method="post" action=(action) data-once { (csrf_field(csrf)) (content) } }
}

/// The hidden field alone, for forms that need other attributes. Its name is `csrf`.
pub fn csrf_field(csrf: &str) -> Markup {
    html! { @if !csrf.is_empty() { input type="hidden" name="csrf" value=(csrf); } }
}

/// The main button of a form.
pub fn button(label: &str) -> Markup {
    html! { button.button type="submit" { (label) } }
}

/// A button for what can't be taken back (revoke).
pub fn danger_button(label: &str) -> Markup {
    html! { button.button.danger type="submit" { (label) } }
}

/// A link that looks like a button; `quiet` ones are outlined.
pub fn link_button(label: &str, href: &str, quiet: bool) -> Markup {
    html! { a.button.quiet[quiet] href=(href) { (label) } }
}

/// Fills fields of the form it stands in, by name (an example to try with).
pub fn fill_button(label: &str, values: &[(String, String)]) -> Markup {
    let map: serde_json::Map<String, serde_json::Value> =
        values.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    html! { button.button.quiet type="button" data-fill=(serde_json::Value::Object(map)) { (label) } }
}

/// A field for a file, with the name of what was chosen; `accept` as in HTML (`image/*`). The form must be
/// `multipart/form-data`.
pub fn upload(name: &str, label: &str, hint: &str, accept: &str) -> Markup {
    html! {
        div.field.upload {
            label for={ "f-" (name) } { (icon(Icon::Upload)) span.upload-label { (label) } span.hint { (hint) } }
            input id={ "f-" (name) } name=(name) type="file" accept=(accept) required data-upload;
        }
    }
}

/// All errors of a form at its top, each leading to its field.
pub fn errors(lang: Lang, errors: &[(String, String)]) -> Markup {
    let t = texts(lang);
    html! {
        @if !errors.is_empty() {
            div.notice.bad role="alert" tabindex="-1" data-focus {
                h2 { (icon(Icon::Cross)) span { (t.get("form.errors")) } }
                ul { @for (name, text) in errors { li { a href={ "#f-" (name) } { (text) } } } }
            }
        }
    }
}
