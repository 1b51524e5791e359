use super::fake::*;
use crate::opening::{Party, Proxy, ProxySetting, Settings};
use crate::status::Status;
use crate::uri::tests::parse;

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

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
        "socks5:x//h",
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
        ("127.0.0.0/8", "ws://127.0.0.1/", true),
        ("127.0.0.0/31", "ws://127.0.0.1/", true),
        ("127.0.0.0/32", "ws://127.0.0.1/", false),
        ("127.0.0.0/33", "ws://127.0.0.1/", false),
        ("10.0.0.0/8", "ws://127.0.0.1/", false),
        ("0.0.0.0/0", "ws://127.0.0.1/", true),
        ("127.0.0.0/x", "ws://127.0.0.1/", false),
        ("::/0", "ws://127.0.0.1/", false),
        ("::1/128", "ws://[::1]/", true),
        ("fe80::/10", "ws://[::1]/", false),
        ("localhost.", "ws://localhost/", true),
        ("localhost", "ws://localhost./", true),
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
    let hops: Vec<_> = world.connections().iter().map(|it| (it.hop.host.clone(), it.hop.to)).collect();
    assert_eq!(
        hops,
        [("p".to_owned(), Party::Proxy), ("direct.example".to_owned(), Party::Server), ("p".to_owned(), Party::Proxy)]
    );

    VARIABLES.set(vec![("https_proxy".into(), "ftp://p:1".into())]);
    let world = World::new([replies(&[&redirect("wss://h/")])]);
    let failure = world.open_with("ws://h/", settings).failed();
    assert_eq!(failure.status, Status::BAD_URI);
    assert!(failure.message.contains("https_proxy: ") && world.seen.borrow().moved.is_empty(), "{}", failure.message);
}
