//! Node's backend: `protocol::Connection` over `socket.js`.

mod failure;
mod keys;
mod socket;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use self::keys::mask_key;
use self::socket::{Options, Socket, Url, WINDOW};
use super::{JsHost, Listener, PayloadKind, Refusal, Session, Target};
use crate::channel::{Ending, Report, Taken};
use crate::close::Close;
use crate::protocol::{Connection, Event, Field, FieldError, Kind, Limits, Request};
use crate::status::Status;

/// A message on its way out.
pub(crate) enum Outgoing {
    /// Its payload lies at the beginning of the send window; the very next command sends it.
    InWindow(Kind, usize),
    /// Its payload is a `Uint8Array` in the host's memory.
    Held(Kind, Uint8Array),
}

/// A message that came in.
pub(crate) enum Incoming {
    /// It lies in the chunk that is being read, from start to end.
    InChunk { kind: Kind, start: u32, end: u32, ascii: bool },
    /// It came in pieces, and is a string or a `Uint8Array` now.
    Gathered(Kind, JsValue),
}

/// One connection and its socket.
pub(crate) struct Node {
    session: Rc<Session>,
    connection: RefCell<Connection>,
    socket: RefCell<Option<Rc<Socket>>>,
    /// Frames of this tick; they leave in one write.
    out: RefCell<Vec<u8>>,
    /// How many messages end in `out`.
    messages: Cell<u32>,
    /// `tick` was asked for and has not come.
    tick_due: Cell<bool>,
    /// Writes that the system has not taken yet.
    writes: Cell<u32>,
    /// Our close frame is in `out` or behind it: no message may follow.
    closing: Cell<bool>,
    /// The peer's close frame came.
    peer_closed: Cell<bool>,
    /// What the peer did wrong; its close frame goes out first.
    fault: RefCell<Option<Ending<JsHost>>>,
}

/// How long a socket whose channel is done waits for the peer's end.
const LINGER_MS: u32 = 2_000;
/// Frames beyond so many bytes are written at once rather than at the tick's end.
const FLUSH_AT: usize = 64 * 1024;

impl Node {
    pub(crate) fn open(session: &Rc<Session>, target: Target<'_>) -> Result<Rc<Self>, Refusal> {
        socket::prepare_windows();
        let url: &Url = target.url.unchecked_ref();
        let options: &Options = target.host_options.unchecked_ref();
        let request = Request {
            host: url.host(),
            resource: url.pathname() + &url.search(),
            protocols: target.protocols.iter().filter_map(|token| token.as_string()).collect(),
            fields: fields(options)?,
        };
        let limits = Limits { message: target.max_message_size.into() };
        let connection = Connection::new(request, keys::nonce(), limits);
        let node = Rc::new(Self {
            session: session.clone(),
            connection: RefCell::new(connection),
            socket: RefCell::default(),
            out: RefCell::default(),
            messages: Cell::new(0),
            tick_due: Cell::new(false),
            writes: Cell::new(0),
            closing: Cell::new(false),
            peer_closed: Cell::new(false),
            fault: RefCell::default(),
        });
        let socket = Socket::new(Engine(node.clone()));
        socket.open(url, &options.socket(), &options.tls()).map_err(|cause| {
            socket.detach();
            let message = "The option tls or socket has something that Node refuses; see the cause.";
            Refusal { cause, ..Refusal::new(Status::INVALID_ARG, message) }
        })?;
        *node.socket.borrow_mut() = Some(Rc::new(socket));
        Ok(node)
    }

    /// Copies the payload out of the caller's hands: into the window if it can be sent at once and fits.
    #[inline]
    pub(crate) fn outgoing(&self, payload: &JsValue, kind: PayloadKind, open: bool) -> (Outgoing, u64) {
        let bytes = payload.unchecked_ref::<Uint8Array>();
        let (kind, filled) = match kind {
            PayloadKind::Text => (Kind::Text, if open { socket::fill_text(payload) } else { -1 }),
            PayloadKind::Binary if open && bytes.length() as usize <= WINDOW => {
                (Kind::Binary, socket::fill_bytes(bytes, 0.0) as i32)
            }
            PayloadKind::Binary => (Kind::Binary, -1),
        };
        if let Ok(len) = usize::try_from(filled) {
            return (Outgoing::InWindow(kind, len), len as u64);
        }
        // Large binary payload is framed before the caller's next instruction; anything else needs a copy of its own.
        let held = if open && kind == Kind::Binary { bytes.clone() } else { socket::hold(payload) };
        let len = u64::from(held.length());
        (Outgoing::Held(kind, held), len)
    }

