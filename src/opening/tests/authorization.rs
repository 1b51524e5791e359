use super::fake::*;
use crate::http::{Field, Scheme};
use crate::opening::{AuthRequest, Credentials, Party, Settings};
use crate::status::Status;

fn demands(challenge: &str) -> String {
    response(401, &format!("WWW-Authenticate: {challenge}\r\n"))
}

/// Responds to each connection with one of these challenges, and accepts the last.
fn demanding(challenges: &[&str]) -> World {
    World::new(challenges.iter().map(|challenge| replies(&[&demands(challenge)])).chain([accepts()]))
}

/// Responds to every connection with this challenge.
fn never_satisfied(challenge: &str) -> World {
    World::new((0..40).map(|_| replies(&[&demands(challenge)])))
}

fn right(_: &AuthRequest) -> Result<Option<Credentials>, &'static str> {
    Ok(Some(user("user", "secret")))
}

const DIGEST: &str = r#"Digest realm="r", nonce="n", qop="auth""#;

fn parameter(field: &str, name: &str) -> Option<String> {
    let (_, rest) = field.split_once(&format!("{name}="))?;
    Some(rest.split(", ").next()?.trim_matches('"').to_owned())
}

#[test]
fn the_uris_user_and_password_go_out_with_the_first_request_decoded_as_utf8() {
    for (in_uri, clear) in [
        ("user:secret", "user:secret"),
        ("user", "user:"),
        (":secret", ":secret"),
        ("a%40b:c%2Fd%3Ae", "a@b:c/d:e"),
        ("j%C3%A4ger:%F0%9F%94%91", "jäger:🔑"),
        ("us%er:%ff", "us%er:%ff"),
    ] {
        let world = World::new([accepts()]);
        world.open(&format!("ws://{in_uri}@h/")).opened();
        assert_eq!(world.fields("Authorization"), [basic(clear)], "{in_uri}");
        assert!(!world.connections()[0].text().contains('@'), "nowhere else");
    }
    let world = World::new([accepts()]);
    world.open("ws://h/").opened();
    assert_eq!(world.fields("Authorization"), [None]);
}

#[test]
fn a_user_and_password_in_the_uri_and_a_header_authorization_are_too_much() {
    for name in ["Authorization", "AUTHORIZATION"] {
        let settings = Settings { headers: vec![Field::new(name, "Bearer x").unwrap()], ..settings() };
        for uri in ["ws://user:secret@h/", "ws://user@h/", "ws://:secret@h/"] {
            let refusal = World::new([]).try_open(uri, settings.clone()).err().unwrap();
            assert_eq!(refusal.status, Status::INVALID_ARG);
            assert!(refusal.message.contains("headers") && !refusal.message.contains("secret"), "{}", refusal.message);
        }
    }
}

#[test]
fn what_no_header_can_carry_is_refused_in_the_uri() {
    for uri in ["ws://a%3Ab:hunter2@h/", "ws://a%0D%0AX:hunter2@h/", "ws://a:hunter2%00@h/", "ws://a:hunter2%7f@h/"] {
        let refusal = World::new([]).try_open(uri, settings()).err().unwrap();
        assert_eq!(refusal.status, Status::MALFORMED_URI, "{uri}");
        assert!(refusal.message.starts_with("URI: ") && !refusal.message.contains("hunter2"), "{}", refusal.message);
    }
}

