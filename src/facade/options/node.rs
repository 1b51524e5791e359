//! The options that only Node honours.

use js_sys::{Array, Object, Reflect, Symbol};
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Error};
use wasm_bindgen::prelude::*;

use super::{Properties, given, own_properties, whole_number};
use crate::facade::arguments::quote;
use crate::http::{Field, FieldError};
use crate::opening::{Proxy, ProxySetting};
use crate::protocol::{DeflateOptions, WindowBits};
use crate::transport::node::{env, parse_uri};
use crate::transport::{ChannelError, HostOptions, to_text};

/// The options as JavaScript passes them. What Node itself validates is passed on unchanged.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    redirects: Option<Whole<0, 1000>>,
    #[serde(default)]
    one_connecting_per_host: Option<Flag>,
    #[serde(default)]
    http2: Option<Flag>,
    #[serde(default = "undefined", with = "serde_wasm_bindgen::preserve")]
    deflate: JsValue,
    #[serde(default = "undefined", with = "serde_wasm_bindgen::preserve")]
    headers: JsValue,
    #[serde(default = "undefined", with = "serde_wasm_bindgen::preserve")]
    proxy: JsValue,
    #[serde(default = "undefined", with = "serde_wasm_bindgen::preserve")]
    tls: JsValue,
    #[serde(default = "undefined", with = "serde_wasm_bindgen::preserve")]
    socket: JsValue,
}

/// The option `deflate`, if it is an object.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawDeflate {
    threshold: Option<Whole<0, 0x7FFF_FFFF>>,
    level: Option<Whole<0, 9>>,
    client_max_window_bits: Option<ClientBits>,
    server_max_window_bits: Option<Whole<8, 15>>,
    client_no_context_takeover: Option<Flag>,
    server_no_context_takeover: Option<Flag>,
}

/// The settings of `deflate`.
const DEFLATE: &[&str] = &[
    "threshold",
    "level",
    "clientMaxWindowBits",
    "serverMaxWindowBits",
    "clientNoContextTakeover",
    "serverNoContextTakeover",
];
/// The keys of `tls` and `socket` that the URI and the channel decide.
const OWNED_TLS: &[&str] = &["host", "port", "path", "socket", "onread", "allowHalfOpen"];
const OWNED_SOCKET: &[&str] = &["host", "port", "fd", "onread", "allowHalfOpen"];
/// Keys of `tls` that would have an effect in `socket`, but would not stay with the server that they are for.
const TLS_ONLY: &[&str] = &[
    "ALPNProtocols",
    "ca",
    "cert",
    "checkServerIdentity",
    "ciphers",
    "clientCertEngine",
    "crl",
    "ecdhCurve",
    "key",
    "maxVersion",
    "minDHSize",
    "minVersion",
    "passphrase",
    "pfx",
    "privateKeyEngine",
    "privateKeyIdentifier",
    "pskCallback",
    "rejectUnauthorized",
    "secureContext",
    "secureOptions",
    "secureProtocol",
    "servername",
    "session",
    "sigalgs",
];
/// Options of Node's streams that would replace the socket's own methods, or make it give strings.
const OWNED_BY_STREAM: &[&str] = &["read", "write", "writev", "final", "destroy", "construct", "encoding"];

fn undefined() -> JsValue {
    JsValue::UNDEFINED
}

pub(super) fn parse_host_options(options: &Properties) -> Result<HostOptions, ChannelError> {
    let raw: Raw = deserialize(options, "")?;
    let default = HostOptions::default();
    Ok(HostOptions {
        deflate: deflate(&raw.deflate)?,
        headers: headers(&raw.headers)?,
        redirects: raw.redirects.map_or(default.redirects, |Whole(count)| count),
        proxy: proxy(&raw.proxy)?,
        one_connecting_per_host: raw.one_connecting_per_host.is_some_and(|Flag(flag)| flag),
        http2: raw.http2.is_some_and(|Flag(flag)| flag),
        tls: tls(&raw.tls)?,
        socket: socket(&raw.socket)?,
        ..default
    })
}

/// Reads a struct. An error names the property, preceded by `prefix`.
fn deserialize<T: for<'de> Deserialize<'de>>(properties: &Properties, prefix: &str) -> Result<T, ChannelError> {
    let value = |value: &JsValue| serde_wasm_bindgen::Deserializer::from(value.clone());
    let deserializer = MapDeserializer::new(properties.iter().map(|(name, it)| (name.as_str(), value(it))));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let (path, problem) = (error.path().to_string(), JsValue::from(error.into_inner()));
        let problem = Reflect::get(&problem, &"message".into()).ok().and_then(|message| message.as_string());
        ChannelError::invalid(format!("{prefix}{path}: {}", problem.unwrap_or_default()))
    })
}

