//! Prints the tables of close codes and statuses as JSON; `scripts/build.js` makes the constants of the package of it.

fn rows<N: std::fmt::Display>(table: impl Iterator<Item = (N, &'static str, &'static str)>) -> String {
    let rows: Vec<String> = table.map(|(number, name, meaning)| format!("[{number},{name:?},{meaning:?}]")).collect();
    rows.join(",")
}

fn main() {
    let statuses = websocket_channel::status::TABLE.iter().map(|(status, name, meaning)| (status.0, *name, *meaning));
    let codes = websocket_channel::close::NAMES.iter().copied();
    println!("{{\"statuses\":[{}],\"closeCodes\":[{}]}}", rows(statuses), rows(codes));
}
