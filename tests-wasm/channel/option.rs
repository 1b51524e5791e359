//! The constructor validates its options at once.

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::class::{Channel, error_message, error_name};
use crate::peer::{HOST, Host};

/// `new WebSocketChannel(options)`, the options as JSON.
fn construct(json: &str) -> Result<Channel, JsValue> {
    Channel::new(&JSON::parse(json).expect("JSON"))
}

#[wasm_bindgen_test]
fn an_unknown_option_is_refused_by_its_name_with_the_nearest_that_there_is() {
    assert_eq!(error_name(construct(r#"{"pigeons": 3}"#)), "NS_ERROR_INVALID_ARG");
    assert!(error_message(construct(r#"{"pigeons": 3}"#)).contains("pigeons"));
    assert!(error_message(construct(r#"{"openTimeoutMS": 3}"#)).contains("Did you mean openTimeoutMs?"));
}

#[wasm_bindgen_test]
fn options_must_be_an_object_of_options() {
    for json in [r#""ws://127.0.0.1/""#, "5", "true", "[]", r#"{"href": "ws://127.0.0.1/"}"#] {
        assert_eq!(error_name(construct(json)), "NS_ERROR_INVALID_ARG", "{json}");
    }
    assert!(error_message(construct(r#""ws://127.0.0.1/""#)).contains("asyncOpen"), "where the URI belongs");
}

#[wasm_bindgen_test]
fn a_number_out_of_range_is_refused_by_the_options_name() {
    for name in ["openTimeoutMs", "closeTimeoutMs", "maxMessageSize"] {
        for value in ["0", "-1", "1.5", "1e300", r#""100""#, "{}"] {
            let json = format!(r#"{{"{name}": {value}}}"#);
            assert_eq!(error_name(construct(&json)), "NS_ERROR_INVALID_ARG", "{json}");
            assert!(error_message(construct(&json)).starts_with(&format!("{name}: ")), "{json}");
        }
        assert!(construct(&format!(r#"{{"{name}": 1}}"#)).is_ok());
    }
}

#[wasm_bindgen_test]
fn null_and_undefined_mean_the_default_on_every_host() {
    let names = [
        "openTimeoutMs",
        "closeTimeoutMs",
        "maxMessageSize",
        "signal",
        "deflate",
        "headers",
        "redirects",
        "proxy",
        "tls",
        "socket",
    ];
    for value in [JsValue::NULL, JsValue::UNDEFINED] {
        let options = Object::new();
        for name in names {
            Reflect::set(&options, &name.into(), &value).expect("set");
        }
        assert!(Channel::new(&options).is_ok(), "{value:?}");
        assert!(Channel::new(&value).is_ok(), "{value:?}");
    }
}

#[wasm_bindgen_test]
fn an_option_that_only_node_honours_is_refused_by_name_in_a_page() {
    for (name, value) in [
        ("deflate", "false"),
        ("headers", r#"{"X-Test": "1"}"#),
        ("redirects", "3"),
        ("proxy", r#""http://127.0.0.1:1/""#),
        ("tls", "{}"),
        ("socket", "{}"),
    ] {
        let json = format!(r#"{{"{name}": {value}}}"#);
        match HOST {
            Host::Node => assert!(construct(&json).is_ok(), "{json}"),
            Host::Page => {
                assert_eq!(error_name(construct(&json)), "NS_ERROR_NOT_IMPLEMENTED", "{json}");
                assert!(error_message(construct(&json)).starts_with(&format!("{name}: ")), "{json}");
            }
        }
    }
}

#[wasm_bindgen_test]
fn options_are_read_by_own_keys_only() {
    let prototype = JSON::parse(r#"{"openTimeoutMs": -1, "signal": 5, "pigeons": 3}"#).expect("JSON");
    assert!(Channel::new(&prototype).is_err(), "as own keys they are refused");
    assert!(Channel::new(&Object::<JsValue>::create(prototype.unchecked_ref())).is_ok());
}
