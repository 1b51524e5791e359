use super::fake::*;
use crate::opening::{Failure, Settings, explain_loss};
use crate::status::Status;
use crate::uri::tests::parse;

/// How it ends if the connection is lost at this point: while connecting, in TLS, or before the response.
fn lost(at: &str, uri: &str, settings: Settings, code: &'static str, message: &'static str) -> Failure<&'static str> {
    let step = || Step::Lost(code, message);
    let mut script = script([Read::Lost(code, message)]);
    match at {
        "connect" => script.connected = step(),
        "tls" => script.secure = [step()].into(),
        _ => {}
    }
    let failure = World::new([script]).open_with(uri, settings).failed();
    assert!(code.is_empty() || failure.message.contains(&format!("({code})")), "the code: {}", failure.message);
    assert_eq!(failure.cause, (!code.is_empty() || !message.is_empty()).then_some("the error"));
    failure
}

/// Errors of a connection that was not established, each with a sentence of its own.
const NOT_CONNECTED: &[&str] = &["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EACCES", "ENOENT", "EADDRNOTAVAIL"];

#[test]
fn a_loss_before_the_channel_opens_has_the_status_of_the_table() {
    let names = ["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_NONAME", "EAI_FAIL"];
    let refused = [NOT_CONNECTED, &["ECONNRESET", "EMFILE", ""]].concat();
    for (at, codes, status) in [
        ("connect", &names[..], Status::UNKNOWN_HOST),
        ("connect", &refused, Status::CONNECTION_REFUSED),
        ("connect", &["ETIMEDOUT"], Status::NET_TIMEOUT),
        (
            "tls",
            &["ECONNRESET", "EPROTO", "CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID", "ETIMEDOUT", ""],
            Status::INADEQUATE_SECURITY,
        ),
        ("response", &["ECONNRESET", "EPIPE", "ECONNABORTED", "EIO"], Status::NET_RESET),
        ("response", &["ERR_SSL_WRONG_VERSION_NUMBER", "EPROTO"], Status::INADEQUATE_SECURITY),
        ("response", &["ETIMEDOUT"], Status::NET_TIMEOUT),
        ("response", &[""], Status::CONNECTION_REFUSED),
    ] {
        for code in codes {
            let failure = lost(at, "wss://h:81/", settings(), code, "");
            assert_eq!(failure.status, status, "{code} at {at}");
            assert!(failure.message.starts_with("h:81: "), "{}", failure.message);
        }
    }
}

#[test]
fn a_socket_file_that_nobody_listens_on_is_named() {
    let local = Settings { unix_socket: true, ..settings() };
    let said = |settings| lost("connect", "ws://h/", settings, "ECONNREFUSED", "").message;
    assert!(said(local).contains("socket.path"));
    assert!(!said(settings()).contains("socket.path"));
}

