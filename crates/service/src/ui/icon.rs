//! Signs, drawn as inline SVG in the colour of the text around them.

use maud::{Markup, PreEscaped};

/// The signs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named for what it shows")]
pub enum Icon {
    Tick,
    Cross,
    Question,
    Pause,
    Clock,
    Hourglass,
    Shield,
    Card,
    Scan,
    List,
    Person,
    Lock,
    Copy,
    Arrow,
    Back,
    Plus,
    Eye,
    Building,
    Document,
    Moon,
    Globe,
    Upload,
    Send,
    Key,
    Info,
    Out,
    Stay,
    Bin,
    Search,
}

impl Icon {
    /// The drawing, on a 24 by 24 field with round strokes.
    fn path(self) -> &'static str {
        match self {
            Self::Tick => "M5 12.5l4.5 4.5L19 7.5",
            Self::Cross => "M6.5 6.5l11 11M17.5 6.5l-11 11",
            Self::Question => "M8.8 9a3.2 3.2 0 1 1 4.6 2.9c-1 .5-1.4 1.1-1.4 2.1M12 17.6v.01",
            Self::Pause => "M9 6v12M15 6v12",
            Self::Clock => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
            Self::Hourglass => "M7 4h10M7 20h10M8 4v3l4 5-4 5v3M16 4v3l-4 5 4 5v3",
            Self::Shield => {
                "M12 3l7 2.5v5.8c0 4.4-2.9 7.6-7 9.7-4.1-2.1-7-5.3-7-9.7V5.5L12 3zM8.8 12l2.3 2.3 4.2-4.3"
            }
            Self::Card => "M3.5 6.5h17v11h-17zM3.5 10h17M6.5 14.2h4",
            Self::Scan => {
                "M4 8V5.5A1.5 1.5 0 0 1 5.5 4H8M16 4h2.5A1.5 1.5 0 0 1 20 5.5V8M20 16v2.5a1.5 1.5 0 0 1-1.5 1.5H16M8 20H5.5A1.5 1.5 0 0 1 4 18.5V16M4 12h16"
            }
            Self::List => "M9 6h11M9 12h11M9 18h11M4.5 6v.01M4.5 12v.01M4.5 18v.01",
            Self::Person => {
                "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.6-3.6 3.6-5.5 7.5-5.5s6.9 1.9 7.5 5.5"
            }
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
            Self::Copy => "M9 9h11v11H9zM15 9V4H4v11h5",
            Self::Arrow => "M5 12h14M13 6l6 6-6 6",
            Self::Back => "M19 12H5M11 6l-6 6 6 6",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Eye => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z"
            }
            Self::Building => "M3 21h18M5 21V9l7-5 7 5v12M9.5 21v-5h5v5M9 11.5h.01M15 11.5h.01M12 11.5h.01",
            Self::Document => "M6 3.5h8l4 4V20.5H6zM14 3.5v4h4M9 12h6M9 15.5h6",
            Self::Moon => "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z",
            Self::Globe => {
                "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c2.4 2.3 3.6 5.1 3.6 8.5s-1.2 6.2-3.6 8.5c-2.4-2.3-3.6-5.1-3.6-8.5s1.2-6.2 3.6-8.5z"
            }
            Self::Upload => "M12 16V5M7.5 9.5L12 5l4.5 4.5M5 19.5h14",
            Self::Send => "M20.5 3.5L10 14M20.5 3.5L14 20.5l-4-6.5-6.5-4z",
            Self::Key => "M8 11.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 13l8.5-8.5M16 8l2.5 2.5",
            Self::Info => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.8v.01",
            Self::Out => "M14 4h6v6M20 4l-9 9M10 5H4.5v14.5H19V14",
            Self::Stay => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
            Self::Bin => "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.2 10.5v6M13.8 10.5v6",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3L20.5 20.5",
        }
    }
}

/// Draws it; hidden from screen readers, because the word beside it says the same.
pub fn icon(icon: Icon) -> Markup {
    PreEscaped(format!(
        "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"1.9\" stroke-linecap=\"round\" stroke-linejoin=\"round\"><path d=\"{}\"/></svg>",
        icon.path()
    ))
}
