//! One connection at a time: an opening waits until no other is connecting to the same host (RFC 6455 §4.1, item 2).
//!
//! The RFC counts by IP address. This counts by the URI's host and port: with a proxy, or with Node's choice among several
//! addresses, the address is not known in advance.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// The openings that wait for a host, in order. It is the first one's turn.
type Line = VecDeque<(u64, Option<Waker>)>;

thread_local! {
    static LINES: RefCell<HashMap<String, Line>> = RefCell::default();
    static LAST: RefCell<u64> = const { RefCell::new(0) };
}

/// A place in a host's line, until it is dropped. As a future, it is ready once it is the first.
pub(super) struct Turn {
    host: String,
    number: u64,
}

impl Turn {
    /// Takes the last place in the line of this host and port.
    pub(super) fn new(host: String) -> Self {
        let number = LAST.with_borrow_mut(|last| {
            *last += 1;
            *last
        });
        LINES.with_borrow_mut(|lines| lines.entry(host.clone()).or_default().push_back((number, None)));
        Self { host, number }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether no other is before it.
    pub(super) fn has_come(&self) -> bool {
        LINES.with_borrow(|lines| {
            lines.get(&self.host).and_then(VecDeque::front).is_none_or(|(number, _)| *number == self.number)
        })
    }
}

impl Future for &Turn {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.has_come() {
            return Poll::Ready(());
        }
        LINES.with_borrow_mut(|lines| {
            let line = lines.get_mut(&self.host).into_iter().flatten();
            if let Some((_, waker)) = line.into_iter().find(|(number, _)| *number == self.number) {
                *waker = Some(context.waker().clone());
            }
        });
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = LINES.with_borrow_mut(|lines| {
            let line = lines.get_mut(&self.host)?;
            line.retain(|(number, _)| *number != self.number);
            if line.is_empty() {
                lines.remove(&self.host);
                return None;
            }
            line.front_mut()?.1.take()
        });
        // Not while the lines are borrowed: a waker may run anything.
        if let Some(waker) = next {
            waker.wake();
        }
    }
}
