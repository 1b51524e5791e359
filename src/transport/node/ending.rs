//! How one connection ends: cleanly, by a fault, or with the socket.

use wasm_bindgen::JsValue;

use super::socket::Socket;
use super::{Node, due};
use crate::channel::{Ending, Report, Timer as _};
use crate::opening::{Loss, explain_loss};
use crate::protocol::{Fault, FaultKind, Role};
use crate::status::Status;
use crate::transport::{Evidence, JsHost, TOO_BIG};
use crate::uri::Uri;

/// How long a socket whose channel is done waits for the peer's end, in milliseconds.
pub(super) const LINGER_MS: u32 = 2_000;

impl Node {
    /// The connection has its last close frame. Sends it, and then ends the channel with `ending`.
    #[cold]
    pub(super) fn fail(&self, ending: Ending<JsHost>) {
        let waiting = self.wire.borrow_mut().outgoing.stop();
        drop(waiting);
        self.has_failed.set(true);
        self.flush();
        self.with_socket(|socket| {
            socket.end();
            socket.linger(LINGER_MS);
        });
        self.driver.report(Report::Failed(ending));
        self.unpause(); // the end must not wait for resume()
        self.conclude_if_closed(); // the close frame may have gone out before
    }

    /// Once the system has taken our close frame and everything before it, ends the channel if there was a fault, or if the peer's close
    /// frame has arrived.
    pub(super) fn conclude_if_closed(&self) {
        if self.wire.borrow().is_over() {
            self.close_taken.set(true);
        }
        if !self.close_taken.get() {
            return;
        }
        if self.has_failed.get() {
            self.conclude(Ending::default(), |_| ()); // the channel knows the failure
        } else if self.peer_closed.get() {
            self.conclude_cleanly();
        }
    }

    /// Both close frames have been exchanged. The channel ends now, or with the socket ([`Node::conclude_closed`]).
    fn conclude_cleanly(&self) {
        let ends_with_tcp = self.attributes.node.is_web.get();
        if ends_with_tcp && let Some(socket) = self.socket().filter(|it| !it.is_stream()) {
            if !self.lingers.replace(true) {
                socket.linger(LINGER_MS);
            }
            return;
        }
        // The server ends the TCP connection first (RFC 6455 §7.1.1). A stream of HTTP/2 need not wait for that.
        self.conclude(Ending::clean(), |socket| {
            if self.role == Role::Server || socket.is_stream() {
                socket.end();
            }
            socket.linger(LINGER_MS);
        });
    }

    /// Lets go of the socket and reports the end.
    #[cold]
    pub(super) fn conclude(&self, ending: Ending<JsHost>, farewell: impl FnOnce(&Socket)) {
        self.let_go(farewell);
        self.driver.report(Report::Gone(ending));
    }

    /// Lets go of the socket. What it does from now on does not matter.
    #[cold]
    pub(super) fn let_go(&self, farewell: impl FnOnce(&Socket)) {
        self.pinging.stop();
        self.paused.clear();
        let socket = self.socket.borrow_mut().take();
        let held = self.held.take();
        if let Some(socket) = socket {
            farewell(&socket);
            if held.is_some() || self.is_suspended() {
                socket.resume(); // it waits for the peer's end
            }
            if self.role == Role::Client {
                socket.set_ref(false); // the program need not wait; a server's program may wait for its last connection
            }
            socket.detach();
        }
        self.place.take();
        self.drop_outgoing();
    }

    /// Nothing more goes out.
    fn drop_outgoing(&self) {
        let waiting = std::mem::take(&mut self.wire.borrow_mut().outgoing);
        drop(waiting);
        due::forget_written();
    }

    /// The peer has ended its side. If it has not sent a close frame, nothing more will arrive. What is being sent may still go out.
    pub(super) fn conclude_ended(&self) {
        if self.peer_closed.get() || self.has_failed.get() {
            return; // a close frame of ours is on its way
        }
        self.conclude(self.of_loss(Loss::ended()), |socket| {
            socket.end();
            socket.linger(LINGER_MS);
        });
    }

    /// The socket is closed.
    pub(super) fn conclude_closed(&self, loss: Loss<JsValue>) {
        self.pinging.stop();
        self.paused.clear();
        let socket = self.socket.borrow_mut().take();
        if let Some(socket) = socket {
            socket.detach();
        }
        self.place.take();
        self.drop_outgoing();
        let ending = if self.lingers.get() { Ending::clean() } else { self.of_loss(loss) };
        self.driver.report(Report::Gone(ending));
    }

    fn of_loss(&self, loss: Loss<JsValue>) -> Ending<JsHost> {
        let server = (self.role == Role::Client).then(|| self.uri());
        let (status, message) = explain_loss(server.as_ref(), self.peer_closed.get(), &loss);
        let evidence = Some(Evidence { cause: loss.cause.unwrap_or(JsValue::NULL), ..Evidence::default() });
        Ending { status, message: message.into(), evidence, ..Ending::default() }
    }

    fn uri(&self) -> Uri {
        Uri::new(self.attributes.uri.borrow().as_deref().cloned().unwrap_or_default())
    }
}

/// The peer broke the protocol.
#[cold]
pub(super) fn of_fault(fault: Fault) -> Ending<JsHost> {
    let status = match fault.kind {
        FaultKind::Frame => Status::ILLEGAL_VALUE,
        FaultKind::NotUtf8 => Status::CANNOT_CONVERT_DATA,
        FaultKind::TooBig => Status::FILE_TOO_BIG,
        FaultKind::NotDeflated => Status::INVALID_CONTENT_ENCODING,
        FaultKind::NoMemory => Status::OUT_OF_MEMORY,
    };
    // This end's user can do something about the limit.
    let message = if fault.kind == FaultKind::TooBig { TOO_BIG.into() } else { fault.message };
    Ending { status, message, ..Ending::default() }
}
