//! The steps of a leg: what the program does with the client, the lines that this takes, and what
//! comes of it.

use mcp_proto::{
    client::{CallOptions, Listening},
    schema::Level,
    version::Elicitation,
    wire::Json,
};
use mcp_stdio::client::{Error, ToolOutcome};
use serde_json::{Value, json};

use crate::{
    leg::Leg,
    transcript::Failure,
    visit::{Visit, agreed, said},
};

type Step = Result<(), Failure>;

const WATCHED: &str = "test://watched-resource";

/// A request of the client's, and its answer.
const CALL: [&str; 2] = ["→ tools/call", "← result"];

/// What has crossed the pipes by the time that both agree.
pub(crate) fn connected(visit: &mut Visit<'_>, leg: &Leg) -> Step {
    let rules = visit.rules();
    if leg.older {
        visit.wire(&["→ server/discover", "← error"])?;
    }
    if rules.handshake {
        visit.wire(&["→ initialize", "← result", "→ notifications/initialized"])?;
    } else {
        visit.wire(&["→ server/discover", "← result"])?;
    }
    let agreed = agreed(&visit.client);
    visit.gets(&format!("everything speaks {}", leg.version), &agreed)
}

/// All steps between the first and the last.
pub(crate) fn everything(visit: &mut Visit<'_>) -> Step {
    lists(visit)?;
    call(visit)?;
    progress(visit)?;
    logs(visit)?;
    contents(visit)?;
    person(visit)?;
    model(visit)?;
    changes(visit)?;
    cancellation(visit)?;
    errors(visit)
}

fn lists(visit: &mut Visit<'_>) -> Step {
    visit.step("It asks what there is; lists of several pages are walked.");
    let client = &visit.client;
    let lists = [
        (client.list_tools(), "name", "echo"),
        (client.list_prompts(), "name", "test_simple_prompt"),
        (client.list_resources(), "uri", WATCHED),
        (client.list_resource_templates(), "name", "template"),
    ];
    let mut found = Vec::new();
    for (list, key, known) in lists {
        let entries = list.map_err(|error| Failure::new("a list", error.to_string()))?;
        let entries = entries.iter().filter_map(|entry| entry.parse::<Value>().ok());
        found.push(if entries.into_iter().any(|entry| entry[key] == known) { known } else { "-" });
    }
    for method in ["tools", "prompts", "resources", "resources/templates"] {
        visit.wire(&[&format!("→ {method}/list"), "← result"])?;
    }
    let expected = "among others: echo, test_simple_prompt, test://watched-resource, template";
    visit.gets(expected, &format!("among others: {}", found.join(", ")))
}

/// The plainest call.
pub(crate) fn call(visit: &mut Visit<'_>) -> Step {
    visit.step("It calls a tool.");
    let said = visit.call("echo", &json!({"message": "Hello!"}));
    visit.wire(&CALL)?;
    visit.gets("Hello!", &said)
}

fn progress(visit: &mut Visit<'_>) -> Step {
    visit.step("It calls one that takes a while, and hears how far it is.");
    let options = CallOptions { progress: true, ..CallOptions::default() };
    let mut heard = Vec::new();
    let outcome = visit
        .client
        .begin_tool("test_tool_with_progress", &json!({}), options)
        .and_then(|call| call.wait_with(|report| heard.push(report.progress)));
    const TOLD: &str = "← notifications/progress";
    visit.wire(&["→ tools/call", TOLD, TOLD, TOLD, "← result"])?;
    visit.gets("progress: [0.0, 50.0, 100.0]", &format!("progress: {heard:?}"))?;
    visit.gets("Told three times.", &said(outcome.map(ToolOutcome)))
}

fn logs(visit: &mut Visit<'_>) -> Step {
    let session = visit.rules().handshake;
    visit.step(if session {
        "It wants to read the log, and says so once, for the whole session."
    } else {
        "It wants to read the log, and each request says so."
    });
    let level = visit.client.set_level(Level::Info);
    let said = visit.call("test_tool_with_logging", &json!({}));
    if session {
        visit.wire(&["→ logging/setLevel", "← result"])?;
    }
    const LOG: &str = "← notifications/message";
    visit.wire(&["→ tools/call", LOG, LOG, LOG, "← result"])?;
    level.map_err(|error| Failure::new("a level that is set", error.to_string()))?;
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        visit.hears(&format!("a log message, info: \"{message}\""))?;
    }
    visit.gets("Logged three times.", &said)
}

