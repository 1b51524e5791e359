//! A second reader of RFC 6455 and RFC 7692, which has the whole stream at once. It says what a connection must see.

use websocket_channel::protocol::FaultKind;

use super::driver::Seen;
use super::inflate;

/// What was agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    pub(crate) deflate: bool,
    /// The peer takes its compression context over from message to message.
    pub(crate) peer_takeover: bool,
    pub(crate) limit: usize,
}

/// What a connection must see of a stream.
#[derive(Debug, Default)]
pub(crate) struct Prediction {
    pub(crate) seen: Vec<Seen>,
    pub(crate) pings: Vec<Vec<u8>>,
    /// A compressed message is known to be wrong before all its frames have come. The size of the scratch memory determines when
    /// the connection notices: it may fail with one of these faults from this event on, and must fail by the message's end.
    early: Option<(usize, Vec<FaultKind>)>,
}

impl Prediction {
    pub(crate) fn check(&self, observed: &[Seen], how: &str) {
        let failed_early = |(from, kinds): &(usize, Vec<FaultKind>)| {
            observed.len() == from + 1
                && observed[..*from] == self.seen[..*from]
                && matches!(&observed[*from], Seen::Failed(kind) if kinds.contains(kind))
        };
        let good = observed == self.seen || self.early.as_ref().is_some_and(failed_early);
        assert!(good, "{how}: saw {}, expected {}", brief(observed), brief(&self.seen));
    }

    /// Whether only `seen` is correct.
    pub(crate) fn is_certain(&self) -> bool {
        self.early.is_none()
    }
}

/// Formats the events, and shortens the long ones.
fn brief(seen: &[Seen]) -> String {
    let one = |seen: &Seen| match seen {
        Seen::Message { text, bytes } => {
            let beginning = bytes[..bytes.len().min(40)].escape_ascii();
            format!("{} of {} bytes: {beginning}", if *text { "text" } else { "binary" }, bytes.len())
        }
        other => format!("{other:?}"),
    };
    format!("[{}]", seen.iter().map(one).collect::<Vec<_>>().join(", "))
}

struct Message {
    text: bool,
    compressed: bool,
    payload: Vec<u8>,
    announced: u64,
}

/// What the compressed message inflates to so far.
struct Inflated {
    bytes: Vec<u8>,
    faults: Vec<FaultKind>,
    /// Its last block has ended with its last bit.
    between_blocks: bool,
    /// And it was a final one.
    between_streams: bool,
}

/// Returns what the `bytes` of a server mean.
pub(crate) fn read(bytes: &[u8], agreed: Agreed) -> Prediction {
    let mut model = Model { agreed, stream: Vec::new(), inflated: 0, message: None, prediction: Prediction::default() };
    if let Err(last) = model.read(bytes) {
        model.prediction.seen.push(last);
    }
    model.prediction
}

struct Model {
    agreed: Agreed,
    /// The compressed bytes of the earlier messages, including the tails, since the window was last empty.
    stream: Vec<u8>,
    /// How many bytes they inflate to.
    inflated: usize,
    message: Option<Message>,
    prediction: Prediction,
}

const WRONG: Seen = Seen::Failed(FaultKind::Frame);

