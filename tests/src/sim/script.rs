//! The tool whose arguments are its behaviour.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use mcp_proto::{
    ErrorObject, Instant, Router,
    router::{CallContext, Stop},
    schema::{
        Content, Elicited, Field, Form, Level, Prompt, PromptResult, Resource, ResourceContents,
        ResourceTemplate, Sampling, Tool,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::model::{Kind, Step};

/// What the tool and the prompt are called.
const NAME: &str = "script";

/// The arguments of the tool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Play {
    /// Names the call in everything that is said about it.
    pub(super) tag: String,
    /// What it does.
    pub(super) steps: Vec<Step>,
}

/// What a log message or a notification of the tool says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) tag: String,
    pub(super) place: usize,
    /// To make it long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) filling: String,
}

/// What all tools of the world share.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    now: Rc<Cell<Instant>>,
    /// When somebody who waits goes on.
    wakes: Rc<RefCell<BTreeSet<Instant>>>,
    /// The calls that any handler has seen.
    pub(super) started: Rc<RefCell<BTreeSet<String>>>,
    /// How often each value was made, by call and key.
    pub(super) made: Rc<RefCell<BTreeMap<(String, String), u32>>>,
}

impl Stage {
    pub(super) fn now(&self) -> Instant {
        self.now.get()
    }

    pub(super) fn set_now(&self, now: Instant) {
        self.now.set(now);
        self.wakes.borrow_mut().retain(|wake| *wake > now);
    }

    /// When a tool that waits goes on.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.wakes.borrow().first().copied()
    }

    fn wait(&self, span: Duration) -> Wait<'_> {
        Wait { stage: self, until: self.now() + span }
    }
}

struct Wait<'a> {
    stage: &'a Stage,
    until: Instant,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.stage.now() >= self.until {
            return Poll::Ready(());
        }
        self.stage.wakes.borrow_mut().insert(self.until);
        Poll::Pending
    }
}

/// A handler that is under way.
pub(super) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Polls a task; says whether it is done.
pub(super) fn advance(task: &mut Task) -> bool {
    task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

impl Play {
    /// What is asked for to have it done, and the parameters.
    pub(super) fn request(&self, kind: Kind) -> (&'static str, serde_json::Value) {
        match kind {
            Kind::Tool => ("tools/call", json!({"name": NAME, "arguments": self})),
            Kind::Prompt => {
                let arguments = json!({"play": json!(self).to_string()});
                ("prompts/get", json!({"name": NAME, "arguments": arguments}))
            }
            Kind::Resource => {
                let digits = |byte: u8| format!("{byte:02x}");
                let play: String = json!(self).to_string().bytes().map(digits).collect();
                ("resources/read", json!({"uri": format!("sim:script/{play}")}))
            }
        }
    }

    fn of_digits(digits: &str) -> Option<Self> {
        let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
        serde_json::from_slice(&bytes?).ok()
    }
}

/// What a server has: the tool and its likes, and resources to watch. `inline`: the tool answers
/// when it returns, and does not wait; otherwise its tasks are put into `tasks`.
pub(super) fn router(stage: &Stage, inline: bool, tasks: &Rc<RefCell<Vec<Task>>>) -> Router<()> {
    let mut router = Router::new();
    let (stage, tasks) = (stage.clone(), tasks.clone());
    if inline {
        let stage = stage.clone();
        router.tool(Tool::new(NAME), move |cx, play: Play| at_once(cx, &play, &stage));
    } else {
        let of_tool = stage.clone();
        router.tool_later(Tool::new(NAME), move |(), ticket, play: Play| {
            let stage = of_tool.clone();
            tasks.borrow_mut().push(Box::pin(
                ticket.run_async(async move |cx| perform(cx, &play, &stage, false).await),
            ));
        });
    }
    let of_prompt = stage.clone();
    router.prompt(Prompt::new(NAME).required_argument("play", "what it does"), move |cx, given| {
        let play = given.get("play").and_then(|play| serde_json::from_str(play).ok());
        let play: Play = play.ok_or_else(|| Stop::Invalid("no play".into()))?;
        let text = at_once(cx, &play, &of_prompt)?;
        Ok(PromptResult::new().user(Content::text(text)))
    });
    let template = ResourceTemplate::new("sim:script/{play}", NAME).expect("a template");
    router.resource_template(template, move |cx, variables| {
        let play =
            variables.get("play").and_then(|play| Play::of_digits(play)).ok_or(Stop::NotFound)?;
        let text = at_once(cx, &play, &stage)?;
        Ok(vec![ResourceContents::text("sim:script", text)])
    });
    for uri in super::plan::URIS {
        let resource = Resource::new(uri, uri).expect("a URI");
        router.resource(resource, move |_| Ok(vec![ResourceContents::text(uri, "text")]));
    }
    router
}

/// Performs without waiting.
fn at_once(cx: &mut CallContext<'_>, play: &Play, stage: &Stage) -> Result<String, Stop> {
    let mut run = pin!(perform(cx, play, stage, true));
    match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Stop::Failed("it waits".into())),
    }
}

async fn perform(
    cx: &mut CallContext<'_>,
    play: &Play,
    stage: &Stage,
    inline: bool,
) -> Result<String, Stop> {
    let tag = &play.tag;
    stage.started.borrow_mut().insert(tag.clone());
    let mut text = String::new();
    for (place, step) in play.steps.iter().enumerate() {
        let said = |filling| Said { tag: tag.clone(), place, filling };
        match step {
            Step::Log(level) => cx.log(level_of(*level), said(String::new())),
            Step::Progress(value) => cx.progress(f64::from(*value), None),
            Step::Note(bytes) => cx.notify("sim/note", said("x".repeat(*bytes as usize))),
            Step::Sleep(_) if inline => {}
            Step::Sleep(millis) => stage.wait(Duration::from_millis((*millis).into())).await,
            Step::Park => cx.park(Duration::from_millis(700)),
            Step::Once(key) => {
                cx.once(key, || {
                    *stage.made.borrow_mut().entry((tag.clone(), key.clone())).or_default() += 1;
                });
                text += &format!("{key}!");
            }
            Step::Ask(key) => text += &format!("{key}={};", ask(cx, tag, key)?),
            Step::Sample(key) => text += &format!("{key}={};", sample(cx, tag, key)?),
            Step::Fail(text) => return Err(Stop::Failed(text.clone())),
            Step::Refuse(code) => return Err(ErrorObject::new(*code, "refused").into()),
        }
    }
    Ok(text)
}

fn ask(cx: &mut CallContext<'_>, tag: &str, key: &str) -> Result<String, Stop> {
    #[derive(Deserialize)]
    struct Content {
        value: u32,
    }
    let form = Form::new(format!("{tag} {key}")).field("value", Field::integer().required());
    Ok(match cx.elicit(key, form)? {
        Elicited::Accepted(Content { value }) => value.to_string(),
        Elicited::Declined => "declined".into(),
        Elicited::Cancelled => "dismissed".into(),
    })
}

fn sample(cx: &mut CallContext<'_>, tag: &str, key: &str) -> Result<String, Stop> {
    Ok(cx.sample(key, Sampling::new(format!("{tag} {key}"), 10))?.text())
}

/// The log level of a number from 0.
pub(super) fn level_of(number: u8) -> Level {
    Level::ALL[usize::from(number) % Level::ALL.len()]
}
