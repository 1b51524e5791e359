//! Prints as JSON: the tables of close codes and statuses, the most bytes of a reason, and the ranges of the codes that `close` accepts, of those that
//! a page may send, and of a token's characters. `scripts/build.js` makes the package's constants from them.

use websocket_channel::close::{CloseCode, MAX_REASON};
use websocket_channel::grammar::is_token;

fn rows<N: std::fmt::Display>(table: impl Iterator<Item = (N, &'static str, &'static str)>) -> String {
    let rows: Vec<String> = table.map(|(number, name, meaning)| format!("[{number},{name:?},{meaning:?}]")).collect();
    rows.join(",")
}

/// Returns the first and the last of each range of numbers that are `wanted`.
fn ranges(wanted: impl Fn(u16) -> bool) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for number in (0..=u16::MAX).filter(|number| wanted(*number)) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let ranges: Vec<String> = ranges.iter().map(|(first, last)| format!("[{first},{last}]")).collect();
    ranges.join(",")
}

fn main() {
    let statuses = websocket_channel::status::TABLE.iter().map(|(status, name, meaning)| (status.0, *name, *meaning));
    let codes = websocket_channel::close::NAMES.iter().copied();
    let closing = ranges(|code| CloseCode::for_close(code).is_some());
    let page = ranges(|code| CloseCode::for_close(code).is_some_and(CloseCode::may_be_sent_by_a_page));
    let token = ranges(|unit| char::from_u32(unit.into()).is_some_and(|it| is_token(&it.to_string())));
    println!(
        "{{\"statuses\":[{}],\"closeCodes\":[{}],\"closingRanges\":[{closing}],\"pageRanges\":[{page}],\"tokenRanges\":[{token}],\"maxReason\":{MAX_REASON}}}",
        rows(statuses),
        rows(codes),
    );
}
