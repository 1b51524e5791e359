/tmp/dev/bench/peer/target/release/deps/peer-d11b678a4fa8c843.d: src/main.rs

/tmp/dev/bench/peer/target/release/deps/peer-d11b678a4fa8c843: src/main.rs

src/main.rs:
