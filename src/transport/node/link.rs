//! Reports what happens to one socket to its owner: first the opening, which waits for it, then the open connection.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::Node;
use super::loss::loss_of_stream;
use super::security::Certificates;
use super::socket::Socket;
use super::windows;
use crate::opening::{Loss, Party};

/// One socket's owner.
#[derive(Default)]
pub(super) struct Link {
    phase: RefCell<Phase>,
    /// The peer of the current TLS, whose certificate it is.
    tls_party: Cell<Party>,
    /// A TLS handshake was completed, whether the certificate is trusted or not.
    has_shaken_hands: Cell<bool>,
}

#[derive(Default)]
enum Phase {
    /// The channel is done with the socket.
    #[default]
    Gone,
    /// The opening waits for the next thing that happens.
    Opening(Rc<Node>, Box<Mailbox>),
    Open(Rc<Node>),
}

/// What has happened while the opening did something else.
#[derive(Default)]
pub(super) struct Mailbox {
    pub(super) resolved: bool,
    pub(super) connected: bool,
    pub(super) secured: bool,
    /// The fields of the response on a stream.
    pub(super) response: Option<JsValue>,
    pub(super) received: Vec<u8>,
    /// More was received than the opening has read: the socket is paused.
    is_paused: bool,
    /// The peer has ended its side.
    pub(super) ended: bool,
    pub(super) lost: Option<Loss<JsValue>>,
    waker: Option<Waker>,
}

/// How many bytes wait for the opening before the socket is paused. A peer may send more than it was asked for.
const MAX_RECEIVED: usize = 256 << 10;

impl Link {
    /// A socket of the channel, before the channel is open.
    pub(super) fn new(node: Rc<Node>) -> Rc<Self> {
        Rc::new(Self { phase: RefCell::new(Phase::Opening(node, Box::default())), ..Self::default() })
    }

    /// The connection is open from now on.
    pub(super) fn open(&self, node: Rc<Node>) {
        let before = self.phase.replace(Phase::Open(node));
        drop(before);
    }

    /// The opening has taken what was received. Returns whether the socket must be resumed.
    pub(super) fn unpause(&self) -> bool {
        self.with_mailbox(|mailbox| std::mem::take(&mut mailbox.is_paused)) == Some(true)
    }

    /// Stops reporting.
    pub(super) fn detach(&self) {
        let before = self.phase.take();
        drop(before);
    }

    /// TLS with the proxy, or with the server, comes next.
    pub(super) fn begin_tls(&self, party: Party) {
        self.tls_party.set(party);
        self.has_shaken_hands.set(false);
    }

    /// Whether a TLS handshake was completed, even if the certificate is not trusted.
    pub(super) fn has_shaken_hands(&self) -> bool {
        self.has_shaken_hands.get()
    }

    /// Looks into the mailbox.
    pub(super) fn with_mailbox<T>(&self, look: impl FnOnce(&mut Mailbox) -> T) -> Option<T> {
        match &mut *self.phase.borrow_mut() {
            Phase::Opening(_, mailbox) => Some(look(mailbox)),
            Phase::Open(_) | Phase::Gone => None,
        }
    }

    /// Waits until `look` finds something in the mailbox, or the socket is lost.
    pub(super) async fn wait<T>(&self, look: impl Fn(&mut Mailbox) -> Option<T>) -> Result<T, Loss<JsValue>> {
        poll_fn(|context| {
            let polled = self.with_mailbox(|mailbox| {
                if let Some(found) = look(mailbox) {
                    return Poll::Ready(Ok(found));
                }
                if let Some(loss) = mailbox.lost.take() {
                    return Poll::Ready(Err(loss));
                }
                mailbox.waker = Some(context.waker().clone());
                Poll::Pending
            });
            polled.unwrap_or(Poll::Pending) // nobody waits for a socket that is gone
        })
        .await
    }

    /// Writes what has happened into the mailbox, and wakes the opening up. Returns `false` if the opening is over.
    fn post(&self, write: impl FnOnce(&mut Mailbox)) -> bool {
        let waker = self.with_mailbox(|mailbox| {
            write(mailbox);
            mailbox.waker.take()
        });
        if let Some(Some(waker)) = &waker {
            waker.wake_by_ref();
        }
        waker.is_some()
    }

    /// Puts a Buffer, or undefined, into the mailbox. Returns `false` if the opening is over.
    fn receive(&self, bytes: &JsValue) -> bool {
        let bytes = bytes.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        self.post(|mailbox| mailbox.received.extend(bytes))
    }

    #[inline]
    fn open_node(&self) -> Option<Rc<Node>> {
        match &*self.phase.borrow() {
            Phase::Open(node) => Some(node.clone()),
            _ => None,
        }
    }

    fn any_node(&self) -> Option<Rc<Node>> {
        match &*self.phase.borrow() {
            Phase::Open(node) | Phase::Opening(node, _) => Some(node.clone()),
            Phase::Gone => None,
        }
    }
}

/// What `socket.js` calls. Each method says what has happened.
#[wasm_bindgen(skip_typescript)]
pub struct SocketHandler(Rc<Link>);

impl SocketHandler {
    pub(super) fn new(link: Rc<Link>) -> Self {
        Self(link)
    }
}