fn contents(visit: &mut Visit<'_>) -> Step {
    visit.step("It reads a resource, gets a prompt, and lets an argument be completed.");
    let member = |result: Result<Json, Error>, at: &str| match result {
        Ok(result) => result.parse::<Value>().unwrap_or_default().pointer(at).map_or_else(
            || format!("no {at}"),
            |value| value.as_str().map_or_else(|| value.to_string(), Into::into),
        ),
        Err(error) => error.to_string(),
    };
    let read = visit.client.read_resource("test://static-text");
    let arguments = json!({"arg1": "one", "arg2": "two"});
    let prompt = visit.client.get_prompt("test_prompt_with_arguments", &arguments);
    let reference = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
    let completed = visit.client.complete(&reference, "arg1", "test");
    for method in ["resources/read", "prompts/get", "completion/complete"] {
        visit.wire(&[&format!("→ {method}"), "← result"])?;
    }
    let text = member(read, "/contents/0/text");
    visit.gets("This is the content of the static text resource.", &text)?;
    let text = member(prompt, "/messages/0/content/text");
    visit.gets("arg1 is 'one', arg2 is 'two'", &text)?;
    visit.gets(r#"["testValue1","testValue2"]"#, &member(completed, "/completion/values"))
}

/// A question, as the revision has it: a request of the server's, or a result and a second call.
fn question(visit: &mut Visit<'_>, method: &str, words: &str) -> Step {
    let words = format!("? {words}");
    if visit.rules().server_requests {
        visit.wire(&["→ tools/call", &format!("← {method}"), &words, "→ result", "← result"])
    } else {
        visit.wire(&["→ tools/call", "← input_required", &words, "→ tools/call", "← result"])
    }
}

fn person(visit: &mut Visit<'_>) -> Step {
    let arguments = json!({"message": "Who are you?"});
    if visit.rules().elicitation < Elicitation::Forms {
        visit.step(
            "A tool wants to ask the person, which this revision cannot: the call is refused.",
        );
        let said = visit.call("test_elicitation", &arguments);
        visit.wire(&["→ tools/call", "← error"])?;
        let refused = "the server refused: The request needs a client capability that was not \
                       declared (-32021)";
        return visit.gets(refused, &said);
    }
    visit.step(if visit.rules().server_requests {
        "A tool asks the person: the server sends a request, the program answers."
    } else {
        "A tool asks the person: the call ends with the question, and is made again with the \
         answer and a sealed state. The server has kept nothing."
    });
    let said = visit.call("test_elicitation", &arguments);
    question(visit, "elicitation/create", "Who are you?")?;
    visit.gets("ada <ada@example.org>", &said)
}

fn model(visit: &mut Visit<'_>) -> Step {
    visit.step("Tools ask the model, and for the folders that are open.");
    let said = visit.call("test_sampling", &json!({"prompt": "What is the capital?"}));
    let asked = "What would the model say to: What is the capital?";
    question(visit, "sampling/createMessage", asked)?;
    visit.gets("LLM response: Paris.", &said)?;
    let said = visit.call("roots", &json!({}));
    question(visit, "roots/list", "Which folders may the server look at?")?;
    visit.gets("file:///project", &said)
}

fn changes(visit: &mut Visit<'_>) -> Step {
    let session = visit.rules().handshake;
    visit.step(if session {
        "It subscribes to a resource, and is told when it changes; of lists everybody is told."
    } else {
        "It listens: one request says to what, and stays open. It is told of that alone."
    });
    let wish = Listening { tools: true, uris: vec![WATCHED.into()], ..Listening::default() };
    let listen = visit.client.listen(wish);
    visit.wire(&if session {
        ["→ resources/subscribe", "← result"]
    } else {
        ["→ subscriptions/listen", "← notifications/subscriptions/acknowledged"]
    })?;
    visit.hears(&format!("listening to the list of tools: true, to [{WATCHED:?}]"))?;
    let said = visit.call("update_resource", &json!({"uri": WATCHED}));
    visit.wire(&["→ tools/call", "← notifications/resources/updated", "← result"])?;
    visit.hears(&format!("a resource has changed: {WATCHED}"))?;
    visit.gets(&format!("Whoever subscribed to {WATCHED} has been told."), &said)?;
    let said = visit.call("add_tool", &json!({"name": "added_hello"}));
    visit.wire(&["→ tools/call", "← result", "← notifications/tools/list_changed"])?;
    visit.hears("a list has changed: Tools")?;
    visit.gets("added_hello is offered now.", &said)?;

    visit.step("It no longer listens, and is no longer told.");
    listen.cancel(None);
    visit.wire(if session {
        &["→ resources/unsubscribe", "← result"]
    } else {
        &["→ notifications/cancelled"]
    })?;
    visit.gets("cancelled", &said_of(&listen.wait()))?;
    let said = visit.call("update_resource", &json!({"uri": WATCHED}));
    visit.wire(&CALL)?;
    visit.gets(&format!("Whoever subscribed to {WATCHED} has been told."), &said)
}

fn said_of(outcome: &Result<Json, Error>) -> String {
    match outcome {
        Ok(result) => result.as_str().into(),
        Err(error) => error.to_string(),
    }
}

fn cancellation(visit: &mut Visit<'_>) -> Step {
    visit.step("It gives up a call that takes ten minutes; the next one is served at once.");
    let options = CallOptions { progress: true, ..CallOptions::default() };
    let arguments = json!({"milliseconds": 600_000});
    let outcome = visit.client.begin_tool("slow", &arguments, options).and_then(|call| {
        // Its first report says that it runs.
        call.wait_with(|_| call.cancel(Some("changed my mind")))
    });
    let next = visit.call("echo", &json!({"message": "still here"}));
    let given_up = ["→ tools/call", "← notifications/progress", "→ notifications/cancelled"];
    visit.wire(&given_up)?;
    visit.gets("cancelled", &said_of(&outcome))?;
    visit.wire(&CALL)?;
    visit.gets("still here", &next)
}

fn errors(visit: &mut Visit<'_>) -> Step {
    visit.step("What goes wrong is answered: a tool that fails, one that is not there, a bug.");
    let failed = visit.call("test_error_handling", &json!({}));
    visit.wire(&CALL)?;
    visit.gets("the tool failed: This tool intentionally returns an error for testing", &failed)?;
    let unknown = visit.call("no_such_tool", &json!({}));
    visit.wire(&["→ tools/call", "← error"])?;
    visit.gets("the server refused: Unknown tool: no_such_tool (-32602)", &unknown)?;
    let panicked = visit.call("boom", &json!({}));
    visit.wire(&["→ tools/call", "← error"])?;
    visit.gets("the server refused: Internal error (-32603)", &panicked)?;

    visit.step("The next call works.");
    let said = visit.call("echo", &json!({"message": "still here"}));
    visit.wire(&CALL)?;
    visit.gets("still here", &said)
}
