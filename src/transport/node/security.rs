//! The attribute `securityInfo`.

use js_sys::{Array, Date, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::names::object;
use crate::grammar::outside_quotes;
use crate::protocol::Role;
use crate::transport::to_text;

/// OpenSSL's code for a client that sent no certificate.
const NO_CERTIFICATE: &str = "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";

/// What is known about a channel's TLS connection.
#[derive(Clone)]
pub(crate) struct Security {
    certificates: Certificates,
    untrusted_reason: Option<String>,
    /// The attribute's value, made when it is first read.
    described: Option<JsValue>,
}

/// securityInfo, without the certificates.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    protocol: Option<String>,
    cipher: Option<String>,
    alpn: Option<String>,
    server_name: Option<String>,
    session_reused: bool,
    trusted: bool,
    untrusted_reason: Option<String>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    certificate: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    chain: JsValue,
}

impl Security {
    /// Node has checked the certificate. `reason` is why it is not trusted, or null. If a client sent no certificate, because it has none or was
    /// not asked for one, Node has no reason, or a misleading one.
    pub(super) fn of(certificates: Certificates, reason: &JsValue, role: Role) -> Self {
        let sent_none = role == Role::Server && certificates.chain().length() == 0;
        let untrusted_reason =
            if sent_none { Some(NO_CERTIFICATE.into()) } else { (!reason.is_null()).then(|| reason_of(reason)) };
        Self { certificates, untrusted_reason, described: None }
    }

    /// The attribute: the same object each time for the same connection.
    pub(crate) fn describe(&mut self) -> JsValue {
        let Self { certificates, untrusted_reason, described } = self;
        let described =
            described.get_or_insert_with(|| describe(certificates, untrusted_reason.clone()).unwrap_or(JsValue::NULL));
        described.clone()
    }
}

/// OpenSSL's or Node's code, or an error's message.
fn reason_of(reason: &JsValue) -> String {
    let of = |name: &str| Reflect::get(reason, &name.into()).ok().and_then(|text| text.as_string());
    of("code").or_else(|| of("message")).or_else(|| to_text(reason)).unwrap_or_default()
}

fn describe(certificates: &Certificates, untrusted_reason: Option<String>) -> Result<JsValue, JsValue> {
    let chain: Array = certificates.chain().iter().map(|raw| describe_certificate(&raw)).collect::<Result<_, _>>()?;
    Object::freeze(&chain);
    let certificate = if chain.length() > 0 { chain.get(0) } else { JsValue::NULL };
    let info = Info {
        protocol: certificates.protocol(),
        cipher: certificates.cipher(),
        alpn: certificates.alpn(),
        server_name: certificates.server_name(),
        session_reused: certificates.session_reused(),
        trusted: untrusted_reason.is_none(),
        untrusted_reason,
        certificate,
        chain: chain.into(),
    };
    let info = super::to_js(&info)?;
    Object::freeze(info.unchecked_ref::<Object>());
    Ok(info)
}

/// A certificate of the chain, from its DER.
fn describe_certificate(raw: &JsValue) -> Result<JsValue, JsValue> {
    let certificate = parse_certificate(raw)?;
    let names: Array =
        names_of(&certificate.subject_alt_name().unwrap_or_default()).iter().map(JsValue::from).collect();
    Object::freeze(&names);
    let described = object([
        ("subject", on_one_line(certificate.subject()).into()),
        ("issuer", on_one_line(certificate.issuer()).into()),
        ("names", names.into()),
        ("validFrom", Date::new(&certificate.valid_from()).into()),
        ("validTo", Date::new(&certificate.valid_to()).into()),
        ("serialNumber", certificate.serial_number()),
        ("fingerprint256", certificate.fingerprint256()),
        ("der", Uint8Array::new(raw).into()),
    ]);
    Object::freeze(&described);
    Ok(described.into())
}

/// Splits Node's list of names. Commas separate the names, and may occur in quoted ones.
fn names_of(list: &str) -> Vec<String> {
    let names = list.split(outside_quotes(','));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Node puts each part of a name on a line of its own.
fn on_one_line(name: Option<String>) -> String {
    name.unwrap_or_default().replace('\n', ", ")
}

#[wasm_bindgen(module = "/src/transport/node/certificate.js")]
extern "C" {
    /// What `certificatesOf` returns.
    #[derive(Clone)]
    pub type Certificates;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &Certificates) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn cipher(this: &Certificates) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn alpn(this: &Certificates) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = serverName)]
    fn server_name(this: &Certificates) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = sessionReused)]
    fn session_reused(this: &Certificates) -> bool;
    #[wasm_bindgen(method, getter)]
    fn chain(this: &Certificates) -> Array;
}

#[wasm_bindgen(module = "/src/transport/node/builtin.js")]
extern "C" {
    #[wasm_bindgen(js_name = parseCertificate, catch)]
    fn parse_certificate(der: &JsValue) -> Result<X509Certificate, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// Node's own class, of node:crypto.
    type X509Certificate;
    #[wasm_bindgen(method, getter)]
    fn subject(this: &X509Certificate) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn issuer(this: &X509Certificate) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = subjectAltName)]
    fn subject_alt_name(this: &X509Certificate) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = validFrom)]
    fn valid_from(this: &X509Certificate) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = validTo)]
    fn valid_to(this: &X509Certificate) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = serialNumber)]
    fn serial_number(this: &X509Certificate) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn fingerprint256(this: &X509Certificate) -> JsValue;
}