    #[inline]
    pub(crate) fn send(&self, message: Outgoing) {
        if self.closing.get() {
            return;
        }
        match message {
            Outgoing::InWindow(kind, len) => self.send_window(kind, len),
            Outgoing::Held(kind, bytes) if bytes.length() as usize <= WINDOW => {
                let len = socket::fill_bytes(&bytes, 0.0);
                self.send_window(kind, len as usize);
            }
            Outgoing::Held(kind, bytes) => self.send_in_pieces(kind, &bytes),
        }
        self.messages.set(self.messages.get() + 1);
        if self.out.borrow().len() >= FLUSH_AT { self.flush() } else { self.flush_soon() }
    }

    pub(crate) fn close(&self, close: Close) {
        if self.closing.replace(true) {
            return;
        }
        self.connection.borrow_mut().close(close);
        self.flush_soon();
    }

    pub(crate) fn abort(&self, farewell: Option<Close>) {
        let Some(socket) = self.socket.borrow_mut().take() else { return };
        if let (Some(close), false) = (farewell, self.closing.replace(true)) {
            self.connection.borrow_mut().close(close);
        }
        // What was accepted in this tick goes out all the same.
        if self.connection.borrow().has_transmit() || !self.out.borrow().is_empty() {
            self.write_out(&socket);
            socket.end(LINGER_MS);
        } else {
            socket.destroy();
        }
        socket.detach();
    }

    /// A refusal whose body is still coming says more than a timeout does.
    pub(crate) fn handle_timeout(&self) {
        let event = self.connection.borrow_mut().handle_end();
        if let Some(Event::Refused(_)) = event {
            self.handle_event(event);
        }
    }

    #[inline]
    pub(crate) fn deliver(&self, listener: &Listener, message: Incoming) {
        match message {
            Incoming::InChunk { kind, start, end, ascii } => {
                let Some(socket) = self.socket() else { return };
                match kind {
                    Kind::Text => socket.deliver_text(listener, start, end, ascii),
                    Kind::Binary => socket.deliver_binary(listener, start, end),
                }
            }
            Incoming::Gathered(Kind::Text, text) => listener.text(&text),
            Incoming::Gathered(Kind::Binary, bytes) => listener.binary(&bytes),
        }
    }

    fn send_window(&self, kind: Kind, len: usize) {
        let mut out = self.out.borrow_mut();
        socket::with_filled(len, |payload| self.connection.borrow_mut().send(kind, payload, mask_key, &mut out));
    }

    /// A message larger than the window passes through it; its frame is collected in the host's memory.
    fn send_in_pieces(&self, kind: Kind, bytes: &Uint8Array) {
        let len = bytes.length();
        let mut masking = {
            let mut out = self.out.borrow_mut();
            self.connection.borrow_mut().begin_message(kind, u64::from(len), mask_key, &mut out)
        };
        let mut sent = 0;
        while sent < len {
            let filled = socket::fill_bytes(bytes, f64::from(sent));
            socket::with_filled(filled as usize, |piece| masking.append(piece, &mut self.out.borrow_mut()));
            sent += filled;
            if sent < len {
                self.flush();
            }
        }
    }

    fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }

    fn flush_soon(&self) {
        if !self.tick_due.replace(true)
            && let Some(socket) = self.socket()
        {
            socket.tick();
        }
    }

    /// Writes what there is to write. Pongs alone wait while the peer does not take what was written before: a peer
    /// that only pings must not fill our memory.
    fn flush(&self) {
        let pongs_only = self.out.borrow().is_empty() && !self.closing.get() && self.fault.borrow().is_none();
        let nothing = pongs_only && (!self.connection.borrow().has_transmit() || self.writes.get() > 0);
        if let (false, Some(socket)) = (nothing, self.socket()) {
            self.write_out(&socket);
        }
    }

    fn write_out(&self, socket: &Socket) {
        let mut out = self.out.take();
        self.connection.borrow_mut().poll_transmit(mask_key, &mut out);
        if !out.is_empty() {
            self.writes.set(self.writes.get() + 1);
            socket.write(&out, self.messages.take());
        }
    }

    fn handle_event(&self, event: Option<Event>) {
        let report = match event {
            None => return,
            Some(Event::Message { kind, payload, ascii }) => {
                let (start, end) = (payload.start as u32, payload.end as u32);
                Report::Message(Incoming::InChunk { kind, start, end, ascii })
            }
            Some(Event::Begin { first_frame, .. }) => {
                return self.with_socket(|socket| socket.begin(first_frame as f64));
            }
            Some(Event::Piece(piece)) => {
                return self.with_socket(|socket| socket.piece(piece.start as u32, piece.end as u32));
            }
            Some(Event::End { kind, ascii }) => {
                let Some(socket) = self.socket() else { return };
                Report::Message(Incoming::Gathered(kind, socket.finish(kind == Kind::Text, ascii)))
            }
            Some(Event::Opened { protocol, extensions }) => {
                self.session.selected(protocol.into(), extensions.into());
                Report::Opened
            }
            Some(Event::Close(close)) => {
                self.peer_closed.set(true);
                self.session.report(Report::PeerClose(close));
                return self.conclude_if_closed();
            }
            Some(Event::Refused(answer)) => return self.conclude(failure::of_refusal(answer), Socket::destroy),
            Some(Event::Failed(fault)) => match fault.kind.close_code() {
                None => return self.conclude(failure::of_fault(fault), Socket::destroy),
                Some(_) => {
                    self.closing.set(true);
                    *self.fault.borrow_mut() = Some(failure::of_fault(fault));
                    self.flush();
                    return self.with_socket(|socket| socket.end(LINGER_MS));
                }
            },
        };
        self.session.report(report);
    }

    fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = self.socket() {
            act(&socket);
        }
    }

    /// Once every byte of ours is with the system: a fault's close frame is out, or both close frames are exchanged.
    fn conclude_if_closed(&self) {
        if self.writes.get() > 0 || !self.closing.get() || self.connection.borrow().has_transmit() {
            return;
        }
        let fault = self.fault.borrow_mut().take();
        match fault {
            Some(ending) => self.conclude(ending, |_| ()),
            // The server ends the TCP connection first (RFC 6455 §7.1.1).
            None if self.peer_closed.get() => self.conclude(Ending::clean(), |socket| socket.linger(LINGER_MS)),
            None => {}
        }
    }

    /// Lets go of the socket and reports the end.
    fn conclude(&self, ending: Ending<JsHost>, farewell: impl FnOnce(&Socket)) {
        let socket = self.socket.borrow_mut().take();
        if let Some(socket) = socket {
            farewell(&socket);
            socket.detach();
        }
        self.session.report(Report::Gone(ending));
    }
}

