//! Questions: what may be asked of whom, and what becomes of the answers.

use serde::Deserialize;

use super::*;
use crate::{
    error::ErrorObject,
    schema::{Field, Form, Sampling, SamplingContent, Tool, ToolChoice},
};

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by Debug alone")]
struct Person {
    name: String,
}

fn form() -> Form {
    Form::new("Who?").field("name", Field::string().max_length(5).required())
}

type Ask = fn(&mut CallContext<'_>) -> Result<String, Stop>;

const ELICIT: Ask = |cx| Ok(format!("{:?}", cx.elicit::<Person>("who", form())?));
const URL: Ask = |cx| {
    let went = cx.elicit_url("sign", "https://example.com/", "Sign in")?;
    Ok(format!("{went:?}"))
};
const SAMPLE: Ask = |cx| Ok(cx.sample("poem", Sampling::new("Write a poem", 100))?.text());
const ROOTS: Ask = |cx| Ok(format!("{}", cx.roots()?.len()));
const RAW: Ask = |cx| {
    let params = BTreeMap::from([("a", 1)]);
    Ok(format!("{:?}", cx.ask_raw("own", "own/ask", &params)?))
};

fn asking(ask: Ask) -> Router<()> {
    let mut router = Router::new();
    router.tool(Tool::new("t"), move |cx, _: Json| ask(cx));
    router
}

fn first(ask: Ask, client: Call) -> Recorder {
    record(&mut asking(ask), &mut (), Call { method: tool("t", "{}"), ..client })
}

/// What is said in the round behind the answer.
fn then(ask: Ask, version: Version, answer: Answer) -> String {
    let client = client(version);
    let port = first(ask, client.clone());
    let call = Call { method: tool("t", "{}"), ..client };
    let again = answered(&port, &call, &[answer]);
    record(&mut asking(ask), &mut (), again).said.join("\n")
}

fn text(text: &str) -> String {
    format!(r#"result {{"content":[{{"type":"text","text":{}}}]}}"#, Json::text(text).as_str())
}

fn failure(why: &str) -> String {
    let text = text(why);
    text.replace("}]}", "}],\"isError\":true}")
}

#[test]
fn questions_are_asked_in_the_words_of_the_revision() {
    let name = r#"{"name":{"type":"string","maxLength":5}}"#;
    let schema = format!(r#"{{"type":"object","properties":{name},"required":["name"]}}"#);
    let form = format!(
        r#"ask who: Elicit({{"mode":"form","message":"Who?","requestedSchema":{schema}}})"#
    );
    let url = |id| {
        format!(
            "ask sign: ElicitUrl {{ message: \"Sign in\", url: \"https://example.com/\", \
             elicitation: \"{id}\" }}"
        )
    };
    let message = r#"{"role":"user","content":{"type":"text","text":"Write a poem"}}"#;
    let poem = format!(r#"{{"messages":[{message}],"maxTokens":100}}"#);
    for (ask, version, expected) in [
        (ELICIT, MODERN, form),
        (URL, LEGACY, url("7-sign")),
        (URL, MODERN, url("")),
        (SAMPLE, MODERN, format!("ask poem: Sample({poem})")),
        (ROOTS, MODERN, "ask roots: Roots".into()),
        (RAW, LEGACY, r#"ask own: Other { method: "own/ask", params: {"a":1} }"#.into()),
    ] {
        assert_eq!(first(ask, client(version)).said, [expected]);
    }
}

#[test]
fn a_client_is_asked_nothing_that_it_did_not_declare() {
    let tools: Ask = |cx| {
        let request = Sampling::new("Go", 1).tool_choice(ToolChoice::Required);
        Ok(cx.sample("go", request)?.text())
    };
    for (ask, declared, missing) in [
        (ELICIT, "{}", r#"{"elicitation":{}}"#),
        (ELICIT, r#"{"elicitation":{"url":{}}}"#, r#"{"elicitation":{}}"#),
        (URL, r#"{"elicitation":{}}"#, r#"{"elicitation":{"url":{}}}"#),
        (SAMPLE, r#"{"elicitation":{}}"#, r#"{"sampling":{}}"#),
        (tools, r#"{"sampling":{}}"#, r#"{"sampling":{"tools":{}}}"#),
        (ROOTS, r#"{"sampling":{}}"#, r#"{"roots":{}}"#),
    ] {
        for version in [LEGACY, MODERN] {
            let said = first(ask, Call { terms: terms(version, declared), ..client(version) }).said;
            let data = format!(r#"{{"requiredCapabilities":{missing}}}"#);
            assert_eq!(said.len(), 1);
            assert!(said[0].starts_with("error -32021 "), "{said:?}");
            assert!(said[0].ends_with(&data), "{said:?}");
        }
    }
}

#[test]
fn a_revision_is_asked_nothing_that_it_does_not_have() {
    for (ask, version) in [
        (ELICIT, Version::V2024_11_05),
        (ELICIT, Version::V2025_03_26),
        (URL, Version::V2025_06_18),
    ] {
        let said = first(ask, client(version)).said;
        assert!(said[0].starts_with("error -32021 "), "{said:?}");
    }
    let said = first(RAW, client(MODERN)).said;
    assert_eq!(said, [failure("own/ask cannot be asked in 2026-07-28")]);
}

#[test]
fn nothing_is_asked_in_2026_07_28_where_a_call_cannot_come_again() {
    for version in [LEGACY, MODERN] {
        let mut router = Router::new();
        router.method("own/method", |cx, _| {
            cx.roots()?;
            Err(Stop::NotFound)
        });
        let said = serve(&mut router, &mut (), client(version), other("own/method"));
        let expected = ["ask roots: Roots", "error -32603 Internal error"];
        assert_eq!(said, [expected[usize::from(version == MODERN)]]);
    }
}

#[test]
fn answers_reach_the_handler_typed() {
    for version in [LEGACY, MODERN] {
        let who = |answer| then(ELICIT, version, given(answer));
        assert_eq!(
            who(r#"{"action":"accept","content":{"name":"Eve"}}"#),
            text(r#"Accepted(Person { name: "Eve" })"#)
        );
        assert_eq!(who(r#"{"action":"decline"}"#), text("Declined"));
        assert_eq!(who(r#"{"action":"cancel"}"#), text("Cancelled"));
        assert_eq!(then(URL, version, given(r#"{"action":"accept"}"#)), text("Accepted(())"));
        let poem = r#"{"role":"assistant","model":"m","content":{"type":"text","text":"A rose"}}"#;
        assert_eq!(then(SAMPLE, version, given(poem)), text("A rose"));
        let roots = r#"{"roots":[{"uri":"file:///a"}]}"#;
        assert_eq!(then(ROOTS, version, given(roots)), text("1"));
    }
    assert_eq!(then(RAW, LEGACY, given(r#"{"b":[2]}"#)), text(r#"{"b":[2]}"#));
}

#[test]
fn an_answer_that_does_not_fit_is_an_error_of_the_request_that_carries_it() {
    spec!("ELI-09");
    for (ask, answer) in [
        (ELICIT, "[]"),
        (ELICIT, "{}"),
        (ELICIT, r#"{"action":"maybe"}"#),
        (ELICIT, r#"{"action":"accept"}"#),
        (ELICIT, r#"{"action":"accept","content":{"name":7}}"#),
        (ELICIT, r#"{"action":"accept","content":{"name":"far too long"}}"#),
        (URL, r#"{"action":7}"#),
        (SAMPLE, r#"{"model":"m"}"#),
        (ROOTS, r#"{"roots":7}"#),
    ] {
        let modern = then(ask, MODERN, given(answer));
        assert!(modern.starts_with("error -32602 The answer to "), "{answer}: {modern}");
        let legacy = then(ask, LEGACY, given(answer));
        assert!(legacy.contains("isError"), "{answer}: {legacy}");
    }
}

#[test]
fn a_client_that_gives_no_answer_fails_the_tool_with_a_sentence() {
    let refused = Answer::Refused(ErrorObject::new(-1, "User said no"));
    let expected = failure("The client answered with an error: User said no");
    assert_eq!(then(SAMPLE, LEGACY, refused), expected);
    let expected = failure("The client did not answer in time.");
    assert_eq!(then(ROOTS, LEGACY, Answer::TimedOut), expected);
}

#[test]
fn an_answer_counts_for_the_question_it_answered_alone() {
    let mut router = Router::new();
    router.tool(Tool::new("t"), |cx, amount: Json| {
        let form = Form::new(format!("Pay {amount:?}?"));
        let choice = cx.elicit::<Json>("pay", form)?;
        Ok(format!("{choice:?}"))
    });
    let call = Call { method: tool("t", "{\"sum\":1}"), ..client(MODERN) };
    let port = record(&mut router, &mut (), call.clone());
    let again = answered(&port, &call, &[accepted("{}")]);
    let other = Call { method: tool("t", "{\"sum\":1000}"), ..again.clone() };
    assert_eq!(record(&mut router, &mut (), again).said, [text("Accepted({})")]);
    assert!(record(&mut router, &mut (), other).said[0].starts_with("ask pay: "));
}

#[test]
fn an_answer_that_nobody_asked_for_counts_where_the_form_says_so() {
    for (form, taken) in [(form(), false), (form().accept_unasked(), true)] {
        let mut router = Router::new();
        router.tool(Tool::new("t"), move |cx, _: Json| {
            Ok(format!("{:?}", cx.elicit::<Json>("who", form.clone())?))
        });
        let mut call = Call { method: tool("t", "{}"), ..client(MODERN) };
        let asked = Asked { digest: None, answer: Some(accepted(r#"{"name":"Eve"}"#)) };
        call.memo.answers.by_key.insert("who".into(), asked);
        let said = record(&mut router, &mut (), call).said;
        if taken {
            assert_eq!(said, [text(r#"Accepted({"name":"Eve"})"#)]);
        } else {
            assert!(said[0].starts_with("ask who: "), "{said:?}");
        }
    }
}

#[test]
fn several_questions_are_asked_together_and_answered_in_order() {
    let ask: Ask = |cx| {
        let sampling = Json::of(&BTreeMap::<u8, u8>::new()).unwrap();
        let questions = [("b", Question::Roots), ("a", Question::Sample(sampling))];
        let questions = questions.map(|(key, question)| (key.into(), question)).into();
        let answers = cx.ask_all(questions)?;
        Ok(format!("{answers:?}"))
    };
    let call = Call { method: tool("t", "{}"), ..client(MODERN) };
    let port = first(ask, call.clone());
    assert_eq!(port.said, ["ask b: Roots, a: Sample({})"]);
    let one = answered(&port, &call, &[given("{}")]);
    let rest = record(&mut asking(ask), &mut (), one.clone());
    assert_eq!(rest.said, ["ask a: Sample({})"]);
    let all = answered(&rest, &one, &[Answer::TimedOut]);
    let said = record(&mut asking(ask), &mut (), all).said;
    assert_eq!(said, [text("[Given({}), TimedOut]")]);
}

#[test]
fn two_questions_under_one_key_are_not_asked() {
    let ask: Ask = |cx| {
        let questions = ["a", "a"].map(|key| (key.into(), Question::Roots)).into();
        cx.ask_all(questions).map(|_| String::new())
    };
    for version in [LEGACY, MODERN] {
        let said = first(ask, client(version)).said;
        assert_eq!(said, [failure("two questions have the key \"a\"")]);
    }
}

#[test]
fn questions_carry_the_trace_context_where_they_are_requests() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = |version| {
        let meta = [("traceparent", Json::text(PARENT)), ("baggage", Json::text("a=b"))];
        let meta = meta.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Call { meta: CallMeta(Some(Arc::new(meta))), ..client(version) }
    };
    let meta = format!(r#"{{"_meta":{{"traceparent":"{PARENT}","baggage":"a=b"}},"#);
    assert!(first(RAW, traced(LEGACY)).said[0].contains(&format!("{meta}\"a\":1}}")));
    assert!(first(ELICIT, traced(LEGACY)).said[0].contains(&meta));
    assert!(!first(ELICIT, traced(MODERN)).said[0].contains("traceparent"));
    let own: Ask = |cx| {
        let params = BTreeMap::from([("_meta", BTreeMap::from([("own", 1)]))]);
        Ok(format!("{:?}", cx.ask_raw("own", "own/ask", &params)?))
    };
    assert!(!first(own, traced(LEGACY)).said[0].contains("traceparent"));
    let empty: Ask = |cx| {
        let params = BTreeMap::<u8, u8>::new();
        Ok(format!("{:?}", cx.ask_raw("own", "own/ask", &params)?))
    };
    assert!(first(empty, traced(LEGACY)).said[0].contains("\"baggage\":\"a=b\"}}"));
}

const REQUIRED: Ask = |cx| Err(cx.require_urls(&[("pay-1", "https://example.com/pay", "Pay")]));

#[test]
fn a_required_url_is_an_error_in_2025_11_25_and_a_question_later() {
    let legacy = first(REQUIRED, client(LEGACY)).said;
    let elicitation =
        r#"{"mode":"url","elicitationId":"pay-1","url":"https://example.com/pay","message":"Pay"}"#;
    let error = "error -32042 The person has to go to a URL first";
    assert_eq!(legacy, [format!(r#"{error} {{"elicitations":[{elicitation}]}}"#)]);
    let port = first(REQUIRED, client(MODERN));
    assert!(port.said[0].starts_with("ask pay-1: ElicitUrl "), "{:?}", port.said);
    // Accepted means that they went: the handler found that it is still required.
    let again = then(REQUIRED, MODERN, given(r#"{"action":"accept"}"#));
    assert_eq!(again, port.said.join("\n"));
    let declined = then(REQUIRED, MODERN, given(r#"{"action":"decline"}"#));
    assert_eq!(declined, failure("The person did not go there."));
    let misfit = then(REQUIRED, MODERN, given("7"));
    assert!(misfit.starts_with("error -32602 The answer to \"pay-1\" does not fit"), "{misfit}");
}

#[test]
fn all_urls_that_are_required_are_named_at_once() {
    let both: Ask =
        |cx| Err(cx.require_urls(&[("a", "https://a/", "A"), ("b", "https://b/", "B")]));
    let entry = |id: &str, name: &str| {
        format!(
            r#"{{"mode":"url","elicitationId":"{id}","url":"https://{id}/","message":"{name}"}}"#
        )
    };
    let data = format!(r#"{{"elicitations":[{},{}]}}"#, entry("a", "A"), entry("b", "B"));
    let error = "error -32042 The person has to go to a URL first";
    assert_eq!(first(both, client(LEGACY)).said, [format!("{error} {data}")]);
}

#[test]
fn a_url_cannot_be_required_where_a_call_cannot_come_again() {
    let mut router = Router::new();
    router.method("own/method", |cx, _| Err(cx.require_urls(&[("a", "https://a/", "A")])));
    let said = serve(&mut router, &mut (), client(MODERN), other("own/method"));
    assert_eq!(said, ["error -32603 Internal error"]);
}

#[test]
fn a_url_is_required_only_of_clients_that_can_go_there() {
    for version in [Version::V2025_06_18, LEGACY, MODERN] {
        let call = Call { terms: terms(version, r#"{"elicitation":{}}"#), ..client(version) };
        assert!(first(REQUIRED, call).said[0].starts_with("error -32021 "));
    }
    let nothing: Ask = |cx| Err(cx.require_urls(&[]));
    assert_eq!(first(nothing, client(MODERN)).said, ["error -32603 Internal error"]);
}

#[test]
fn sampling_with_tools_is_refused_before_2025_11_25() {
    let ask: Ask = |cx| {
        let result = SamplingContent::from("go");
        let request = Sampling::conversation(1).user(result).tool_choice(ToolChoice::Auto);
        Ok(cx.sample("go", request)?.text())
    };
    let said = first(ask, client(Version::V2025_06_18)).said;
    assert_eq!(said, [failure("the client's revision has no tools in sampling")]);
}

#[test]
fn a_cancelled_call_asks_nothing_more() {
    for version in [LEGACY, MODERN] {
        let call = client(version);
        call.flags.cancelled.store(true, core::sync::atomic::Ordering::Relaxed);
        assert_eq!(first(ROOTS, call).said, [] as [&str; 0]);
    }
}

#[test]
fn questions_of_one_run_have_keys_of_their_own() {
    let ask: Ask = |cx| {
        let roots = cx.roots();
        let again = cx.roots();
        let other = cx.elicit::<Json>("roots", Form::new("Roots?"));
        assert!(matches!((roots, again), (Err(Stop::Asked), Err(Stop::Asked))));
        assert_eq!(other, Err(Stop::Failed("two questions have the key \"roots\"".into())));
        Ok("whatever".into())
    };
    assert_eq!(first(ask, client(MODERN)).said, ["ask roots: Roots"]);
}
