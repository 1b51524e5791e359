use super::*;
use crate::http::Field;
use crate::protocol::DeflateOptions;
use crate::uri::Uri;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The request of RFC 6455 §1.2, with fields changed or left out.
fn request(changes: &[(&str, Option<&str>)]) -> Request {
    let mut fields: Vec<(String, String)> = [
        ("Host", "server.example.com"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in changes {
        fields.retain(|(it, _)| !it.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    Request { method: "GET".into(), version: "1.1".into(), fields, ..Request::default() }
}

/// An extended CONNECT.
fn connect(method: &str, protocol: Option<&str>, fields: &[(&str, &str)]) -> Request {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let protocol = protocol.map(Into::into);
    Request { method: method.into(), version: "2.0".into(), is_http2: true, protocol, fields, uri: None }
}

fn terms(protocols: &[&str]) -> Terms {
    Terms {
        protocols: protocols.iter().map(|it| (*it).to_owned()).collect(),
        deflate: Some(DeflateOptions::default()),
        fields: Vec::new(),
    }
}

/// The URI is one that the host's parser accepts.
fn accept_parsed(request: &Request, terms: &Terms) -> Result<Upgrade, Denial> {
    accept(request, Some(&Uri::default()), terms)
}

fn denied(request: &Request) -> Denial {
    accept_parsed(request, &terms(&[])).unwrap_err()
}

#[test]
fn the_example_of_the_standard_is_accepted() {
    let upgrade = accept_parsed(&request(&[]), &terms(&["chat"])).unwrap();
    let text = String::from_utf8(upgrade.to_bytes()).unwrap();
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    assert_eq!(text, expected);
    assert_eq!((upgrade.protocol.as_str(), upgrade.extensions.as_str(), upgrade.deflate), ("", "", None));
}

#[test]
fn an_extended_connect_is_accepted_without_key_and_upgrade() {
    let asking =
        connect("CONNECT", Some("websocket"), &[("sec-websocket-version", "13"), ("sec-websocket-protocol", "a, b")]);
    let fields = vec![Field::new("Set-Cookie", "a=1").unwrap()];
    let upgrade = accept_parsed(&asking, &Terms { fields, ..terms(&["b"]) }).unwrap();
    let expected = [(":status", "200"), ("sec-websocket-protocol", "b"), ("set-cookie", "a=1")];
    assert_eq!(upgrade.to_fields(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn what_is_wrong_with_an_extended_connect_is_denied_and_said() {
    let version = &[("sec-websocket-version", "13")][..];
    for (asking, status, field) in [
        (connect("GET", None, version), "405", Some(("allow", "CONNECT"))),
        (connect("CONNECT", None, version), "400", None),
        (connect("CONNECT", Some("connect-udp"), version), "501", None),
        (connect("CONNECT", Some("websocket"), &[]), "400", Some(("sec-websocket-version", "13"))),
        (
            connect("CONNECT", Some("websocket"), &[("sec-websocket-version", "8")]),
            "426",
            Some(("sec-websocket-version", "13")),
        ),
    ] {
        let fields = denied(&asking).to_fields(&[]);
        assert_eq!(fields[0], (":status".into(), status.into()), "{asking:?}");
        assert!(field.is_none_or(|(name, value)| fields.contains(&(name.into(), value.into()))), "{fields:?}");
        assert!(fields.iter().all(|(name, _)| name != "connection" && name != "upgrade"), "{fields:?}");
    }
}

#[test]
fn names_and_tokens_are_the_same_in_any_case() {
    let odd = request(&[
        ("UPGRADE", Some("h2c, WebSocket")),
        ("connection", Some("UPGRADE")),
        ("sec-websocket-key", Some(" dGhlIHNhbXBsZSBub25jZQ== ")),
    ]);
    assert!(accept_parsed(&odd, &terms(&[])).is_ok());
}

#[test]
fn each_missing_or_wrong_item_is_denied_with_its_status_and_said() {
    for (changes, status, says) in [
        (&[("Host", None)][..], 400, "Host"),
        (&[("Host", Some(""))], 400, "Host"),
        (&[("Host", Some("h/x"))], 400, "Host"),
        (&[("Host", Some("user:password@h"))], 400, "Host"),
        (&[("Upgrade", None)], 426, "Upgrade"),
        (&[("Upgrade", Some("h2c"))], 426, "Upgrade"),
        (&[("Connection", None)], 400, "Connection"),
        (&[("Connection", Some("keep-alive"))], 400, "Connection"),
        (&[("Sec-WebSocket-Version", None)], 400, "Sec-WebSocket-Version"),
        (&[("Sec-WebSocket-Version", Some("12"))], 426, "13"),
        (&[("Sec-WebSocket-Version", Some("13, 8"))], 426, "13"),
        (&[("Sec-WebSocket-Key", None)], 400, "Sec-WebSocket-Key"),
        (&[("Sec-WebSocket-Key", Some(""))], 400, "16 bytes"),
        (&[("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25jZQ"))], 400, "16 bytes"),
        (&[("Sec-WebSocket-Key", Some("dGhlIHNhbXBsZSBub25j"))], 400, "16 bytes"),
        (&[("Sec-WebSocket-Key", Some("####################=="))], 400, "16 bytes"),
        (&[("Sec-WebSocket-Protocol", Some(""))], 400, "Sec-WebSocket-Protocol"),
        (&[("Sec-WebSocket-Protocol", Some("a b"))], 400, "tokens"),
        (&[("Sec-WebSocket-Protocol", Some("a, b, a"))], 400, "twice"),
        (&[("Sec-WebSocket-Extensions", Some("permessage-deflate; a=\""))], 400, "Sec-WebSocket-Extensions"),
    ] {
        let denial = denied(&request(changes));
        assert_eq!(denial.status, status, "{changes:?}: {}", denial.message);
        assert!(denial.message.contains(says), "{changes:?}: {}", denial.message);
    }
}

#[test]
fn fields_that_are_there_twice_are_denied() {
    for name in ["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
        let mut doubled = request(&[]);
        let again = doubled.fields.iter().find(|(it, _)| it == name).unwrap().clone();
        doubled.fields.push(again);
        assert_eq!(denied(&doubled).status, 400, "{name}");
    }
}

#[test]
fn another_method_or_version_is_denied() {
    for method in ["POST", "get", "HEAD", ""] {
        let denial = denied(&Request { method: method.into(), ..request(&[]) });
        assert_eq!(denial.status, 405);
        assert!(String::from_utf8(denial.to_bytes("GET", &[])).unwrap().contains("\r\nAllow: GET\r\n"));
        let own = [Field::new("allow", "GET, POST").unwrap()];
        let answer = String::from_utf8(denial.to_bytes("GET", &own)).unwrap().to_ascii_lowercase();
        assert_eq!(answer.matches("allow:").count(), 1, "the user's takes its place");
    }
    for version in ["1.0", "0.9", "2.0", "3.0", ""] {
        assert_eq!(denied(&Request { version: version.into(), ..request(&[]) }).status, 400);
    }
}

#[test]
fn a_denial_says_which_version_is_supported_and_ends_the_connection() {
    let denial = denied(&request(&[("Sec-WebSocket-Version", Some("8"))]));
    let text = String::from_utf8(denial.to_bytes("GET", &[])).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\nSec-WebSocket-Version: 13\r\n")
            && head.contains(&format!("\r\nContent-Length: {}", body.len())),
        "{head}"
    );
}

#[test]
fn a_users_denial_has_the_users_fields() {
    let denial = Denial { status: 418, message: "I'm a teapot".into() };
    let fields = [Field::new("Retry-After", "9").unwrap(), Field::new("content-type", "text/html").unwrap()];
    let text = String::from_utf8(denial.to_bytes("GET", &fields)).unwrap();
    let expected = "HTTP/1.1 418 \r\nConnection: close\r\nRetry-After: 9\r\ncontent-type: text/html\r\nContent-Length: 12\r\n\r\nI'm a teapot";
    assert_eq!(text, expected);
}

#[test]
fn a_304_and_an_answer_to_head_have_no_content() {
    let denial = Denial { status: 304, message: "nothing of this goes out".into() };
    assert_eq!(denial.to_bytes("GET", &[]), b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
    assert_eq!((denial.to_fields(&[]), denial.content()), (vec![(":status".to_owned(), "304".to_owned())], ""));
    let text =
        String::from_utf8(denied(&Request { method: "HEAD".into(), ..request(&[]) }).to_bytes("HEAD", &[])).unwrap();
    assert!(text.starts_with("HTTP/1.1 405 ") && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn the_first_supported_subprotocol_that_is_asked_for_is_selected() {
    let asking = request(&[("Sec-WebSocket-Protocol", Some("c, a,b ,, "))]);
    for (supported, selected) in [(&["a", "c"][..], "a"), (&["c", "a"], "c"), (&["d"], ""), (&[], "")] {
        let upgrade = accept_parsed(&asking, &terms(supported)).unwrap();
        assert_eq!(upgrade.protocol, selected);
        assert_eq!(upgrade.fields.iter().any(|(name, _)| name == "Sec-WebSocket-Protocol"), !selected.is_empty());
    }
}

#[test]
fn permessage_deflate_is_negotiated_unless_it_is_off() {
    let offering = request(&[("Sec-WebSocket-Extensions", Some("permessage-deflate; client_max_window_bits"))]);
    let upgrade = accept_parsed(&offering, &terms(&[])).unwrap();
    assert_eq!(upgrade.extensions, "permessage-deflate");
    assert!(
        upgrade.deflate.is_some()
            && String::from_utf8(upgrade.to_bytes())
                .unwrap()
                .contains("Sec-WebSocket-Extensions: permessage-deflate\r\n")
    );
    let off = accept_parsed(&offering, &Terms { deflate: None, ..terms(&[]) }).unwrap();
    assert_eq!((off.extensions.as_str(), off.deflate), ("", None));
}

#[test]
fn the_users_fields_are_added_to_the_response() {
    let fields = vec![Field::new("Set-Cookie", "a=1").unwrap(), Field::new("Set-Cookie", "b=2").unwrap()];
    let upgrade = accept_parsed(&request(&[]), &Terms { fields, ..terms(&[]) }).unwrap();
    assert!(String::from_utf8(upgrade.to_bytes()).unwrap().ends_with("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"));
}

#[test]
fn the_uri_is_the_target_at_the_host_that_the_request_names() {
    let owned = |fields: &[(&str, &str)]| fields.iter().map(|(it, value)| ((*it).into(), (*value).into())).collect();
    let upgrade = |target: Option<&str>, fields: &[(&str, &str)]| {
        Request::upgrade("GET".into(), "1.1".into(), target.map(Into::into), "wss", owned(fields)).uri
    };
    for (target, host, expected) in [
        (Some("/a?b"), "h:1", Some("wss://h:1/a?b")),
        (Some("ws://other/a"), "h", Some("ws://other/a")), // the absolute form (RFC 9112 §3.2.2)
        (Some("http://u:p@other/a"), "h", None),
        (Some("*"), "h", None),
        (Some("/"), "h/x", None),
        (Some("/"), "user@h", None),
        (None, "h", None),
    ] {
        assert_eq!(upgrade(target, &[("host", host)]).as_deref(), expected, "{target:?} {host}");
    }
    assert_eq!(upgrade(Some("/"), &[]), None);
    let connect = |fields: &[(&str, &str)]| Request::extended_connect(owned(fields));
    let all = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/a"), ("x", "1")];
    let request = connect(&[&all[..], &[(":authority", "h:1")]].concat());
    assert_eq!((request.method.as_str(), request.protocol.as_deref()), ("CONNECT", Some("websocket")));
    assert_eq!((request.uri.as_deref(), request.fields), (Some("https://h:1/a"), owned(&[("x", "1")])));
    assert_eq!(connect(&[&all[..], &[("Host", "h")]].concat()).uri.as_deref(), Some("https://h/a"));
    assert_eq!(connect(&all).uri, None);
    let host_in_path = [(":authority", "h"), (":scheme", "wss"), (":path", "@evil/x")];
    assert_eq!(connect(&host_in_path).uri, None);
}

#[test]
fn a_request_with_a_body_is_denied() {
    for (name, value, is_denied) in
        [("Content-Length", "5", true), ("Transfer-Encoding", "chunked", true), ("Content-Length", "0", false)]
    {
        let answer = accept_parsed(&request(&[(name, Some(value))]), &terms(&[]));
        assert_eq!(answer.is_err_and(|denial| denial.status == 400), is_denied, "{name}: {value}");
    }
}

#[test]
fn a_request_without_a_uri_is_denied() {
    let denial = accept(&request(&[]), None, &terms(&[])).unwrap_err();
    assert_eq!((denial.status, denial.message.contains("do not form a URI")), (400, true));
}

#[test]
fn a_status_has_the_reason_phrase_of_the_standard_or_none() {
    // RFC 9110 §15; 429: RFC 6585
    let phrases = "300 Multiple Choices, 301 Moved Permanently, 302 Found, 303 See Other, 304 Not Modified, 307 Temporary Redirect, \
                   308 Permanent Redirect, 400 Bad Request, 401 Unauthorized, 403 Forbidden, 404 Not Found, 405 Method Not Allowed, \
                   406 Not Acceptable, 408 Request Timeout, 409 Conflict, 410 Gone, 413 Content Too Large, 421 Misdirected Request, \
                   422 Unprocessable Content, 426 Upgrade Required, 429 Too Many Requests, 500 Internal Server Error, \
                   501 Not Implemented, 502 Bad Gateway, 503 Service Unavailable, 504 Gateway Timeout";
    for status in 300..600 {
        let text = Denial { status, message: "".into() }.to_bytes("GET", &[]);
        let named = phrases.split(", ").find(|it| it.starts_with(&status.to_string()));
        let expected = named.map_or_else(|| format!("HTTP/1.1 {status} \r\n"), |named| format!("HTTP/1.1 {named}\r\n"));
        assert!(text.starts_with(expected.as_bytes()), "{expected}");
    }
}