/// A whole number within bounds.
struct Whole<const MIN: u32, const MAX: u32>(u32);

/// true or false.
struct Flag(bool);

/// `clientMaxWindowBits`: a number, or `false`.
struct ClientBits(WindowBits);

/// An option that is read from one value. (serde itself does not tell a bigint from a number.)
trait Read: Sized {
    fn read(value: &JsValue) -> Option<Self>;
    /// What the value must be.
    fn advice() -> String;
}

impl<const MIN: u32, const MAX: u32> Read for Whole<MIN, MAX> {
    fn read(value: &JsValue) -> Option<Self> {
        whole_number(value, MIN, MAX).map(Self)
    }

    fn advice() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }
}

impl Read for Flag {
    fn read(value: &JsValue) -> Option<Self> {
        value.as_bool().map(Self)
    }

    fn advice() -> String {
        "true or false".into()
    }
}

impl Read for ClientBits {
    fn read(value: &JsValue) -> Option<Self> {
        if *value == JsValue::FALSE {
            return Some(Self(WindowBits::NotOffered));
        }
        whole_number(value, 8, 15).map(|bits| Self(WindowBits::AtMost(bits as u8)))
    }

    fn advice() -> String {
        "a whole number from 8 to 15, or false".into()
    }
}

macro_rules! deserialize_by_reading {
    ($(impl [$($generics:tt)*] for $type:ty;)*) => {
        $(impl<'de, $($generics)*> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value: JsValue = serde_wasm_bindgen::preserve::deserialize(deserializer)?;
                Self::read(&value).ok_or_else(|| {
                    D::Error::custom(format_args!("{} is not allowed. Use {}.", quote(&value), Self::advice()))
                })
            }
        })*
    };
}

deserialize_by_reading! {
    impl [const MIN: u32, const MAX: u32] for Whole<MIN, MAX>;
    impl [] for Flag;
    impl [] for ClientBits;
}

/// permessage-deflate: on, unless it is `false`.
fn deflate(value: &JsValue) -> Result<Option<DeflateOptions>, ChannelError> {
    if *value == JsValue::FALSE {
        return Ok(None);
    }
    if !value.is_undefined() && !value.is_null() && !value.is_object() {
        return Err(ChannelError::invalid(format!(
            "deflate: {} is not allowed. Use false, or an object of settings.",
            quote(value)
        )));
    }
    let own = own_properties(value, "deflate")?;
    if let Some((name, _)) = own.iter().find(|(name, _)| !DEFLATE.contains(&&**name)) {
        return Err(ChannelError::invalid(format!("Unknown setting: deflate.{name}. Use {}.", DEFLATE.join(", "))));
    }
    let raw: RawDeflate = deserialize(&own, "deflate.")?;
    let default = DeflateOptions::default();
    Ok(Some(DeflateOptions {
        threshold: raw.threshold.map(|Whole(bytes)| bytes.into()),
        level: raw.level.map_or(default.level, |Whole(level)| level as i32),
        client_max_window_bits: raw.client_max_window_bits.map_or(WindowBits::Any, |ClientBits(bits)| bits),
        server_max_window_bits: raw.server_max_window_bits.map(|Whole(bits)| bits as u8),
        client_no_context_takeover: raw.client_no_context_takeover.is_some_and(|Flag(flag)| flag),
        server_no_context_takeover: raw.server_no_context_takeover.is_some_and(|Flag(flag)| flag),
    }))
}

/// Reads what fetch accepts: an object of names and values, pairs, or `Headers`. Values become strings.
fn headers(value: &JsValue) -> Result<Vec<Field>, ChannelError> {
    if value.is_undefined() || value.is_null() {
        return Ok(Vec::new());
    }
    if !value.is_object() {
        // A string may be a whole header, whose value may be a secret.
        let what = if value.is_string() { "a string".into() } else { quote(value) };
        let message =
            format!("headers: {what} is not an object. Use an object of names and values, pairs, or Headers.");
        return Err(ChannelError::invalid(message));
    }
    let failed = |cause| ChannelError::invalid("headers: reading it failed. See the error's cause.").because(cause);
    let iterates = Reflect::get(value, &Symbol::iterator()).map_err(failed)?.is_function(); // of any realm
    if iterates {
        let pairs = from_iterable(value).map_err(failed)?;
        pairs.iter().map(|pair| header(&name_and_value(&pair)?)).collect()
    } else {
        own_properties(value, "headers")?.iter().map(header).collect()
    }
}

