//! The other end of the connection. In Node it is a server that the test starts; in a page it is a scripted stand-in for the
//! native `WebSocket`. The path of the URL says what the peer does:
//!
//! | path | |
//! |---|---|
//! | `/echo` | opens with the first requested subprotocol; echoes every message; answers a close frame with the same code |
//! | `/bye` | opens and closes with 4001 "bye" |
//! | `/drop` | opens and drops the connection without a close frame |
//! | `/refuse` | refuses to open: in Node with 403 |
//! | `/silent` | never answers |

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::script;

#[cfg(feature = "node")]
mod node;
#[cfg(not(feature = "node"))]
mod page;

#[cfg(feature = "node")]
pub(crate) use node::{HOST, Peer};
#[cfg(not(feature = "node"))]
pub(crate) use page::{HOST, Peer};

/// The host that the tests run in. What a host can do differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(dead_code)] // Each build is for one of them.
pub(crate) enum Host {
    Node,
    Page,
}

/// The URL in WSC_ECHO when this was compiled.
const ECHO: Option<&str> = option_env!("WSC_ECHO");

impl Peer {
    /// The URLs that echo: this peer's URL, and that of a real server if there is one.
    pub(crate) fn echoes(&self) -> Vec<String> {
        [Some(self.url("/echo")), ECHO.map(Into::into)].into_iter().flatten().collect()
    }

    /// What has reached the peer, in order: `text hé`, `binary 1,2`, `close 4000 bye`, or `close` if there is no code.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen_items().iter().map(|item| item.as_string().expect("a string")).collect()
    }

    /// What has reached the peer, once there are this many items: they may still be on their way when the channel has stopped.
    /// Waits at most two seconds.
    pub(crate) async fn seen_at_last(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            if self.seen().len() >= count {
                break;
            }
            let pause: Promise = script::run("new Promise((resolve) => setTimeout(resolve, 10))").unchecked_into();
            JsFuture::from(pause).await.expect("no rejection");
        }
        self.seen()
    }
}
