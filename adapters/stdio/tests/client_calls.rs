//! What an application does with a client, against servers that are as they should be.

#![cfg(unix)]

mod common;

use std::{
    os::unix::net::UnixStream,
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use common::{DEADLINE, Half};
use mcp_proto::{
    Router, Version,
    client::{CallOptions, ClientConfig, ClientEvent, Delivery, Era, Listening},
    code,
    schema::{
        Answer, ClientCapabilities, ElicitationCapability, Field, Form, Implementation, Level,
        Question, Tool,
    },
    wire::Json,
};
use mcp_stdio::{
    Client, Pool, Server, ThreadedTools,
    client::{Connector, Error},
};
use serde_json::{Value, json};

const ERAS: [Era; 2] = [Era::Legacy, Era::Pinned(Version::V2026_07_28)];

fn config(era: Era) -> ClientConfig {
    let form = ElicitationCapability { form: true, url: false };
    let capabilities =
        ClientCapabilities { elicitation: Some(form), ..ClientCapabilities::default() };
    let mut config = ClientConfig::new(Implementation::new("test", "1"), capabilities);
    config.era = era;
    config.timeouts.idle = Some(DEADLINE);
    config
}

/// The tool `wait`: it says that it was called, and returns what the test says.
struct Gate {
    called: Receiver<()>,
    open: Sender<String>,
}

impl Gate {
    fn wait_until_called(&self) {
        self.called.recv_timeout(DEADLINE).expect("the tool is called");
    }
}

fn router(called: Sender<()>, opened: Receiver<String>) -> Router<()> {
    let mut router = Router::new();
    router.page_size(50);
    router.tool(Tool::new("echo"), |_, arguments: Value| {
        Ok(arguments["text"].as_str().unwrap_or_default().to_owned())
    });
    router.tool(Tool::new("steps"), |cx, _: Value| {
        for step in 1..=3 {
            cx.progress(f64::from(step), 3.0);
        }
        cx.log(Level::Warning, "nearly there");
        Ok("done")
    });
    router.tool(Tool::new("ask"), |cx, _: Value| {
        let form = Form::new("Your name?").field("name", Field::string().required());
        Ok(format!("{:?}", cx.elicit::<Value>("name", form)?))
    });
    let opened = Mutex::new(opened);
    router.tool_thread(&Pool::new(1), Tool::new("wait"), move |_, _: Value| {
        let _ = called.send(());
        Ok(opened.lock().unwrap().recv().unwrap_or_default())
    });
    for name in 0..150 {
        router.tool(Tool::new(format!("many_{name}")), |_, _: Value| Ok("one of many"));
    }
    router
}

/// Connects to a server in this process.
fn connect(era: Era, set_up: impl FnOnce(Connector) -> Connector) -> (Client, Gate) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (call, called) = channel();
    let (open, opened) = channel();
    thread::spawn(move || {
        let input = theirs.try_clone().unwrap();
        Server::new("test", "1", router(call, opened), ()).serve_fds(input, theirs)
    });
    let output = Half(ours.try_clone().unwrap());
    let connector = set_up(Connector::new(config(era)));
    (connector.connect(ours, output).unwrap(), Gate { called, open })
}

fn echo(client: &Client, text: &str) -> String {
    client.call_tool("echo", &json!({"text": text})).unwrap().text()
}

#[test]
fn a_tool_is_called_and_one_that_is_not_there_is_refused() {
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| connector);
        assert_eq!(client.agreement().server.as_ref().unwrap().name, "test");
        let outcome = client.call_tool("echo", &json!({"text": "hello"})).unwrap();
        assert_eq!((outcome.text().as_str(), outcome.is_error()), ("hello", false));
        let error = client.call_tool("nothing", &json!({})).unwrap_err();
        assert!(matches!(error, Error::Refused(error) if error.code == code::INVALID_PARAMS));
        client.ping().unwrap();
        client.notify("notifications/of_our_own", &json!({})).unwrap();
        assert_eq!(echo(&client, "still there"), "still there");
    }
}

#[test]
fn a_list_is_walked_to_its_end() {
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| connector);
        let tools = client.list_tools().unwrap();
        assert_eq!(tools.len(), 154);
        assert!(tools.iter().any(|tool| tool.as_str().contains("many_149")));
    }
}

#[test]
fn progress_goes_to_its_call_and_logs_are_events() {
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| connector);
        client.set_level(Level::Info).unwrap();
        let options = CallOptions { progress: true, ..CallOptions::default() };
        let call = client.begin_tool("steps", &json!({}), options).unwrap();
        let mut heard = Vec::new();
        call.wait_with(|report| heard.push((report.progress, report.total))).unwrap();
        assert_eq!(heard, [1.0, 2.0, 3.0].map(|step| (step, Some(3.0))));
        let event = client.events().next_within(DEADLINE);
        let Some(ClientEvent::Log { call: about, level, data, .. }) = event else {
            panic!("no log: {event:?}")
        };
        assert_eq!((level, data.as_str()), (Level::Warning, r#""nearly there""#));
        assert!(about.is_none() || about == call.id());
    }
}

#[test]
fn a_question_nobody_answers_is_declined() {
    mcp_proto::spec!("SAM-16");
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| connector);
        assert_eq!(client.call_tool("ask", &json!({})).unwrap().text(), "Declined");
    }
}

