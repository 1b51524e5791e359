use super::fake::*;
use crate::http::{Field, Scheme};
use crate::opening::{AuthRequest, Credentials, HopTls, Party, Settings};
use crate::status::Status;

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn refuses(challenge: &str) -> String {
    response(407, &format!("Proxy-Authenticate: {challenge}\r\n"))
}

fn right(_: &AuthRequest) -> Result<Option<Credentials>, &'static str> {
    Ok(Some(user("user", "secret")))
}

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
    assert_eq!((connection.hop.host.as_str(), connection.hop.port, connection.hop.to), ("p", 3128, Party::Proxy));
    assert_eq!(connection.hop.tls, HopTls::Tunnel, "so that options for TLS are refused at once");
    assert_eq!(connection.tls.len(), 1);
    assert_eq!((connection.tls[0].host.as_str(), connection.tls[0].party), ("h.example", Party::Server));
}

#[test]
fn tls_with_an_https_proxy_comes_first_and_is_the_proxys() {
    let world = World::new([replies_and_accepts(&[ESTABLISHED])]);
    world.open_with("wss://h.example/", through("https://p:3128")).opened();
    let peers: Vec<_> = world.connections()[0].tls.iter().map(|it| (it.host.clone(), it.port, it.party)).collect();
    assert_eq!(peers, [("p".to_owned(), 3128, Party::Proxy), ("h.example".to_owned(), 443, Party::Server)]);
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
    let failure = World::new([replies(&[&behind])]).open_with("ws://h/", through("http://p:1")).failed();
    assert_eq!((failure.status, failure.http.unwrap().status), (Status::CONNECTION_REFUSED, 403));
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
    let request = |scheme, realm: &str, origin: &str, party| AuthRequest {
        scheme,
        realm: realm.into(),
        origin: origin.into(),
        party,
        attempt: 1,
    };
    assert_eq!(asked[0], request(Scheme::Digest, "p", "http://p:3128", Party::Proxy));
    assert_eq!(asked[1], request(Scheme::Basic, "s", "ws://h:81", Party::Server));
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

#[test]
fn a_proxys_unknown_scheme_is_not_answered_by_the_option_headers_which_the_server_gets() {
    let world = World::new([replies(&[&refuses("NTLM")])]);
    let failure = world.open_with("ws://h/", through("http://p:1")).failed();
    assert!(
        failure.message.ends_with("only \"NTLM\". Use a proxy that accepts Basic or Digest."),
        "{}",
        failure.message
    );
    let world = World::new([replies(&[&response(401, "WWW-Authenticate: NTLM\r\n")])]);
    let failure = world.open("ws://h/").failed();
    assert!(failure.message.ends_with("only \"NTLM\". Pass it in the option headers."), "{}", failure.message);
}
