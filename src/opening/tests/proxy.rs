use super::fake::*;
use crate::http::{Field, Scheme};
use crate::opening::{AuthRequest, Credentials, Proxy, ProxySetting, Settings};
use crate::status::Status;
use crate::uri::tests::parse;

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn refuses(challenge: &str) -> String {
    response(407, &format!("Proxy-Authenticate: {challenge}\r\n"))
}

fn right(_: &AuthRequest) -> Result<Option<Credentials>, &'static str> {
    Ok(Some(user("user", "secret")))
}

/// A SOCKS5 proxy that sends these messages, byte by byte, and the server behind it that accepts.
fn socks(messages: &[&[u8]]) -> Script {
    let bytes = messages.concat().into_iter().map(|byte| Read::Bytes(vec![byte]));
    script(bytes.chain([Read::Accept("", b"")]))
}

const NO_PASSWORD: &[u8] = &[5, 0];
const CONNECTED: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

// Which proxy.

#[test]
fn a_proxy_is_a_uri_with_a_scheme_and_a_host() {
    for (text, origin) in [
        ("http://p", "http://p:80"),
        ("HTTPS://P/", "https://p:443"),
        ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
        ("socks5h://p:1", "socks5://p:1"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ] {
        assert_eq!(Proxy::parse(text, "proxy", parse).unwrap().origin(), origin);
    }
    for text in [
        "",
        "proxy",
        "ENV",
        "ftp://h:1",
        "socks4://h:1",
        "socks://h:1",
        "ws://h:1",
        "http://",
        "http:///",
        "socks5://",
        "socks5:h",
        "http://h:99999",
        "http://[::1",
        "file:///proxy",
        "javascript:1",
        "http://us%er:hunter2@h:1",
        "http://u:hunter2%ff@h",
        "http://a%3ab:hunter2@h",
        "http://a:hunter2%0a@h",
        "socks5://a:hunter2%00@h",
        " ",
    ] {
        let problem = Proxy::parse(text, "https_proxy", parse).unwrap_err();
        assert!(problem.starts_with("https_proxy: ") && problem.ends_with('.'), "{problem}");
        assert!(!problem.contains("hunter2"), "no secret: {problem}");
    }
    let long = format!("socks5://{}:p@h", "u".repeat(256));
    assert!(Proxy::parse(&long, "proxy", parse).unwrap_err().contains("255"));
    assert!(Proxy::parse("socks5://a%3ab:p@h", "proxy", parse).is_ok(), "SOCKS5 carries colons");
}

#[test]
fn a_unix_socket_is_reached_without_a_proxy() {
    let both = Settings { unix_socket: true, ..through("http://p:1") };
    let refusal = World::new([]).try_open("ws://h/", both).err().unwrap();
    assert_eq!(refusal.status, Status::INVALID_ARG);
    World::new([accepts()]).open_with("ws://h/", Settings { unix_socket: true, ..settings() }).opened();
}

thread_local! {
    static VARIABLES: std::cell::RefCell<Vec<(String, String)>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn variable(name: &str) -> Option<String> {
    VARIABLES.with_borrow(|variables| Some(variables.iter().find(|(it, _)| it == name)?.1.clone()))
}

/// The proxy that these variables name for a URI.
fn chosen(uri: &str, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
    VARIABLES.set(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    let uri = parse(uri, None).unwrap();
    Ok(ProxySetting::Environment(variable).choose(&uri, parse)?.map(|proxy| proxy.authority))
}

#[test]
fn the_variables_of_the_environment_are_those_of_curl() {
    for (scheme, variable, is_used) in [
        ("ws", "http_proxy", true),
        ("ws", "HTTP_PROXY", false),
        ("ws", "https_proxy", false),
        ("ws", "HTTPS_PROXY", false),
        ("ws", "all_proxy", true),
        ("ws", "ALL_PROXY", true),
        ("wss", "http_proxy", false),
        ("wss", "https_proxy", true),
        ("wss", "HTTPS_PROXY", true),
        ("wss", "all_proxy", true),
        ("wss", "ALL_PROXY", true),
        ("ws", "ws_proxy", false),
        ("wss", "wss_proxy", false),
    ] {
        let proxy = chosen(&format!("{scheme}://h/"), &[(variable, "http://p:1")]).unwrap();
        assert_eq!(proxy.is_some(), is_used, "{variable} for {scheme}");
    }
}

#[test]
fn a_variable_for_the_scheme_goes_before_one_for_all_and_an_empty_one_counts_as_unset() {
    let all = [("all_proxy", "http://all:1"), ("ALL_PROXY", "http://ALL:1"), ("http_proxy", "http://own:1")];
    assert_eq!(chosen("ws://h/", &all).unwrap().unwrap(), "own:1");
    assert_eq!(chosen("wss://h/", &all).unwrap().unwrap(), "all:1");
    assert_eq!(chosen("wss://h/", &[("https_proxy", ""), ("HTTPS_PROXY", "p:2")]).unwrap().unwrap(), "p:2");
    assert_eq!(chosen("ws://h/", &[("http_proxy", "p:1"), ("no_proxy", ""), ("NO_PROXY", "h")]).unwrap(), None);
    assert_eq!(
        chosen("ws://h/", &[("http_proxy", "p:1"), ("no_proxy", "other"), ("NO_PROXY", "h")]).unwrap().unwrap(),
        "p:1"
    );
}

#[test]
fn a_bad_variable_is_named() {
    for value in ["ftp://h:1", "http://", "http://[::1", " ", "http://us%er:x@h:1"] {
        assert!(chosen("wss://h/", &[("HTTPS_PROXY", value)]).unwrap_err().starts_with("HTTPS_PROXY: "), "{value}");
    }
}

#[test]
fn no_proxy_excepts_names_what_is_within_them_and_addresses() {
    for (list, uri, is_excepted) in [
        ("server.example", "ws://server.example/", true),
        ("server.example", "ws://a.b.server.example/", true),
        ("server.example", "ws://otherserver.example/", false),
        ("server.example", "ws://example/", false),
        (".server.example", "ws://server.example/", true),
        (".server.example", "ws://a.server.example/", true),
        ("*.server.example", "ws://a.server.example/", true),
        ("example", "ws://server.example/", true),
        ("SERVER.Example", "ws://server.example/", true),
        ("*", "ws://127.0.0.1/", true),
        ("server.example:80", "ws://server.example/", true),
        ("server.example:443", "ws://server.example/", false),
        ("server.example:443", "wss://server.example/", true),
        (".example:81", "ws://server.example:81/", true),
        ("127.0.0.1", "ws://127.0.0.1/", true),
        ("127.0.0.2", "ws://127.0.0.1/", false),
        ("127.0.0.1:81", "ws://127.0.0.1:81/", true),
        ("127.0.0.1:81", "ws://127.0.0.1/", false),
        ("0.0.1", "ws://127.0.0.1/", false),
        (".1", "ws://127.0.0.1/", false),
        ("a.example , server.example", "ws://server.example/", true),
        (",, ,server.example,", "ws://server.example/", true),
        ("server", "ws://server.example/", false),
        ("serverxexample", "ws://server.example/", false),
        (".*", "ws://server.example/", false),
        ("s[e]rver.example", "ws://server.example/", false),
        ("localhost", "ws://127.0.0.1/", false),
        ("::1", "ws://[::1]/", true),
        ("[::1]", "ws://[::1]/", true),
        ("[::1]:81", "ws://[::1]:81/", true),
        ("0:0:0:0:0:0:0:1", "ws://[::1]/", true),
        ("a.example,::1", "ws://[::1]/", true),
    ] {
        for variable in ["no_proxy", "NO_PROXY"] {
            let proxy = chosen(uri, &[("all_proxy", "p:1"), (variable, list)]).unwrap();
            assert_eq!(proxy.is_none(), is_excepted, "{list} and {uri}");
        }
    }
    for list in [".", "..", ",", " , ", ".,.", ":", ".:80", "*.", "[]", ""] {
        for uri in ["ws://127.0.0.1/", "ws://localhost/", "ws://localhost./"] {
            assert!(chosen(uri, &[("all_proxy", "p:1"), ("no_proxy", list)]).unwrap().is_some(), "{list} and {uri}");
        }
    }
}

#[test]
fn each_hop_of_a_redirect_chooses_anew() {
    VARIABLES.set(vec![("http_proxy".into(), "p:1".into()), ("no_proxy".into(), "direct.example".into())]);
    let settings = Settings { proxy: ProxySetting::Environment(variable), ..settings() };
    let redirect = |to: &str| response(302, &format!("Location: {to}\r\n"));
    let world = World::new([
        replies(&[ESTABLISHED, &redirect("ws://direct.example/")]),
        replies(&[&redirect("ws://proxied.example/2")]),
        replies_and_accepts(&[ESTABLISHED]),
    ]);
    world.open_with("ws://proxied.example/", settings.clone()).opened();
    let hops: Vec<_> = world.connections().iter().map(|it| (it.hop.host.clone(), it.hop.is_proxy)).collect();
    assert_eq!(hops, [("p".to_owned(), true), ("direct.example".to_owned(), false), ("p".to_owned(), true)]);

    VARIABLES.set(vec![("https_proxy".into(), "ftp://p:1".into())]);
    let world = World::new([replies(&[&redirect("wss://h/")])]);
    let failure = world.open_with("ws://h/", settings).failed();
    assert_eq!(failure.status, Status::BAD_URI);
    assert!(failure.message.contains("https_proxy: ") && world.seen.borrow().moved.is_empty(), "{}", failure.message);
}

// CONNECT.

#[test]
fn connect_asks_for_host_and_port_and_carries_nothing_of_the_servers() {
    let world = World::new([replies_and_accepts(&[ESTABLISHED])]);
    let headers = vec![Field::new("Cookie", "secret").unwrap(), Field::new("X-Own", "secret").unwrap()];
    let settings = Settings {
        headers,
        origin: Some(Field::origin("https://secret.example").unwrap()),
        ..through("http://p:3128")
    };
    world.open_with("wss://user:secret@h.example/secret", settings).opened();
    let connection = &world.connections()[0];
    let (connect, get) = connection.text().split_once("\r\n\r\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(connect, "CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443");
    assert!(get.starts_with("GET /secret HTTP/1.1\r\nHost: h.example\r\n") && get.contains("Cookie: secret"), "{get}");
    assert_eq!((connection.hop.host.as_str(), connection.hop.port, connection.hop.is_proxy), ("p", 3128, true));
    assert!(connection.hop.will_be_secure, "so that options for TLS are refused at once");
    assert_eq!(connection.tls.len(), 1);
    assert_eq!((connection.tls[0].host.as_str(), connection.tls[0].is_proxy), ("h.example", false));
}

#[test]
fn tls_with_an_https_proxy_comes_first_and_is_the_proxys() {
    let world = World::new([replies_and_accepts(&[ESTABLISHED])]);
    world.open_with("wss://h.example/", through("https://p:3128")).opened();
    let peers: Vec<_> = world.connections()[0].tls.iter().map(|it| (it.host.clone(), it.port, it.is_proxy)).collect();
    assert_eq!(peers, [("p".to_owned(), 3128, true), ("h.example".to_owned(), 443, false)]);
}

#[test]
fn every_2xx_is_a_tunnel_whatever_its_fields_say() {
    for head in [
        "200 OK",
        "201 Created",
        "204 No Content",
        "299 Fine",
        "200 OK\r\nContent-Length: 1000",
        "200 OK\r\nTransfer-Encoding: chunked",
        "200",
    ] {
        for version in ["HTTP/1.1", "HTTP/1.0"] {
            let world = World::new([replies_and_accepts(&[&format!("{version} {head}\r\n\r\n")])]);
            world.open_with("ws://h/", through("http://p:1")).opened();
        }
    }
}

#[test]
fn interim_responses_of_a_proxy_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let whole = format!("{interim}{ESTABLISHED}");
    World::new([replies_and_accepts(&[&whole])]).open_with("ws://h/", through("http://p:1")).opened();
    let bytes: Vec<_> = whole.chars().map(String::from).collect();
    let bytes: Vec<_> = bytes.iter().map(String::as_str).collect();
    World::new([replies_and_accepts(&bytes)]).open_with("ws://h/", through("http://p:1")).opened();
    let refusal = format!("{interim}{}", response(403, ""));
    let failure = World::new([replies(&[&refusal])]).open_with("ws://h/", through("http://p:1")).failed();
    assert_eq!(failure.http.unwrap().status, 403);
}

#[test]
fn what_comes_right_behind_a_proxys_answer_is_the_servers() {
    let behind = format!("{ESTABLISHED}{}", response(403, "X-From: the server\r\n"));
    let mut reply: Vec<u8> = [NO_PASSWORD, CONNECTED].concat();
    reply.extend_from_slice(response(403, "X-From: the server\r\n").as_bytes());
    for (proxy, bytes) in [("http://p:1", behind.into_bytes()), ("socks5://p:1", reply)] {
        let failure = World::new([script([Read::Bytes(bytes)])]).open_with("ws://h/", through(proxy)).failed();
        assert_eq!((failure.status, failure.http.unwrap().status), (Status::CONNECTION_REFUSED, 403));
    }
}

#[test]
fn another_status_is_the_proxys_refusal_and_is_not_followed() {
    for status in [101, 301, 302, 400, 401, 403, 404, 426, 500, 503, 599] {
        let lines = "Location: ws://elsewhere/\r\nWWW-Authenticate: Basic realm=r\r\n";
        let world = World::new([replies(&[&response(status, lines)])]).with_credentials(|_| panic!("nobody is asked"));
        let failure = world.open_with("ws://h/", through("http://p:1")).failed();
        assert_eq!((failure.status, failure.http.unwrap().status), (Status::PROXY_CONNECTION_REFUSED, status));
        let text = status.to_string();
        assert!(failure.message.starts_with("proxy p:1: ") && failure.message.contains(&text), "{}", failure.message);
        assert!(world.seen.borrow().redirects.is_empty());
    }
}

#[test]
fn what_is_no_answer_to_connect_is_the_proxys_failure() {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X-A: b\r\n".repeat(4000));
    for text in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "",
        "HTTP/1.1 200 Conn",
        "HTTP/1.1 200 OK\r\nX-A: b\r\n",
        &endless,
        "\x05\x00",
        "\u{81}",
    ] {
        let reads = [Read::Bytes(text.as_bytes().to_vec()), Read::End];
        let failure = World::new([script(reads)]).open_with("ws://h/", through("http://p:1")).failed();
        assert_eq!((failure.status, failure.http), (Status::PROXY_CONNECTION_REFUSED, None));
        assert!(failure.message.starts_with("proxy p:1: "), "{}", failure.message);
    }
    let half = "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf";
    for end in [Read::End, Read::Lost("ECONNRESET", "read ECONNRESET")] {
        let world = World::new([script([Read::Bytes(half.into()), end])]);
        let http = world.open_with("ws://h/", through("http://p:1")).failed().http.unwrap();
        assert_eq!((http.status, http.body), (403, b"half".to_vec()));
    }
}

// Authorization at a proxy.

#[test]
fn credentials_in_the_proxys_uri_go_out_with_the_first_connect_and_nowhere_else() {
    let world = World::new([replies_and_accepts(&[ESTABLISHED])]);
    world.open_with("ws://h/", through("http://j%C3%A4ger:p%3Aw@p:1")).opened();
    let text = world.connections()[0].text();
    let (connect, get) = text.split_once("\r\n\r\n").unwrap();
    assert!(connect.contains(&format!("Proxy-Authorization: {}", basic("jäger:p:w").unwrap())), "{connect}");
    assert!(!get.to_lowercase().contains("authorization"), "{get}");
}

#[test]
fn the_user_is_asked_for_the_proxy_and_for_the_server_each_with_its_own_attempts() {
    let world = World::new([
        replies(&[&refuses("Digest realm=p, nonce=n, qop=auth")]),
        replies(&[ESTABLISHED, &response(401, "WWW-Authenticate: Basic realm=s\r\n")]),
        replies_and_accepts(&[ESTABLISHED]),
    ])
    .with_credentials(right);
    world.open_with("ws://h:81/", through("http://p:3128")).opened();
    let asked = world.seen.borrow().asked.clone();
    let request = |scheme, realm: &str, origin: &str, is_proxy| AuthRequest {
        scheme,
        realm: realm.into(),
        origin: origin.into(),
        is_proxy,
        attempt: 1,
    };
    assert_eq!(asked[0], request(Scheme::Digest, "p", "http://p:3128", true));
    assert_eq!(asked[1], request(Scheme::Basic, "s", "ws://h:81", false));
    let sent = world.fields("Proxy-Authorization");
    let sent: Vec<_> = sent.iter().map(|it| it.as_deref().unwrap_or_default()).collect();
    assert!(sent[1].contains("uri=\"h:81\"") && sent[1].contains("nc=00000001"), "{sent:?}");
    assert!(sent[2].contains("nc=00000002"), "the nonce is used again: {sent:?}");
    let last = world.connections()[2].text();
    let (connect, get) = last.split_once("\r\n\r\n").unwrap();
    assert!(
        !connect.contains("\r\nAuthorization") && !get.contains("Proxy-Authorization"),
        "each sees its own: {last}"
    );
}

#[test]
fn nobody_to_ask_for_a_proxy_is_its_refusal() {
    for (proxy, world, words) in [
        ("http://p:1", World::new([replies(&[&refuses("Basic realm=r")])]), "the option proxy"),
        ("http://u:hunter2@p:1", World::new([replies(&[&refuses("Basic realm=r")])]), "does not accept"),
        (
            "http://p:1",
            World::new([replies(&[&refuses("Basic realm=r")])]).with_credentials(|_| Err("thrown")),
            "failed",
        ),
        ("http://p:1", World::new([replies(&[&refuses("Negotiate")])]).with_credentials(right), "\"Negotiate\""),
    ] {
        let failure = world.open_with("ws://h/", through(proxy)).failed();
        assert_eq!((failure.status, failure.http.unwrap().status), (Status::PROXY_CONNECTION_REFUSED, 407));
        assert!(failure.message.starts_with("proxy p:1: ") && failure.message.contains(words), "{}", failure.message);
        assert!(!failure.message.contains("hunter2"));
    }
    let world = World::new((0..20).map(|_| replies(&[&refuses("Basic realm=r")]))).with_credentials(right);
    world.open_with("ws://h/", through("http://p:1")).failed();
    assert_eq!((world.seen.borrow().asked.len(), world.connections().len()), (10, 11));
}

// SOCKS5.

#[test]
fn socks5_is_given_names_as_they_are_and_addresses_as_bytes() {
    for (uri, expected) in [
        ("ws://server.example:256/", &b"\x03\x0eserver.example\x01\x00"[..]),
        ("wss://10.1.2.3/", b"\x01\x0a\x01\x02\x03\x01\xbb"),
        ("ws://[2001:db8::a]/", b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a\0\x50"),
        ("ws://[::]:81/", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x51"),
    ] {
        let world = World::new([socks(&[NO_PASSWORD, CONNECTED])]);
        world.open_with(uri, through("socks5://p")).opened();
        let written = world.connections()[0].written.clone();
        assert!(written.starts_with(&[&[5, 1, 0, 5, 1, 0], expected].concat()), "{uri}: {written:?}");
    }
}

#[test]
fn the_socks5_reply_may_name_any_address() {
    let name = [&[5, 0, 0, 3, 20][..], b"a-name.proxy.example", &[0, 80]].concat();
    let ipv6 = [&[5, 0, 0, 4][..], &[7; 16], &[0, 80]].concat();
    for reply in [CONNECTED, &name, &ipv6, &[5, 0, 0, 3, 0, 0, 80]] {
        World::new([socks(&[NO_PASSWORD, reply])]).open_with("ws://h/", through("socks5://p")).opened();
    }
}

#[test]
fn socks5_credentials_are_sent_if_the_proxy_wants_them() {
    let world = World::new([socks(&[&[5, 2], &[1, 0], CONNECTED])]);
    world.open_with("ws://h/", through("socks5://j%C3%A4ger:p%3Aw@p")).opened();
    assert!(world.connections()[0].written.starts_with(b"\x05\x02\x00\x02\x01\x06j\xc3\xa4ger\x03p:w\x05\x01"));
    let world = World::new([socks(&[NO_PASSWORD, CONNECTED])]);
    world.open_with("ws://h/", through("socks5://user:secret@p")).opened();
    assert!(!world.connections()[0].text().contains("secret"), "not if it does not");
}

#[test]
fn every_wrong_turn_of_socks5_has_a_sentence_of_its_own_kind() {
    let refused = |code: u8| vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![5, 255], "requires a user name"),
        (vec![5, 2], "requires a user name"),
        (vec![4, 0], "does not speak SOCKS5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "does not speak SOCKS5"),
        (vec![], "ended the connection"),
        (vec![5], "ended the connection"),
        ([NO_PASSWORD, &[5, 5]].concat(), "ended the connection"),
        ([NO_PASSWORD, &[4, 0, 0, 1]].concat(), "does not speak SOCKS5"),
        ([NO_PASSWORD, &[5, 0, 0, 9, 1, 1, 1, 1, 0, 80]].concat(), "does not speak SOCKS5"),
        ([NO_PASSWORD, &[5, 0, 0, 1, 127]].concat(), "ended the connection"),
        ([NO_PASSWORD, &refused(5)].concat(), "connection was refused"),
        ([NO_PASSWORD, &refused(4)].concat(), "cannot reach the host"),
        ([NO_PASSWORD, &refused(255)].concat(), "error 255"),
    ];
    for (bytes, words) in cases.drain(..) {
        let world = World::new([script([Read::Bytes(bytes), Read::End])]);
        let failure = world.open_with("ws://h/", through("socks5://p:1")).failed();
        assert_eq!((failure.status, failure.http), (Status::PROXY_CONNECTION_REFUSED, None));
        assert!(failure.message.starts_with("proxy p:1: ") && failure.message.contains(words), "{}", failure.message);
    }
    let world = World::new([socks(&[&[5, 2], &[1, 1]])]);
    let failure = world.open_with("ws://h/", through("socks5://user:hunter2@p:1")).failed();
    assert!(failure.message.contains("does not accept") && !failure.message.contains("hunter2"), "{}", failure.message);
}

#[test]
fn a_name_that_is_too_long_for_socks5_is_refused_and_not_cut() {
    let name = vec!["a".repeat(60); 5].join(".");
    let world = World::new([socks(&[NO_PASSWORD])]);
    let failure = world.open_with(&format!("ws://{name}/"), through("socks5://p")).failed();
    assert!(failure.message.contains("255"), "{}", failure.message);
    assert_eq!(world.connections()[0].written, [5, 1, 0], "nothing was sent");
}
