//! Tools and prompts that ask, in both eras.

use mcp_proto::code;
use mcp_tests::Peer;
use serde_json::{Value, json};

use super::{LEGACY, MODERN, error, failure, result, text};

/// What the client answers to a question, by its method.
fn answer(question: &Value) -> Value {
    match question["method"].as_str() {
        Some("sampling/createMessage") => json!({
            "role": "assistant",
            "content": {"type": "text", "text": "Paris"},
            "model": "model-1",
            "stopReason": "endTurn",
        }),
        Some("roots/list") => json!({"roots": [{"uri": "file:///home/ada", "name": "home"}]}),
        Some("elicitation/create") if question["params"]["mode"] == "url" => {
            json!({"action": "accept"})
        }
        Some("elicitation/create") => json!({
            "action": "accept",
            "content": {
                "name": "Alice", "username": "ada", "email": "ada@example.org",
                "ok": true, "color": "blue", "context": "bees",
            },
        }),
        other => panic!("a question of no known kind: {other:?}"),
    }
}

/// Calls a tool of a server with a session, and answers what it asks until it has a result.
fn converse(peer: &mut Peer, tool: &str, arguments: Value) -> (Vec<Value>, Vec<Value>) {
    let mut came = peer.call(tool, arguments);
    let mut asked = Vec::new();
    while came.len() == 1 && came[0].get("method").is_some() {
        let question = came.remove(0);
        came = peer.respond(&question, answer(&question));
        asked.push(question);
    }
    (asked, came)
}

/// Sends a request of 2026-07-28 again with answers to everything it was asked.
fn retry(peer: &mut Peer, method: &str, mut params: Value, came: &[Value]) -> Vec<Value> {
    let asked = input_required(came);
    let answers = asked.iter().map(|(key, question)| (key.clone(), answer(question)));
    params["inputResponses"] = Value::Object(answers.collect());
    params["requestState"] = came[0]["result"]["requestState"].clone();
    peer.request(method, params)
}

/// What was asked, by key.
#[track_caller]
fn input_required(came: &[Value]) -> &serde_json::Map<String, Value> {
    let result = result(came);
    assert_eq!(result["resultType"], "input_required", "{result:#}");
    assert!(result["requestState"].is_string(), "{result:#}");
    result["inputRequests"].as_object().expect("questions")
}

fn call_params(tool: &str) -> Value {
    json!({"name": tool, "arguments": {}})
}

#[test]
fn a_question_is_a_request_of_the_session() {
    for (tool, arguments, method, expected) in [
        ("test_sampling", json!({"prompt": "?"}), "sampling/createMessage", "LLM response: Paris"),
        (
            "test_elicitation",
            json!({"message": "?"}),
            "elicitation/create",
            "ada <ada@example.org>",
        ),
        ("elicit_url", json!({}), "elicitation/create", "The person went there."),
        ("roots", json!({}), "roots/list", "file:///home/ada"),
        ("sample_with_tools", json!({}), "sampling/createMessage", "stop reason: endTurn"),
    ] {
        let mut peer = Peer::new(LEGACY);
        let (asked, came) = converse(&mut peer, tool, arguments);
        let methods: Vec<_> = asked.iter().map(|question| &question["method"]).collect();
        assert_eq!(methods, [method]);
        assert_eq!(text(&came), expected);
    }
}