impl Model {
    fn read(&mut self, mut bytes: &[u8]) -> Result<(), Seen> {
        loop {
            let [first, second, rest @ ..] = bytes else { return Ok(()) };
            let (fin, rsv, opcode) = (first & 0x80 != 0, first >> 4 & 7, first & 0x0F);
            let (control, short) = (opcode >= 8, usize::from(second & 0x7F));
            let known = matches!(opcode, 0..=2 | 8..=10);
            if !known || rsv & 3 != 0 || second & 0x80 != 0 || (control && (!fin || short > 125)) {
                return Err(WRONG);
            }
            let extended = match short {
                126 => 2,
                127 => 8,
                _ => 0,
            };
            let Some(digits) = rest.get(..extended) else { return Ok(()) };
            let len = if extended == 0 {
                short as u64
            } else {
                digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit))
            };
            let minimal = match extended {
                2 => len >= 126,
                8 => (0x1_0000..1 << 63).contains(&len),
                _ => true,
            };
            let compressed = rsv & 4 != 0;
            let in_order = control || (opcode == 0) == self.message.is_some();
            let may_compress = !compressed || (self.agreed.deflate && (opcode == 1 || opcode == 2));
            if !minimal || !in_order || !may_compress {
                return Err(WRONG);
            }
            let rest = &rest[extended..];
            let available = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
            let (payload, whole) = (&rest[..available], available as u64 == len);
            if control {
                if !whole {
                    return Ok(());
                }
                self.control(opcode, payload)?;
            } else {
                self.data(opcode, compressed, len, payload)?;
                if !whole {
                    return Ok(());
                }
                if fin {
                    self.end_message()?;
                }
            }
            bytes = &rest[available..];
        }
    }

    fn control(&mut self, opcode: u8, payload: &[u8]) -> Result<(), Seen> {
        match (opcode, payload) {
            (8, []) => Err(Seen::Close(1005, String::new())),
            (8, [_]) => Err(WRONG),
            (8, [high, low, reason @ ..]) => {
                let code = u16::from(*high) << 8 | u16::from(*low);
                if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                    return Err(WRONG);
                }
                let reason = std::str::from_utf8(reason).map_err(|_| Seen::Failed(FaultKind::NotUtf8))?;
                Err(Seen::Close(code, reason.to_owned()))
            }
            (9, _) => {
                self.prediction.pings.push(payload.to_vec());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Handles the part of a data frame that is there.
    fn data(&mut self, opcode: u8, compressed: bool, len: u64, payload: &[u8]) -> Result<(), Seen> {
        let mut message =
            self.message.take().unwrap_or(Message { text: opcode == 1, compressed, payload: Vec::new(), announced: 0 });
        message.announced = message.announced.saturating_add(len);
        if message.announced > self.agreed.limit as u64 {
            return Err(Seen::Failed(FaultKind::TooBig));
        }
        message.payload.extend_from_slice(payload);
        if message.compressed {
            let faults = self.inflate(&message, &[]).faults;
            if !faults.is_empty() {
                self.doubt(faults);
            }
        } else if message.text && !begins_utf8(&message.payload) {
            return Err(Seen::Failed(FaultKind::NotUtf8));
        }
        self.message = Some(message);
        Ok(())
    }

    fn end_message(&mut self) -> Result<(), Seen> {
        let Some(message) = self.message.take() else { return Ok(()) };
        let bytes = if message.compressed {
            let own = self.inflate(&message, &[]);
            let with_tail = self.inflate(&message, &[0, 0, 0xFF, 0xFF]);
            // A final block needs no tail. Otherwise the tail completes an empty block, and adds nothing else.
            let has_ended = own.between_streams && !message.payload.is_empty();
            let is_complete = has_ended || (with_tail.between_blocks && with_tail.bytes.len() == own.bytes.len());
            let Inflated { bytes, mut faults, .. } = own;
            if !is_complete {
                faults.push(FaultKind::NotDeflated);
            }
            if message.text && faults.is_empty() && std::str::from_utf8(&bytes).is_err() {
                faults.push(FaultKind::NotUtf8);
            }
            if let Some(first) = faults.first().copied() {
                self.doubt(faults);
                return Err(Seen::Failed(first));
            }
            self.stream.extend(message.payload);
            if !has_ended {
                self.stream.extend([0, 0, 0xFF, 0xFF]);
            }
            self.inflated += bytes.len();
            if !self.agreed.peer_takeover {
                self.stream.clear();
                self.inflated = 0;
            }
            bytes
        } else {
            if message.text && std::str::from_utf8(&message.payload).is_err() {
                return Err(Seen::Failed(FaultKind::NotUtf8));
            }
            message.payload
        };
        self.prediction.early = None;
        self.prediction.seen.push(Seen::Message { text: message.text, bytes });
        Ok(())
    }

    /// Returns what the message inflates to so far, and everything that is wrong with it.
    fn inflate(&self, message: &Message, tail: &[u8]) -> Inflated {
        let input = [&self.stream[..], &message.payload, tail].concat();
        let mut result = inflate::inflate(&input, self.inflated + self.agreed.limit, self.agreed.peer_takeover);
        let bytes = result.out.split_off(self.inflated.min(result.out.len()));
        let mut faults = Vec::new();
        if result.overflowed {
            faults.extend([FaultKind::TooBig, FaultKind::NotDeflated]); // the bytes after the limit may be wrong, too
        }
        if result.invalid {
            faults.push(FaultKind::NotDeflated);
        }
        if message.text && !begins_utf8(&bytes) {
            faults.push(FaultKind::NotUtf8);
        }
        Inflated { bytes, faults, between_blocks: result.between_blocks, between_streams: result.between_streams }
    }

    fn doubt(&mut self, faults: Vec<FaultKind>) {
        let from = self.prediction.seen.len();
        self.prediction.early.get_or_insert((from, Vec::new())).1.extend(faults);
    }
}

fn begins_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}
