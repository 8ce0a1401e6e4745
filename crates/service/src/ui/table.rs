//! Tables and lists of facts.

use maud::{Markup, html};

/// A table that becomes a list of blocks on a phone: every cell knows its column's name.
#[derive(Debug, Clone, Default)]
pub struct Table {
    caption: String,
    columns: Vec<String>,
    rows: Vec<Vec<Markup>>,
    is_named_above: bool,
}

impl Table {
    /// A table; the caption is read out and shown small.
    pub fn new(caption: impl Into<String>, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            caption: caption.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            is_named_above: false,
        }
    }

    /// The page's own heading says what the table is: its caption is read out only.
    #[must_use]
    pub fn named_above(mut self) -> Self {
        self.is_named_above = true;
        self
    }

    /// Adds a row; the first cell names it.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Markup>) -> Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Draws it.
    pub fn render(&self) -> Markup {
        html! {
            div.table-wrap { table {
                caption.sr[self.is_named_above] { (self.caption) }
                thead { tr { @for column in &self.columns { th scope="col" { (column) } } } }
                tbody { @for row in &self.rows { tr {
                    @for (index, cell) in row.iter().enumerate() {
                        @let column = self.columns.get(index).map_or("", String::as_str);
                        @if index == 0 { th scope="row" data-column=(column) { div { (cell) } } }
                        @else { td data-column=(column) { div { (cell) } } }
                    }
                } } }
            } }
        }
    }
}

/// Facts: a name and what it is, one a line.
pub fn facts<'f>(facts: impl IntoIterator<Item = (&'f str, Markup)>) -> Markup {
    html! { dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

/// Something that opens to more.
pub fn details(summary: &str, content: Markup) -> Markup {
    html! { details.more { summary { (summary) } div.more-body { (content) } } }
}
