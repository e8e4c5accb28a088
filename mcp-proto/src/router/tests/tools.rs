//! Tools: arguments, results, emissions.

use serde::{Deserialize, Serialize, Serializer, ser};

use super::*;
use crate::schema::{Tool, ToolResult};

#[derive(Debug, Deserialize)]
struct Sum {
    a: u8,
    #[serde(default)]
    b: u8,
}

fn adder() -> Router<u32> {
    let mut router = Router::new();
    router.tool(Tool::new("add"), |cx, sum: Sum| {
        *cx.state += 1;
        Ok(format!("{}", sum.a + sum.b))
    });
    router
}

fn add(arguments: &str) -> String {
    serve(&mut adder(), &mut 0, client(MODERN), tool("add", arguments)).remove(0)
}

fn text(text: &str) -> String {
    format!(r#"result {{"content":[{{"type":"text","text":{}}}]}}"#, Json::text(text).as_str())
}

fn failure(why: &str) -> String {
    text(why).replace("}]}", "}],\"isError\":true}")
}

#[test]
fn arguments_reach_the_handler_typed() {
    assert_eq!(add(r#"{"a":1,"b":2}"#), text("3"));
    assert_eq!(add(r#"{"a":1,"unknown":null}"#), text("1"));
}

#[test]
fn arguments_that_do_not_fit_are_a_failure_that_names_the_member() {
    spec!("TOL-06");
    for version in Version::ALL {
        let call = |arguments| {
            serve(&mut adder(), &mut 0, client(version), tool("add", arguments)).remove(0)
        };
        assert_eq!(call("{}"), failure("Invalid arguments: missing field `a`"));
        let wrong = failure("Invalid arguments: b: invalid value: integer `300`, expected u8");
        assert_eq!(call(r#"{"a":1,"b":300}"#), wrong);
    }
}

#[test]
fn a_tool_of_any_name_can_be_called() {
    spec!("TOL-17");
    let long = "x".repeat(129);
    for name in ["a", "A-1_b.c", "two words", "grün", "", &long] {
        let mut router = Router::new();
        router.tool(Tool::new(name), |_, _: Json| Ok("called"));
        assert_eq!(serve(&mut router, &mut (), client(MODERN), tool(name, "{}")), [text("called")]);
    }
}

#[test]
fn an_unknown_tool_is_named_shortly() {
    spec!("TOL-04");
    let name = "x".repeat(10_000);
    let said = serve(&mut adder(), &mut 0, client(MODERN), tool(&name, "{}")).remove(0);
    assert!(said.starts_with("error -32602 Unknown tool: xxx"), "{said}");
    assert!(said.len() < 200);
}

#[test]
fn a_result_may_have_meta_of_its_own() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |_, _: Json| {
        Ok(ToolResult::text("a").meta("com.example/n", json("1")).unwrap())
    });
    let said = serve(&mut router, &mut (), client(MODERN), tool("t", "{}")).remove(0);
    assert_eq!(said, text("a") + r#" meta {"com.example/n":1}"#);
}

/// Refuses every value in which there is an `x`.
struct NoX;

impl Validate for NoX {
    fn validate(&self, what: Checked, schema: &Json, value: &Json) -> Result<(), String> {
        assert!(schema.as_str().contains("object"), "{schema:?}");
        if value.as_str().contains('x') { Err(format!("{what:?} has an x")) } else { Ok(()) }
    }
}

#[test]
fn a_validator_sees_arguments_before_the_handler_does() {
    let mut router = adder();
    router.validate_with(NoX);
    let mut count = 0;
    let said = serve(&mut router, &mut count, client(MODERN), tool("add", r#"{"a":"x"}"#));
    assert_eq!(said, [failure("Invalid arguments: Arguments has an x")]);
    assert_eq!(count, 0);
    let said = serve(&mut router, &mut count, client(MODERN), tool("add", r#"{"a":1}"#));
    assert_eq!((said, count), ([text("1")].into(), 1));
}

#[test]
fn a_result_that_breaks_its_schema_is_not_sent() {
    spec!("TOL-07");
    let mut router = Router::new();
    let schema = r#"{"type":"object"}"#;
    let with_schema = Tool::new("t").output_schema(json(schema)).unwrap();
    router.validate_with(NoX).tool(with_schema, |_, argument: Json| {
        Ok(match argument.as_str() {
            r#"{"none":1}"# => ToolResult::text("no structured result"),
            r#"{"fails":1}"# => ToolResult::error("failed"),
            r#"{"bad":1}"# => ToolResult::structured(json("{\"x\":1}")),
            _ => ToolResult::structured(argument),
        })
    });
    let mut call =
        |arguments| serve(&mut router, &mut (), client(MODERN), tool("t", arguments)).remove(0);
    assert_eq!(call(r#"{"bad":1}"#), "error -32603 Internal error");
    assert_eq!(call(r#"{"none":1}"#), "error -32603 Internal error");
    assert_eq!(call(r#"{"fails":1}"#), failure("failed"));
    assert!(call(r#"{"good":1}"#).contains(r#""structuredContent":{"good":1}"#));
}

#[test]
fn a_validator_sees_what_a_person_filled_in() {
    let mut router = Router::new();
    router.validate_with(NoX).tool(Tool::new("t"), |cx, _: Json| {
        cx.elicit::<Json>("a", crate::schema::Form::new("A?")).map(|_| ())
    });
    let call = Call { method: tool("t", "{}"), ..client(MODERN) };
    let port = record(&mut router, &mut (), call.clone());
    let again = answered(&port, &call, &[accepted(r#"{"x":1}"#)]);
    let said = record(&mut router, &mut (), again).said;
    assert_eq!(said, ["error -32602 The answer to \"a\" does not fit: Elicitation has an x"]);
}

/// Cannot be written as JSON; says so loudly if anyone tries who should not.
struct Unwritable(bool);

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        assert!(self.0, "encoded although nobody wants it");
        Err(ser::Error::custom("never"))
    }
}

#[test]
fn what_nobody_wants_to_hear_is_not_even_encoded() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, _: Json| {
        cx.log(Level::Debug, Unwritable(false));
        cx.log_as("db", Level::Error, Unwritable(true));
        cx.notify("own/n", Unwritable(true));
        cx.progress(1.0, 2.0);
        Ok(())
    });
    let quiet = Call { wants_progress: false, ..client(MODERN) };
    let said = serve(&mut router, &mut (), quiet, tool("t", "{}"));
    let log = "log error db \"a log message that cannot be written as JSON\"";
    assert_eq!(said, [log, r#"result {"content":[]}"#]);
}

#[test]
fn values_are_attached_where_there_is_a_session() {
    spec!("VER-16");
    for version in [LEGACY, MODERN] {
        let mut router = Router::new();
        router.tool(Tool::new("t"), |cx, _: Json| {
            cx.attach("gone", None);
            cx.attach("set", Some(json("2")));
            Ok(format!("{:?} {:?}", cx.attached("known"), cx.attached("set")))
        });
        let attached = BTreeMap::from([("known".into(), json("1"))]);
        let call = Call { attached: Arc::new(attached), ..client(version) };
        let said = serve(&mut router, &mut (), call, tool("t", "{}"));
        let (last, commands) = said.split_last().unwrap();
        assert_eq!(*last, text("Some(1) None"));
        let expected = ["attach gone None", "attach set Some(2)"];
        assert_eq!(commands, if version == LEGACY { &expected[..] } else { &[] });
    }
}

#[test]
fn a_panic_passes_through_and_the_tool_stays() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, _: Json| {
        *cx.state += 1;
        assert!(*cx.state > 1, "the first call panics");
        Ok("fine")
    });
    let mut count = 0;
    let panicked = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        serve(&mut router, &mut count, client(MODERN), tool("t", "{}"))
    }));
    assert!(panicked.is_err());
    assert_eq!(serve(&mut router, &mut count, client(MODERN), tool("t", "{}")), [text("fine")]);
}

#[test]
fn a_handler_sees_its_call() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, _: Json| {
        let seen = (cx.call().request_id.clone(), cx.uri().len(), cx.is_cancelled());
        Ok(format!("{seen:?} {:?}", cx.grant().subject))
    });
    let grant = Grant { subject: Some("eve".into()), ..Grant::default() };
    let call = Call { grant: Arc::new(grant), ..client(MODERN) };
    let said = serve(&mut router, &mut (), call, tool("t", "{}"));
    assert_eq!(said, [text("(Int(1), 0, false) Some(\"eve\")")]);
}

#[test]
fn what_is_shown_of_a_context_is_its_call() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, _: Json| {
        let inner: &CallContext<'_> = cx;
        let (whole, inner) = (format!("{cx:?}"), format!("{inner:?}"));
        assert!(inner.starts_with("CallContext { call: Call { id: CallId(7)"), "{inner}");
        assert_eq!(whole, format!("Context {{ call: {inner}, .. }}"));
        Ok("done")
    });
    assert_eq!(serve(&mut router, &mut (), client(MODERN), tool("t", "{}")), [text("done")]);
}
