//! Prints as JSON: the tables of close codes and statuses, the ranges of codes that `close` accepts, and the most bytes of a reason.
//! `scripts/build.js` makes the package's constants from them.

use websocket_channel::close::{CloseCode, MAX_REASON};

fn rows<N: std::fmt::Display>(table: impl Iterator<Item = (N, &'static str, &'static str)>) -> String {
    let rows: Vec<String> = table.map(|(number, name, meaning)| format!("[{number},{name:?},{meaning:?}]")).collect();
    rows.join(",")
}

/// Returns the first and the last code of each range that `close` accepts.
fn closing_ranges() -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for code in (0..=u16::MAX).filter(|code| CloseCode::for_close(*code).is_some()) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == code => *last = code,
            _ => ranges.push((code, code)),
        }
    }
    let ranges: Vec<String> = ranges.iter().map(|(first, last)| format!("[{first},{last}]")).collect();
    ranges.join(",")
}

fn main() {
    let statuses = websocket_channel::status::TABLE.iter().map(|(status, name, meaning)| (status.0, *name, *meaning));
    let codes = websocket_channel::close::NAMES.iter().copied();
    println!(
        "{{\"statuses\":[{}],\"closeCodes\":[{}],\"closingRanges\":[{}],\"maxReason\":{MAX_REASON}}}",
        rows(statuses),
        rows(codes),
        closing_ranges()
    );
}