/// Reads an item of an iterable.
fn name_and_value(pair: &JsValue) -> Result<(String, JsValue), ChannelError> {
    let items = if pair.is_object() { from_iterable(pair).ok() } else { None }; // a string has items, too
    let pair = items.filter(|items| items.length() == 2);
    let pair = pair.ok_or_else(|| ChannelError::invalid("headers: an item is not a pair. Use [name, value]."))?;
    Ok((to_text(&pair.get(0)).unwrap_or_default(), pair.get(1)))
}

fn header((name, value): &(String, JsValue)) -> Result<Field, ChannelError> {
    // A whole header in place of a name has its value behind a colon, and that may be a secret.
    let shown = name.split_once(':').map_or_else(|| name.clone(), |(name, _)| format!("{name}:…"));
    let quoted = quote(&shown.into());
    // String() accepts a symbol, fetch does not.
    let value = Some(value).filter(|value| !value.is_symbol()).and_then(to_text).ok_or_else(|| {
        ChannelError::invalid(format!("headers: the value of {quoted} cannot be converted to a string. Pass a string."))
    })?;
    Field::new(name, &value).map_err(|error| {
        ChannelError::invalid(match error {
            FieldError::Name => {
                let advice = if name.contains(':') { "Pass the name and the value separately." } else { "Use letters, digits and hyphens." };
                format!("headers: {quoted} is not a valid header name. {advice}")
            }
            FieldError::Value => {
                format!("headers: the value of {quoted} contains a control character. Remove it, such as a line break.")
            }
            FieldError::NoByte => format!(
                "headers: the value of {quoted} contains a character above U+00FF, which does not fit in a byte. Encode it, for example with encodeURIComponent."
            ),
            FieldError::Owned => {
                format!("headers: {quoted} is set by the handshake itself. {}", instead_of(&name.to_ascii_lowercase()))
            }
        })
    })
}

/// What to do instead of setting a header that the handshake sets.
fn instead_of(name: &str) -> &'static str {
    match name {
        "origin" => "Pass the origin to asyncOpen, or to WebSocket as the option origin.",
        "sec-websocket-protocol" => "Set the channel's attribute protocol, or pass the subprotocols to WebSocket.",
        "host" => "It is the URI's host.",
        "sec-websocket-extensions" => "Use the option deflate.",
        _ => "Remove it.",
    }
}

/// A URI, or `'env'`.
fn proxy(value: &JsValue) -> Result<ProxySetting, ChannelError> {
    if value.is_undefined() || value.is_null() {
        return Ok(ProxySetting::None);
    }
    let is_url = Reflect::has(value, &"href".into()).unwrap_or_default();
    let text = if is_url { to_text(value) } else { value.as_string() };
    match text {
        Some(text) if text == "env" => Ok(ProxySetting::Environment(env)),
        Some(text) => Proxy::parse(&text, "proxy", parse_uri).map(ProxySetting::Fixed).map_err(ChannelError::invalid),
        None => Err(ChannelError::invalid(format!(
            "proxy: {} is not a URI. Use a string, a URL, 'env' or null.",
            quote(value)
        ))),
    }
}

/// Node starts to connect before it looks at `servername`. If it then throws, nobody has the socket.
fn tls(value: &JsValue) -> Result<Object, ChannelError> {
    let properties = own_properties(value, "tls")?;
    if let Some(servername) = given(&properties, "servername").filter(|it| !it.is_string()) {
        let message = format!("tls.servername: {} is not a string. Pass a host name.", quote(servername));
        return Err(ChannelError::invalid(message));
    }
    handed_on(properties, "tls", OWNED_TLS)
}

fn socket(value: &JsValue) -> Result<Object, ChannelError> {
    let properties = own_properties(value, "socket")?;
    match TLS_ONLY.iter().find(|key| given(&properties, key).is_some()) {
        Some(key) => {
            Err(ChannelError::invalid(format!("socket.{key}: this is an option of TLS. Pass it in the option tls.")))
        }
        None => handed_on(properties, "socket", OWNED_SOCKET),
    }
}

/// An option that is passed on to Node's own functions, with Node's keys.
fn handed_on(properties: Properties, name: &str, owned: &[&str]) -> Result<Object, ChannelError> {
    let mut owned = owned.iter().chain(OWNED_BY_STREAM);
    if let Some(key) = owned.find(|key| properties.iter().any(|(name, _)| name == *key)) {
        let message =
            format!("{name}.{key}: this cannot be set, because the URI and the channel decide it. Remove it.");
        return Err(ChannelError::invalid(message));
    }
    // Without a prototype: a polluted one adds nothing, and a property named __proto__ is one like any other.
    let own = Object::create(JsValue::NULL.unchecked_ref());
    for (name, value) in properties {
        let _ = Reflect::set(&own, &name.into(), &value); // cannot fail on a plain object
    }
    Ok(own)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn from_iterable(iterable: &JsValue) -> Result<Array, JsValue>;
}