/// The `Origin` header and those that the user adds.
fn fields(options: &Options) -> Result<Vec<Field>, Refusal> {
    let invalid = |message| Refusal::new(Status::INVALID_ARG, message);
    let mut fields = Vec::new();
    if let Some(origin) = options.origin() {
        let origin = Field::origin(&origin);
        fields.push(origin.map_err(|_| invalid("origin: it has a character that no header may have."))?);
    }
    let headers = options.headers();
    if headers.is_undefined() {
        return Ok(fields);
    }
    for entry in Object::entries(headers.unchecked_ref::<Object>()).iter() {
        let entry: Array = entry.unchecked_into();
        let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) else {
            return Err(invalid("The option headers has a value that is no string."));
        };
        fields.push(Field::new(&name, &value).map_err(|error| match error {
            FieldError::Name => invalid("The option headers has a name that is no HTTP token."),
            FieldError::Value => invalid("The option headers has a value with a character that no header may have."),
            FieldError::Owned => invalid("The option headers has a header that the handshake itself sets."),
        })?);
    }
    Ok(fields)
}

/// What `socket.js` calls. Each method says what has happened.
#[wasm_bindgen(skip_typescript)]
pub struct Engine(Rc<Node>);

#[wasm_bindgen]
impl Engine {
    /// The socket is ready for HTTP.
    #[wasm_bindgen(js_name = handleConnected)]
    pub fn handle_connected(&self) {
        self.0.with_socket(|socket| self.0.write_out(socket));
    }

    /// So many bytes are in the receive window.
    #[wasm_bindgen(js_name = handleData)]
    pub fn handle_data(&self, len: usize) {
        let mut at = 0;
        loop {
            let event = socket::with_received(len, |chunk| self.0.connection.borrow_mut().poll_event(chunk, &mut at));
            if event.is_none() {
                break;
            }
            self.0.handle_event(event);
        }
        self.0.flush();
    }

    /// The tick is over that sent something.
    #[wasm_bindgen(js_name = handleTick)]
    pub fn handle_tick(&self) {
        self.0.tick_due.set(false);
        self.0.flush();
    }

    /// The system has taken a write, and with it the ends of so many messages.
    #[wasm_bindgen(js_name = handleWritten)]
    pub fn handle_written(&self, messages: usize) {
        self.0.writes.set(self.0.writes.get().saturating_sub(1));
        if messages > 0 {
            self.0.session.report(Report::Sent(Taken::Messages(messages)));
        }
        self.0.flush();
        self.0.conclude_if_closed();
    }

    /// The peer has ended its side.
    #[wasm_bindgen(js_name = handleEnd)]
    pub fn handle_end(&self) {
        let event = self.0.connection.borrow_mut().handle_end();
        self.0.handle_event(event);
    }

    /// The socket is closed, the last call.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, reached: &str, code: &str, cause: JsValue) {
        let fault = self.0.fault.borrow_mut().take();
        let ending = fault.unwrap_or_else(|| failure::of_socket(reached, code, cause));
        self.0.socket.borrow_mut().take();
        self.0.session.report(Report::Gone(ending));
    }
}