#[test]
fn a_loss_on_the_path_to_a_proxy_is_the_proxys() {
    let refused = Status::PROXY_CONNECTION_REFUSED;
    for (at, proxy, code, status) in [
        ("connect", "http://u:hunter2@p:1", "ENOTFOUND", Status::UNKNOWN_PROXY_HOST),
        ("connect", "socks5://u:hunter2@p:1", "ECONNREFUSED", refused),
        ("connect", "https://u:hunter2@p:1", "ETIMEDOUT", refused),
        ("tls", "https://p:1", "DEPTH_ZERO_SELF_SIGNED_CERT", Status::INADEQUATE_SECURITY),
        ("tls", "https://p:1", "ECONNRESET", Status::INADEQUATE_SECURITY),
        ("response", "http://p:1", "ECONNRESET", refused),
        ("response", "http://p:1", "ETIMEDOUT", refused),
        ("response", "socks5://p:1", "ECONNRESET", refused),
        ("response", "socks5://p:1", "", refused),
    ] {
        let failure = lost(at, "ws://h/", through(proxy), code, "");
        assert_eq!(failure.status, status, "{code} at {at}");
        assert!(
            failure.message.starts_with("proxy p:1: ") && !failure.message.contains("hunter2"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn a_loss_behind_the_tunnel_is_the_servers() {
    let established = || Read::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let world = World::new([script([established(), Read::Lost("ECONNRESET", "")])]);
    let failure = world.open_with("ws://h/", through("http://p:1")).failed();
    assert_eq!(failure.status, Status::NET_RESET);
    assert!(failure.message.starts_with("h:80: "), "{}", failure.message);
    let tls = [Step::Done, Step::Lost("CERT_HAS_EXPIRED", "")].into();
    let world = World::new([Script { secure: tls, ..script([established()]) }]);
    let failure = world.open_with("wss://h/", through("https://p:1")).failed();
    assert_eq!(failure.status, Status::INADEQUATE_SECURITY);
    assert!(
        failure.message.starts_with("h:443: the certificate is not trusted: it has expired"),
        "{}",
        failure.message
    );
}

#[test]
fn the_text_of_a_certificate_check_without_a_code_is_in_the_sentence() {
    for code in ["", "PIN_MISMATCH"] {
        let failure = lost("tls", "wss://h/", settings(), code, "The certificate is not the one\n that was pinned.");
        assert_eq!(failure.status, Status::INADEQUATE_SECURITY);
        assert!(failure.message.contains("The certificate is not the one that was pinned"), "{}", failure.message);
    }
}

#[test]
fn tls_on_a_plain_port_says_which_scheme_to_use() {
    let openssl = "C0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:record.c:354:\n";
    assert!(lost("tls", "wss://h/", settings(), "EPROTO", openssl).message.contains("Open ws: instead of wss:."));
    let proxy = lost("tls", "ws://h/", through("https://p:1"), "EPROTO", openssl);
    assert!(proxy.message.contains("http: instead of https:"), "{}", proxy.message);
    let other = lost("tls", "wss://h/", settings(), "ERR_SSL_X", "C0:error:1:SSL routines:x:y:z.c:1:\n");
    assert_eq!(other.message, "h:443: TLS failed (ERR_SSL_X).", "without OpenSSL's own text");
}

#[test]
fn each_certificate_problem_and_each_network_problem_has_a_sentence_of_its_own() {
    let certificates = [
        "SELF_SIGNED_CERT_IN_CHAIN",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "CERT_HAS_EXPIRED",
        "CERT_NOT_YET_VALID",
        "CERT_REVOKED",
    ];
    let tls = [
        "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "ERR_SSL_UNSUPPORTED_PROTOCOL",
        "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
        "ECONNRESET",
    ];
    let network = [NOT_CONNECTED, &["EAI_AGAIN", "ENOTFOUND", "ETIMEDOUT"]].concat();
    let mut seen = std::collections::BTreeSet::new();
    for (at, code) in [("tls", "ERR_SSL_X"), ("connect", "EMFILE"), ("response", "ETIMEDOUT")] {
        seen.insert(lost(at, "wss://h/", settings(), code, "").message.replace(code, "")); // the sentences for all others
    }
    for code in certificates.iter().chain(&tls) {
        assert!(seen.insert(lost("tls", "wss://h/", settings(), code, "").message.replace(code, "")), "{code}");
    }
    for code in network {
        assert!(seen.insert(lost("connect", "wss://h/", settings(), code, "").message.replace(code, "")), "{code}");
    }
    assert!(seen.iter().filter(|message| message.contains("certificate is not trusted")).count() == certificates.len());
}

#[test]
fn each_end_before_a_response_has_a_sentence_of_its_own() {
    let said = |settings, code, message| lost("response", "ws://h/", settings, code, message).message.replace(code, "");
    let mut seen = std::collections::BTreeSet::new();
    for code in ["", "ECONNRESET", "EIO", "CANCEL"] {
        assert!(seen.insert(said(settings(), code, "")), "{code}");
    }
    for code in ["REFUSED_STREAM", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"] {
        let sentence = said(settings(), code, "");
        assert!(sentence.contains("the server reset the HTTP/2 stream"), "{sentence}");
        assert!(seen.insert(sentence), "{code}");
    }
    for code in ["", "ECONNRESET", "EIO"] {
        assert!(seen.insert(said(through("http://p:1"), code, "")), "{code}");
    }
    let told = said(through("http://p:1"), "", "Nobody\n is there.");
    assert!(told.contains("lost before it opened a tunnel to the server: Nobody is there."), "{told}");
}

#[test]
fn an_end_without_an_answer_is_no_http() {
    for (text, words) in
        [("", "before a response came"), ("HTTP/1.1 404 Not", "in the middle"), ("SSH-2.0-OpenSSH\r\n", "not HTTP/1.1")]
    {
        let failure = World::new([script([Read::Bytes(text.into()), Read::End])]).open("ws://h/").failed();
        assert_eq!((failure.status, failure.http), (Status::CONNECTION_REFUSED, None));
        assert!(failure.message.starts_with("h:80: ") && failure.message.contains(words), "{}", failure.message);
    }
}

#[test]
fn a_refusal_that_is_cut_short_is_a_refusal_all_the_same() {
    let half = "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf";
    for end in [Read::End, Read::Lost("ECONNRESET", "read ECONNRESET")] {
        let failure = World::new([script([Read::Bytes(half.into()), end])]).open("ws://h/").failed();
        let http = failure.http.unwrap();
        assert_eq!((failure.status, http.status, http.body), (Status::CONNECTION_REFUSED, 403, b"half".to_vec()));
        assert!(failure.message.contains("403"), "{}", failure.message);
    }
}

#[test]
fn each_http_status_says_something_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for status in [200, 204, 300, 400, 401, 403, 404, 405, 407, 418, 426, 429, 500, 502, 503, 504] {
        let failure = World::new([replies(&[&response(status, "")])]).open("ws://h/").failed();
        assert_eq!((failure.status, failure.http.unwrap().status), (Status::CONNECTION_REFUSED, status));
        assert!(failure.message.contains(&status.to_string()), "{}", failure.message);
        seen.insert(failure.message.replace(&status.to_string(), ""));
    }
    assert_eq!(seen.len(), 15, "200 and 204 are alike");
}

#[test]
fn a_loss_of_an_open_channel_is_a_reset_or_an_end() {
    let uri = parse("wss://user:hunter2@h/", None).unwrap();
    for (code, status, words) in [
        ("", Status::OK, "without a close frame"),
        ("ECONNRESET", Status::NET_RESET, "reset (ECONNRESET)"),
        ("EPIPE", Status::NET_RESET, "reset"),
        ("ECONNABORTED", Status::NET_RESET, "reset"),
        ("EIO", Status::NET_RESET, "lost"),
        ("CANCEL", Status::NET_RESET, "the HTTP/2 stream was reset (CANCEL)"),
        ("ETIMEDOUT", Status::NET_TIMEOUT, "gave up waiting"),
        ("ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC", Status::INADEQUATE_SECURITY, "TLS failed after the handshake"),
        ("ERR_SSL_WRONG_VERSION_NUMBER", Status::INADEQUATE_SECURITY, "TLS failed after the handshake"),
        ("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", Status::INADEQUATE_SECURITY, "tls.cert and tls.key"),
    ] {
        let (said, message) = explain_loss(Some(&uri), false, &loss(code, ""));
        assert_eq!(said, status, "{code}");
        assert!(message.starts_with("h:443: ") && message.contains(words) && !message.contains("hunter2"), "{message}");
        let (while_closing, message) = explain_loss(None, true, &loss(code, ""));
        assert_eq!(while_closing, status);
        assert!(
            message.contains(if code.is_empty() { "before its close frame was answered" } else { words }),
            "{message}"
        );
    }
}

#[test]
fn headers_that_node_refuses_over_http2_are_named_and_are_not_a_lost_connection() {
    for code in ["ERR_HTTP2_HEADER_SINGLE_VALUE", "ERR_HTTP2_INVALID_HEADER_VALUE"] {
        let answers = [Err(code)].into();
        let script = Script { shares: Some(Share::Enabled(0)), answers, ..script([]) };
        let failure = World::new([script]).open_with("wss://h/", Settings { http2: true, ..settings() }).failed();
        assert_eq!(failure.status, Status::UNEXPECTED);
        assert!(failure.message.contains("Change the option headers"), "{}", failure.message);
    }
}

#[test]
fn an_option_that_the_host_refuses_is_thrown_at_once_and_later_ends_the_channel() {
    let refuses = || Script { refused_options: true, ..accepts() };
    let refusal = World::new([refuses()]).try_open("ws://h/", settings()).err().unwrap();
    assert_eq!((refusal.status, refusal.cause), (Status::INVALID_ARG, Some("refused options")));
    let failure = World::new([replies(&[&response(302, "Location: /b\r\n")]), refuses()]).open("ws://h/").failed();
    assert_eq!((failure.status, failure.cause), (Status::UNEXPECTED, Some("refused options")));
    assert_eq!(failure.message, refusal.message);
}

// openTimeoutMs.

#[test]
fn the_timeout_names_what_it_waited_for() {
    let never = || Step::Never;
    let silent = || script([Read::Never]);
    let asks = |text: &str| World::new([replies(&[text])]).thinking_forever();
    let unauthorized = response(401, "WWW-Authenticate: Basic realm=r\r\n");
    let mut seen = std::collections::BTreeSet::new();
    for (world, settings, words) in [
        (World::new([Script { has_name: true, resolved: never(), ..silent() }]), settings(), "looking up the name"),
        (World::new([Script { connected: never(), ..silent() }]), settings(), "while connecting"),
        (World::new([Script { secure: [never()].into(), ..silent() }]), settings(), "TLS handshake"),
        (World::new([silent()]), settings(), "waiting for the response"),
        (asks(&unauthorized), settings(), "onAuthRequired"),
        (asks(&response(302, "Location: /there\r\n")), settings(), "onRedirect"),
        (
            World::new([Script { has_name: true, resolved: never(), ..silent() }]),
            through("http://p:1"),
            "name of proxy p:1",
        ),
        (World::new([Script { connected: never(), ..silent() }]), through("http://p:1"), "connecting to proxy p:1"),
        (World::new([silent()]), through("http://p:1"), "waiting for proxy p:1"),
        (
            World::new([Script { secure: [never()].into(), ..silent() }]),
            through("https://p:2"),
            "waiting for proxy p:2",
        ),
        (World::new([silent()]), through("socks5://p:3"), "waiting for proxy p:3"),
    ] {
        let failure = world.open_with("wss://h/", settings).waiting().timed_out::<()>();
        assert_eq!((failure.status, failure.timed_out, failure.http), (Status::NET_TIMEOUT, true, None));
        assert!(
            failure.message.starts_with("h:443: ") && failure.message.contains("openTimeoutMs"),
            "{}",
            failure.message
        );
        assert!(failure.message.contains(words) && seen.insert(failure.message.clone()), "{}", failure.message);
    }
}

#[test]
fn a_refusal_whose_body_is_still_coming_says_more_than_a_timeout() {
    let half = "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf";
    for (settings, status) in
        [(settings(), Status::CONNECTION_REFUSED), (through("http://p:1"), Status::PROXY_CONNECTION_REFUSED)]
    {
        let failure = World::new([replies(&[half])]).open_with("ws://h/", settings).waiting().timed_out::<()>();
        assert_eq!((failure.status, failure.timed_out, failure.http.unwrap().body), (status, false, b"half".to_vec()));
    }
}
