//! Comma-separated values (RFC 4180), bounded, and without what a spreadsheet would run.

/// Columns at most.
pub(crate) const MOST_COLUMNS: usize = 64;
/// Bytes of one cell at most.
const LONGEST_CELL: usize = 8 * 1024;

/// A row as it stands: its line in the file, and its cells or what is wrong with it.
pub(crate) struct Row {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// The cells.
    pub(crate) cells: Result<Vec<String>, RowFlaw>,
}

/// What is wrong with a row before anybody asks what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFlaw {
    /// Not UTF-8.
    Encoding,
    /// More columns than are read.
    TooManyColumns,
    /// A cell is too long.
    CellTooLong,
    /// A quote stands where none may, or is never closed.
    Quotes,
    /// A cell that a spreadsheet would run: it begins with `=`, `+`, `-`, `@` or a tab.
    Formula,
}

impl RowFlaw {
    /// Its stable name.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::TooManyColumns => "too_many_columns",
            Self::CellTooLong => "cell_too_long",
            Self::Quotes => "quotes",
            Self::Formula => "formula",
        }
    }
}

/// Reads row by row, in one pass, whatever the bytes are.
pub(crate) struct Rows<'b> {
    rest: &'b [u8],
    line: u64,
}

impl<'b> Rows<'b> {
    /// The rows of a file; a byte order mark is passed over.
    pub(crate) fn of(bytes: &'b [u8]) -> Self {
        Self { rest: bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), line: 1 }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let line = self.line;
            let (record, rest, lines) = split_record(self.rest);
            self.rest = rest;
            self.line += lines;
            if !record.is_empty() {
                return Some(Row { line, cells: cells(record) });
            }
        }
    }
}

/// The bytes of one record without its line end, what follows, and how many lines it took.
fn split_record(bytes: &[u8]) -> (&[u8], &[u8], u64) {
    let (mut quoted, mut lines) = (false, 1);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if quoted => lines += 1,
            b'\n' => {
                let record = &bytes[..at];
                return (record.strip_suffix(b"\r").unwrap_or(record), &bytes[at + 1..], lines);
            }
            _ => {}
        }
    }
    (bytes.strip_suffix(b"\r").unwrap_or(bytes), &[], lines)
}

fn cells(record: &[u8]) -> Result<Vec<String>, RowFlaw> {
    let text = std::str::from_utf8(record).map_err(|_| RowFlaw::Encoding)?;
    let mut cells = Vec::new();
    let mut rest = Some(text);
    while let Some(at) = rest {
        if cells.len() == MOST_COLUMNS {
            return Err(RowFlaw::TooManyColumns);
        }
        let (cell, after) = cell(at)?;
        if cell.len() > LONGEST_CELL {
            return Err(RowFlaw::CellTooLong);
        }
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
            return Err(RowFlaw::Formula);
        }
        cells.push(cell);
        rest = after;
    }
    Ok(cells)
}

/// The first cell, and what stands behind its comma if there is one.
fn cell(text: &str) -> Result<(String, Option<&str>), RowFlaw> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let (cell, after) = match text.split_once(',') {
            Some((cell, after)) => (cell, Some(after)),
            None => (text, None),
        };
        return if cell.contains('"') { Err(RowFlaw::Quotes) } else { Ok((cell.trim().to_owned(), after)) };
    };
    let mut cell = String::new();
    loop {
        let (before, after) = rest.split_once('"').ok_or(RowFlaw::Quotes)?;
        cell.push_str(before);
        match after.as_bytes().first() {
            Some(b'"') => {
                cell.push('"');
                rest = &after[1..];
            }
            Some(b',') => return Ok((cell, Some(&after[1..]))),
            None => return Ok((cell, None)),
            Some(_) => return Err(RowFlaw::Quotes),
        }
    }
}

/// A cell for a file that a spreadsheet may open: quoted, and what could be a formula is made text.
pub(crate) fn written(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if risky { "'" } else { "" }, cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Result<Vec<String>, RowFlaw>)> {
        Rows::of(bytes).map(|row| (row.line, row.cells)).collect()
    }

    fn row(cells: &[&str]) -> Result<Vec<String>, RowFlaw> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_what_the_rfc_says() {
        let text = "\u{feff}name,scope\r\n\"合肥, 一\",\"a \"\"b\"\"\nc\"\n\n x , \n\"\",last";
        assert_eq!(
            read(text.as_bytes()),
            [
                (1, row(&["name", "scope"])),
                (2, row(&["合肥, 一", "a \"b\"\nc"])),
                (5, row(&["x", ""])),
                (6, row(&["", "last"])),
            ]
        );
    }

    #[test]
    fn rows_are_refused_by_flaw_and_the_next_is_read() {
        let thousand = ",".repeat(999);
        let long = "x".repeat(LONGEST_CELL + 1);
        for (name, line, flaw) in [
            ("gb18030", b"\xba\xcf\xb7\xca,a".as_slice(), RowFlaw::Encoding),
            ("a_thousand_columns", thousand.as_bytes(), RowFlaw::TooManyColumns),
            ("cell_too_long", long.as_bytes(), RowFlaw::CellTooLong),
            ("quote_inside", b"a\"b\",c", RowFlaw::Quotes),
            ("text_after_quote", b"\"a\"b,c", RowFlaw::Quotes),
            ("formula", b"=HYPERLINK(1),a", RowFlaw::Formula),
            ("formula_quoted", b"\"=1+1\",a", RowFlaw::Formula),
            ("formula_plus", b"a,+1", RowFlaw::Formula),
            ("formula_at", b"a,@SUM(1)", RowFlaw::Formula),
            ("formula_after_space", b"a, =1", RowFlaw::Formula),
            ("formula_full_width", "a,＝1".as_bytes(), RowFlaw::Formula),
        ] {
            let bytes = [line, b"\ngood,row\n"].concat();
            assert_eq!(read(&bytes), [(1, Err(flaw)), (2, row(&["good", "row"]))], "{name}");
        }
        assert_eq!(read(b"\"never closed,a\n"), [(1, Err(RowFlaw::Quotes))]);
        assert_eq!(read(b"a\0b"), [(1, row(&["a\0b"]))], "the catalogue's checks refuse it");
    }

    #[test]
    fn what_is_written_is_read_back_and_never_run() {
        for cell in ["合肥", "a,\"b\"", "two\nlines"] {
            assert_eq!(read(written(cell).as_bytes()), [(1, row(&[cell]))]);
        }
        assert_eq!(written("=1"), "\"'=1\"");
    }
}