#[test]
fn a_sampling_request_has_the_prompt_and_the_limit() {
    let (asked, _) = converse(&mut Peer::new(LEGACY), "test_sampling", json!({"prompt": "Hi"}));
    let params = &asked[0]["params"];
    assert_eq!(params["maxTokens"], 100);
    assert_eq!(params["messages"][0]["role"], "user");
    let said = params["messages"].to_string();
    assert!(said.contains(r#"{"text":"Hi","type":"text"}"#), "{said}");
}

#[test]
fn the_person_may_decline_and_cancel() {
    mcp_proto::spec!("ELI-10");
    for (action, expected) in
        [("decline", "The person declined."), ("cancel", "The person cancelled.")]
    {
        let mut peer = Peer::new(LEGACY);
        let question = peer.call("test_elicitation", json!({"message": "?"})).remove(0);
        assert_eq!(text(&peer.respond(&question, json!({"action": action}))), expected);
    }
}

#[test]
fn a_form_has_its_defaults() {
    let mut peer = Peer::new(LEGACY);
    let (asked, came) = converse(&mut peer, "test_elicitation_sep1034_defaults", json!({}));
    let properties = &asked[0]["params"]["requestedSchema"]["properties"];
    for (name, kind, default) in [
        ("name", "string", json!("John Doe")),
        ("age", "integer", json!(30)),
        ("score", "number", json!(95.5)),
        ("status", "string", json!("active")),
        ("verified", "boolean", json!(true)),
    ] {
        assert_eq!(properties[name]["type"], kind, "{name}");
        assert_eq!(properties[name]["default"], default, "{name}");
    }
    assert_eq!(properties["status"]["enum"], json!(["active", "inactive", "pending"]));
    assert!(text(&came).starts_with("accept: "));
}

#[test]
fn a_choice_has_the_shape_of_its_kind() {
    let mut peer = Peer::new(LEGACY);
    let (asked, _) = converse(&mut peer, "test_elicitation_sep1330_enums", json!({}));
    let properties = &asked[0]["params"]["requestedSchema"]["properties"];
    let plain = json!(["option1", "option2", "option3"]);
    let titled = json!([
        {"const": "value1", "title": "First"},
        {"const": "value2", "title": "Second"},
        {"const": "value3", "title": "Third"},
    ]);
    assert_eq!(properties["untitledSingle"], json!({"type": "string", "enum": plain}));
    assert_eq!(properties["titledSingle"], json!({"type": "string", "oneOf": titled}));
    assert_eq!(
        properties["legacyEnum"],
        json!({
            "type": "string",
            "enum": ["value1", "value2", "value3"],
            "enumNames": ["First", "Second", "Third"],
        })
    );
    let items = json!({"type": "string", "enum": plain});
    assert_eq!(properties["untitledMulti"], json!({"type": "array", "items": items}));
    assert_eq!(properties["titledMulti"], json!({"type": "array", "items": {"anyOf": titled}}));
}

#[test]
fn without_a_session_a_question_ends_the_call_and_a_retry_goes_on() {
    for (tool, method, expected) in [
        ("test_input_required_result_elicitation", "elicitation/create", "Hello, Alice!"),
        ("test_input_required_result_tampered_state", "elicitation/create", "Hello, Alice!"),
        ("test_input_required_result_sampling", "sampling/createMessage", "The model says: Paris"),
        ("test_input_required_result_list_roots", "roots/list", "1 roots: file:///home/ada"),
        ("test_input_required_result_request_state", "elicitation/create", "state-ok: number 1"),
        ("test_streaming_elicitation", "elicitation/create", "Answered."),
        ("elicit_url", "elicitation/create", "The person went there."),
        ("sample_with_tools", "sampling/createMessage", "stop reason: endTurn"),
    ] {
        let mut peer = Peer::new(MODERN);
        let came = peer.call(tool, json!({}));
        let methods: Vec<_> = input_required(&came).values().map(|q| &q["method"]).collect();
        assert_eq!(methods, [method], "{tool}");
        assert_eq!(text(&retry(&mut peer, "tools/call", call_params(tool), &came)), expected);
        assert!(peer.wire.state.drawn <= 1, "once is once");
    }
}

#[test]
fn several_questions_are_asked_at_once() {
    let mut peer = Peer::new(MODERN);
    let tool = "test_input_required_result_multiple_inputs";
    let came = peer.call(tool, json!({}));
    assert_eq!(input_required(&came).len(), 3);
    let came = retry(&mut peer, "tools/call", call_params(tool), &came);
    assert_eq!(text(&came), "Hello, Alice! Paris 1 roots: file:///home/ada");

    let (asked, came) = converse(&mut Peer::new(LEGACY), tool, json!({}));
    assert_eq!(asked.len(), 3);
    assert_eq!(text(&came), "Hello, Alice! Paris 1 roots: file:///home/ada");
}

#[test]
fn one_question_after_the_other_takes_a_round_each() {
    let mut peer = Peer::new(MODERN);
    let tool = "test_input_required_result_multi_round";
    let first = peer.call(tool, json!({}));
    let second = retry(&mut peer, "tools/call", call_params(tool), &first);
    assert_ne!(result(&first)["requestState"], result(&second)["requestState"]);
    let third = retry(&mut peer, "tools/call", call_params(tool), &second);
    assert_eq!(text(&third), "Alice likes blue best.");
}

#[test]
fn an_answer_under_another_key_is_no_answer() {
    let mut peer = Peer::new(MODERN);
    let tool = "test_input_required_result_elicitation";
    let first = peer.call(tool, json!({}));
    let mut params = call_params(tool);
    params["requestState"] = result(&first)["requestState"].clone();
    let given = json!({"action": "accept", "content": {"name": "Alice"}});
    params["inputResponses"] = json!({"wrong_key": given});
    assert!(input_required(&peer.request("tools/call", params.clone())).contains_key("user_name"));
    params["inputResponses"] = json!({"wrong_key": given, "user_name": given});
    assert_eq!(text(&peer.request("tools/call", params)), "Hello, Alice!");
}

#[test]
fn an_answer_that_nobody_asked_for_counts_only_where_any_answer_will_do() {
    let responses = json!({"user_name": {"action": "accept", "content": {"name": "Alice"}}});
    let mut peer = Peer::new(MODERN);
    let mut params = call_params("test_input_required_result_elicitation");
    params["inputResponses"] = responses.clone();
    assert_eq!(text(&peer.request("tools/call", params)), "Hello, Alice!");
    let mut params = call_params("test_streaming_elicitation");
    params["inputResponses"] = responses;
    input_required(&peer.request("tools/call", params));
}

#[test]
fn answers_of_another_type_are_refused() {
    let mut peer = Peer::new(MODERN);
    for bad in [json!({"user_name": 5}), json!(5)] {
        let mut params = call_params("test_input_required_result_elicitation");
        params["inputResponses"] = bad;
        assert_eq!(error(&peer.request("tools/call", params))["code"], code::INVALID_PARAMS);
    }
}

#[test]
fn a_state_that_was_changed_is_refused() {
    let mut peer = Peer::new(MODERN);
    let tool = "test_input_required_result_tampered_state";
    let came = peer.call(tool, json!({}));
    let state = result(&came)["requestState"].as_str().expect("a state").to_owned();
    let mut params = call_params(tool);
    params["inputResponses"] = json!({"user_name": answer(&input_required(&came)["user_name"])});
    params["requestState"] = json!(format!("{state}-TAMPERED"));
    assert_eq!(error(&peer.request("tools/call", params.clone()))["code"], code::INVALID_PARAMS);
    params["requestState"] = json!(state);
    params["name"] = json!("test_input_required_result_elicitation");
    assert_eq!(error(&peer.request("tools/call", params))["code"], code::INVALID_PARAMS);
}

#[test]
fn only_what_the_client_can_answer_is_asked() {
    let mut peer = Peer::with(MODERN, json!({"sampling": {}}));
    let came = peer.call("test_input_required_result_capabilities", json!({}));
    let methods: Vec<_> = input_required(&came).values().map(|q| &q["method"]).collect();
    assert_eq!(methods, ["sampling/createMessage"]);
}

#[test]
fn what_the_client_did_not_declare_is_named() {
    let mut peer = Peer::with(MODERN, json!({}));
    let came = peer.call("test_missing_capability", json!({}));
    let missing = error(&came);
    assert_eq!(missing["code"], code::MISSING_CLIENT_CAPABILITY);
    assert_eq!(missing["data"]["requiredCapabilities"], json!({"sampling": {}}));
    let came = peer.call("elicit_url", json!({}));
    let required = &error(&came)["data"]["requiredCapabilities"];
    assert_eq!(*required, json!({"elicitation": {"url": {}}}));
}

#[test]
fn a_prompt_may_ask_too() {
    let params = json!({"name": "test_input_required_result_prompt"});
    let mut peer = Peer::new(MODERN);
    let came = peer.request("prompts/get", params.clone());
    let came = retry(&mut peer, "prompts/get", params.clone(), &came);
    let said = |came: &[Value]| result(came)["messages"][0]["content"]["text"].clone();
    assert_eq!(said(&came), "Please write about bees.");

    let mut peer = Peer::new(LEGACY);
    let question = peer.request("prompts/get", params).remove(0);
    let came = peer.respond(&question, answer(&question));
    assert_eq!(said(&came), "Please write about bees.");
}

#[test]
fn a_client_that_answers_with_an_error_is_told_about_it() {
    let mut peer = Peer::new(LEGACY);
    let question = peer.call("test_sampling", json!({"prompt": "?"})).remove(0);
    let refusal = json!({"code": -1, "message": "User rejected sampling request"});
    let came = peer.send(&json!({"jsonrpc": "2.0", "id": question["id"], "error": refusal}));
    assert!(failure(&came).contains("User rejected"));
}
