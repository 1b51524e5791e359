/tmp/dev/bench/peer/target/release/peer: /tmp/dev/bench/peer/src/main.rs