#[wasm_bindgen]
impl SocketHandler {
    /// The name is resolved.
    #[wasm_bindgen(js_name = handleResolved)]
    pub fn handle_resolved(&self) {
        self.0.post(|mailbox| mailbox.resolved = true);
    }

    /// The connection is established.
    #[wasm_bindgen(js_name = handleConnected)]
    pub fn handle_connected(&self) {
        self.0.post(|mailbox| mailbox.connected = true);
    }

    /// What is known about the peer's certificate, and why it is not trusted: `reason` is null, an error or its code.
    #[wasm_bindgen(js_name = handleCertificates)]
    pub fn handle_certificates(&self, certificates: Certificates, reason: JsValue) {
        self.0.has_shaken_hands.set(true);
        if let Some(node) = self.0.any_node().filter(|_| self.0.tls_party.get() == Party::Server) {
            node.handle_certificates(certificates, reason);
        }
    }

    /// TLS is established.
    #[wasm_bindgen(js_name = handleSecured)]
    pub fn handle_secured(&self) {
        self.0.post(|mailbox| mailbox.secured = true);
    }

    /// Whether what arrives must wait, because something waits already, or because a method of the listener is running.
    #[wasm_bindgen(js_name = mustWait)]
    pub fn must_wait(&self) -> bool {
        self.0.open_node().is_some_and(|node| node.is_holding() || node.driver.is_delivering())
    }

    /// A Buffer has arrived that must wait.
    #[wasm_bindgen(js_name = handleEarly)]
    pub fn handle_early(&self, bytes: JsValue) {
        if !self.0.receive(&bytes)
            && let Some(node) = self.0.open_node()
        {
            node.handle_early(bytes);
        }
    }

    /// This many bytes are in the receive window. Returns how many of the next ones may bypass wasm.
    #[wasm_bindgen(js_name = handleData)]
    pub fn handle_data(&self, len: usize) -> f64 {
        if let Some(node) = self.0.open_node() {
            return node.handle_data(len);
        }
        let bytes = windows::with_received(len, |received, _| received.to_vec());
        self.0.post(|mailbox| mailbox.received.extend(bytes)); // not while the window is borrowed: it wakes a task
        let is_full = self.0.with_mailbox(|mailbox| {
            mailbox.received.len() > MAX_RECEIVED && !std::mem::replace(&mut mailbox.is_paused, true)
        });
        if let Some(node) = self.0.any_node().filter(|_| is_full == Some(true)) {
            node.with_socket(Socket::pause);
        }
        0.0
    }

    /// This many bytes have bypassed wasm, into the message that is being assembled. Returns how many more may.
    #[wasm_bindgen(js_name = handlePassed)]
    pub fn handle_passed(&self, len: f64) -> f64 {
        self.0.open_node().map_or(0.0, |node| node.handle_passed(len as u64))
    }

    /// A tick that sent something is over.
    #[wasm_bindgen(js_name = handleTick)]
    pub fn handle_tick(&self) {
        if let Some(node) = self.0.open_node() {
            node.handle_tick();
        }
    }

    /// Other events have had a turn while a large message is being sent.
    #[wasm_bindgen(js_name = handleTurn)]
    pub fn handle_turn(&self) {
        if let Some(node) = self.0.open_node() {
            node.handle_turn();
        }
    }

    /// Other events have had a turn since `readLater`.
    #[wasm_bindgen(js_name = handleLater)]
    pub fn handle_later(&self) {
        if let Some(node) = self.0.open_node() {
            node.handle_later();
        }
    }

    /// A write has failed.
    #[wasm_bindgen(js_name = handleWriteFailed)]
    pub fn handle_write_failed(&self) {
        if let Some(node) = self.0.open_node() {
            node.handle_write_failed();
        }
    }

    /// The system has taken a write, which completes this many messages and this many bytes of the next.
    #[wasm_bindgen(js_name = handleWritten)]
    pub fn handle_written(&self, messages: u32, part: u32) {
        if let Some(node) = self.0.open_node() {
            node.handle_written(messages, part);
        }
    }

    /// The peer has ended its side.
    #[wasm_bindgen(js_name = handleEnd)]
    pub fn handle_end(&self) {
        if !self.0.post(|mailbox| mailbox.ended = true)
            && let Some(node) = self.0.open_node()
        {
            node.handle_end();
        }
    }

    /// The fields of the response on a stream of HTTP/2.
    #[wasm_bindgen(js_name = handleResponse)]
    pub fn handle_response(&self, fields: JsValue) {
        self.0.post(|mailbox| mailbox.response = Some(fields));
    }

    /// The socket is closed, because of `error` if that is not null. This is the last call but for `handleLater`. For an HTTP/2 stream, `reset` is
    /// the code that it was reset with, or 0, and `is_lost` says whether its session was lost. `unread` is a Buffer of what was not read yet, or
    /// undefined.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, error: JsValue, reset: u32, is_lost: bool, unread: JsValue) {
        let loss = loss_of_stream(error, reset, is_lost);
        if let Some(node) = self.0.open_node() {
            node.handle_closed(unread, loss);
        } else {
            self.0.receive(&unread);
            self.0.post(|mailbox| mailbox.lost = Some(loss));
        }
    }
}