#[test]
fn the_user_is_asked_and_the_answer_is_shown() {
    for (challenge, scheme, prefix) in
        [(r#"Basic realm="r""#, Scheme::Basic, "Basic "), (DIGEST, Scheme::Digest, "Digest ")]
    {
        let world = demanding(&[challenge]).with_credentials(right);
        world.open("wss://h:81/").opened();
        let request =
            AuthRequest { scheme, realm: "r".into(), origin: "wss://h:81".into(), party: Party::Server, attempt: 1 };
        assert_eq!(world.seen.borrow().asked, [request]);
        let sent = world.fields("Authorization");
        assert!(sent[0].is_none() && sent[1].as_ref().unwrap().starts_with(prefix), "{sent:?}");
        assert!(world.connections()[0].is_dropped);
    }
}

#[test]
fn digests_answer_is_for_this_user_method_and_resource() {
    let world = demanding(&[r#"Digest realm="r", nonce="n""#]).with_credentials(right);
    world.open("ws://h/a?b").opened();
    // MD5("MD5(user:r:secret):n:MD5(GET:/a?b)"), as `md5sum` computes it.
    let field = world.fields("Authorization")[1].clone().unwrap();
    assert_eq!(parameter(&field, "uri").unwrap(), "/a?b");
    assert_eq!(parameter(&field, "response").unwrap(), RESPONSE);
}
const RESPONSE: &str = "b1fadcf591964b038decd152fbefec74";

#[test]
fn credentials_of_the_uri_answer_digest_without_asking_and_then_the_user_is_asked() {
    let world = demanding(&[DIGEST]).with_credentials(|_| panic!("nobody is asked"));
    world.open("ws://us%20er:sec%3Aret@h/").opened();
    let sent = world.fields("Authorization");
    assert_eq!(sent[0], basic("us er:sec:ret"));
    assert_eq!(parameter(sent[1].as_ref().unwrap(), "username").unwrap(), "us er");

    let answers = |request: &AuthRequest| Ok(Some(user("user", ["wrong", "secret"][request.attempt as usize - 1])));
    let world = demanding(&[DIGEST, DIGEST, DIGEST]).with_credentials(answers);
    world.open("ws://user:guessed@h/").opened();
    let attempts: Vec<_> = world.seen.borrow().asked.iter().map(|request| request.attempt).collect();
    assert_eq!(attempts, [1, 2]);
}

#[test]
fn without_a_callback_or_an_answer_the_refusal_is_told() {
    let basic = r#"Basic realm="r""#;
    for (uri, world, words) in [
        ("ws://h/", demanding(&[basic]), "notificationCallbacks.onAuthRequired"),
        ("ws://user:pw@h/", demanding(&[basic]), "does not accept the user name and password"),
        ("ws://h/", demanding(&[basic]).with_credentials(|_| Ok(None)), "onAuthRequired gave up"),
        ("ws://h/", demanding(&[basic]).with_credentials(|_| Err("thrown")), "onAuthRequired failed"),
    ] {
        let failure = world.open(uri).failed();
        let http = failure.http.unwrap();
        assert_eq!((failure.status, http.status, http.body), (Status::CONNECTION_REFUSED, 401, b"body".to_vec()));
        assert!(failure.message.contains(words) && failure.message.contains("401"), "{}", failure.message);
        assert_eq!(failure.cause, words.contains("failed").then_some("thrown"));
        assert_eq!(world.connections().len(), 1);
    }
}

#[test]
fn an_answer_that_the_scheme_cannot_carry_is_the_end() {
    for (challenge, username, fails) in [
        ("Basic realm=r", "a:b", true),
        (DIGEST, "a:b", false),
        ("Basic realm=r", "a\r\nX-Evil: 1", true),
        (DIGEST, "a\0b", true),
        (DIGEST, "a\", X-Evil=\"1", false),
    ] {
        let world = demanding(&[challenge]).with_credentials(|_| Ok(Some(user(username, "hunter2"))));
        let stand = world.open("ws://h/");
        if fails {
            let failure = stand.failed();
            assert!(
                failure.message.contains("onAuthRequired: ") && !failure.message.contains("hunter2"),
                "{}",
                failure.message
            );
            assert_eq!(world.connections().len(), 1);
        } else {
            stand.opened();
            assert!(!world.connections()[1].text().lines().any(|line| line.starts_with("X-Evil")));
        }
    }
}

#[test]
fn after_ten_wrong_answers_it_gives_up() {
    let world = never_satisfied("Basic realm=r").with_credentials(right);
    let failure = world.open("ws://h/").failed();
    let attempts: Vec<_> = world.seen.borrow().asked.iter().map(|request| request.attempt).collect();
    assert_eq!((attempts, world.connections().len()), ((1..=10).collect(), 11));
    assert!(failure.message.contains("10") && failure.cause.is_none(), "{}", failure.message);
}

#[test]
fn each_origin_counts_its_own_attempts_and_hears_its_own_answers() {
    let world = World::new([
        replies(&[&demands("Basic realm=one")]),
        replies(&[&response(302, "Location: ws://b.example/\r\n")]),
        replies(&[&demands("Basic realm=two")]),
        accepts(),
    ])
    .with_credentials(|request| Ok(Some(user(&request.realm, "pw"))));
    world.open("ws://a.example/").opened();
    let asked: Vec<_> = world.seen.borrow().asked.iter().map(|it| (it.origin.clone(), it.attempt)).collect();
    assert_eq!(asked, [("ws://a.example".to_owned(), 1), ("ws://b.example".to_owned(), 1)]);
    assert_eq!(world.fields("Authorization"), [None, basic("one:pw"), None, basic("two:pw")]);
}

#[test]
fn an_answer_survives_a_relative_redirect_that_repeats_wrong_credentials_of_the_uri() {
    let world = World::new([
        replies(&[&demands("Basic realm=r")]),
        replies(&[&response(302, "Location: /there\r\n")]),
        accepts(),
    ])
    .with_credentials(right);
    world.open("ws://user:wrong@h/").opened();
    assert_eq!(world.fields("Authorization"), [basic("user:wrong"), basic("user:secret"), basic("user:secret")]);
    assert_eq!(world.seen.borrow().asked.len(), 1);
}

#[test]
fn a_header_authorization_gives_way_to_the_answer() {
    let world = demanding(&["Basic realm=r"]).with_credentials(right);
    let headers = vec![Field::new("authorization", "Bearer expired").unwrap()];
    world.open_with("ws://h/", Settings { headers, ..settings() }).opened();
    assert_eq!(world.fields("Authorization"), [Some("Bearer expired".to_owned()), basic("user:secret")]);
    let second = world.connections()[1].text();
    assert_eq!(second.to_lowercase().matches("authorization:").count(), 1, "{second}");
}

#[test]
fn a_nonce_is_used_again_within_its_origin_and_counted() {
    let redirect = |to: &str| replies(&[&response(302, &format!("Location: {to}\r\n"))]);
    let world =
        World::new([replies(&[&demands(DIGEST)]), redirect("/1"), redirect("/2"), accepts()]).with_credentials(right);
    world.open("ws://h/0").opened();
    let counts: Vec<_> =
        world.fields("Authorization")[1..].iter().map(|it| parameter(it.as_ref().unwrap(), "nc").unwrap()).collect();
    assert_eq!(counts, ["00000001", "00000002", "00000003"]);
    assert_eq!(world.seen.borrow().asked.len(), 1);
}

#[test]
fn a_stale_nonce_is_replaced_without_asking_three_times() {
    let stale = format!("{}, stale=TRUE", DIGEST.replace("\"n\"", "\"new\""));
    let world = demanding(&[DIGEST, &stale]).with_credentials(right);
    world.open("ws://h/").opened();
    let nonces: Vec<_> =
        world.fields("Authorization")[1..].iter().map(|it| parameter(it.as_ref().unwrap(), "nonce").unwrap()).collect();
    assert_eq!((nonces, world.seen.borrow().asked.len()), (vec!["n".to_owned(), "new".to_owned()], 1));

    let world = demanding(&[DIGEST, &format!("{DIGEST}, stale=false"), DIGEST]).with_credentials(right);
    world.open("ws://h/").opened();
    assert_eq!(world.seen.borrow().asked.len(), 3, "a 401 that does not say stale is a question");

    let world = never_satisfied(&stale).with_credentials(right);
    world.open("ws://h/").failed();
    assert_eq!(
        (world.seen.borrow().asked.len(), world.connections().len()),
        (10, 14),
        "a server that calls every nonce stale"
    );
}

#[test]
fn a_challenge_that_cannot_be_answered_is_no_question() {
    for challenge in [
        "Bearer realm=r",
        "Negotiate",
        "NTLM TlRM",
        "Digest realm=r",
        "Digest realm=r, nonce=n, algorithm=SHA-512-256",
        ",",
        "\"",
        "",
    ] {
        let world = never_satisfied(challenge).with_credentials(|_| panic!("nobody is asked"));
        assert_eq!(world.open("ws://h/").failed().http.unwrap().status, 401, "{challenge}");
    }
    let failure = World::new([replies(&[&response(401, "")])]).open("ws://h/").failed();
    assert!(failure.message.contains("does not say which authorization"), "{}", failure.message);
}

#[test]
fn challenges_of_several_fields_count_together() {
    let both = response(
        401,
        "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=b\r\nWWW-Authenticate: Digest realm=d, nonce=n\r\n",
    );
    let world = World::new([replies(&[&both]), accepts()]).with_credentials(right);
    world.open("ws://h/").opened();
    let asked = world.seen.borrow().asked[0].clone();
    assert_eq!((asked.scheme, asked.realm.as_str()), (Scheme::Digest, "d"));
}

#[test]
fn a_407_of_the_server_is_no_question() {
    let refusal = response(407, "Proxy-Authenticate: Basic realm=r\r\nWWW-Authenticate: Basic realm=r\r\n");
    let world = World::new([replies(&[&refusal])]).with_credentials(|_| panic!("nobody is asked"));
    assert_eq!(world.open("ws://h/").failed().status, Status::CONNECTION_REFUSED);
}