#[test]
fn a_person_who_thinks_holds_up_nothing_else() {
    for era in ERAS {
        let (asked, is_asked) = channel();
        let (say, said) = channel::<&str>();
        let said = Mutex::new(said);
        let (client, _gate) = connect(era, |connector| {
            connector.on_question(move |question| {
                assert!(matches!(question, Question::Elicit(_)));
                asked.send(()).unwrap();
                let name = said.lock().unwrap().recv().unwrap();
                let answer = json!({"action": "accept", "content": {"name": name}});
                Answer::Given(Json::of(&answer).unwrap())
            })
        });
        let call = client.begin_tool("ask", &json!({}), CallOptions::default()).unwrap();
        is_asked.recv_timeout(DEADLINE).unwrap();
        assert_eq!(echo(&client, "meanwhile"), "meanwhile");
        say.send("Ada").unwrap();
        assert!(call.wait().unwrap().as_str().contains("Ada"));
    }
}

#[test]
fn an_answerer_that_panics_leaves_nobody_waiting() {
    for era in ERAS {
        let (client, _gate) =
            connect(era, |connector| connector.on_question(|_| panic!("a bug of the application")));
        match client.call_tool("ask", &json!({})) {
            Ok(outcome) => assert!(outcome.is_error()),
            Err(error) => {
                assert!(matches!(error, Error::Refused(_) | Error::QuestionRefused), "{error:?}");
            }
        }
        assert_eq!(echo(&client, "still there"), "still there");
    }
}

#[test]
fn an_answer_that_does_not_fit_its_form_is_not_sent() {
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| {
            connector.on_question(|question| {
                let answer = json!({"action": "accept", "content": {"name": 5}});
                let answer = Json::of(&answer).unwrap();
                assert!(question.check(&answer).is_err());
                Answer::Given(answer)
            })
        });
        match client.call_tool("ask", &json!({})) {
            Ok(outcome) => assert!(outcome.is_error(), "{outcome:?}"),
            Err(Error::Refused(error)) => assert!(!error.message.contains("name"), "{error:?}"),
            Err(error) => assert!(matches!(error, Error::QuestionRefused), "{error:?}"),
        }
        assert_eq!(echo(&client, "still there"), "still there");
    }
}

#[test]
fn a_call_is_cancelled_from_another_thread() {
    for era in ERAS {
        let (client, gate) = connect(era, |connector| connector);
        let call = client.begin_tool("wait", &json!({}), CallOptions::default()).unwrap();
        gate.wait_until_called();
        let other = call.clone();
        thread::spawn(move || other.cancel(Some("enough")));
        assert!(matches!(call.wait(), Err(Error::Cancelled)));
        gate.open.send("late".into()).unwrap();
        // The outcome stays what it was.
        call.cancel(None);
        assert_eq!(echo(&client, "still there"), "still there");
        assert!(matches!(call.wait(), Err(Error::Cancelled)));
    }
}

#[test]
fn threads_that_call_at_once_each_get_their_own_answers() {
    mcp_proto::spec!("STD-16");
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| connector);
        thread::scope(|scope| {
            for thread in 0..8 {
                let client = client.clone();
                scope.spawn(move || {
                    for n in 0..50 {
                        let text = format!("{thread} {n}");
                        assert_eq!(echo(&client, &text), text);
                    }
                });
            }
        });
    }
}

#[test]
fn a_subscription_says_what_is_granted_and_ends_when_it_is_cancelled() {
    for era in ERAS {
        let (client, _gate) = connect(era, |connector| connector);
        let listen = client.listen(Listening { tools: true, ..Listening::default() });
        let event = client.events().next_within(DEADLINE);
        let Some(ClientEvent::Listening { call, .. }) = event else { panic!("{event:?}") };
        assert_eq!(Some(call), listen.id());
        listen.cancel(None);
        assert!(matches!(listen.wait(), Err(Error::Cancelled)));
    }
}

#[test]
fn closing_ends_what_waits_and_what_comes_later() {
    for era in ERAS {
        let (client, gate) = connect(era, |connector| connector);
        let call = client.begin_tool("wait", &json!({}), CallOptions::default()).unwrap();
        gate.wait_until_called();
        let end = client.close();
        assert!(end.status.is_none() && end.error.is_none());
        let lost = |error, expected| match error {
            Err(Error::Lost { delivery, .. }) => assert_eq!(delivery, expected),
            other => panic!("not lost: {other:?}"),
        };
        lost(call.wait(), Delivery::OutcomeUnknown);
        lost(client.call("ping", &json!({}), CallOptions::default()), Delivery::NotSent);
        lost(client.listen(Listening::default()).wait(), Delivery::NotSent);
        assert_eq!(client.events().count(), 0);
        client.close();
    }
}

#[test]
fn parameters_that_are_no_json_are_the_callers_fault() {
    let (client, _gate) = connect(Era::Legacy, |connector| connector);
    let numbers_as_keys = std::collections::BTreeMap::from([(vec![1], 2)]);
    let error = client.call_tool("echo", &numbers_as_keys).unwrap_err();
    assert!(matches!(error, Error::Arguments(_)), "{error:?}");
}

#[test]
fn a_client_may_be_used_by_any_thread() {
    fn assert_shared<T: Send + Sync + Clone + 'static>() {}
    assert_shared::<Client>();
    assert_shared::<mcp_stdio::client::Call>();
    assert_shared::<Error>();
}
