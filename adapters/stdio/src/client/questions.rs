//! Questions of the server, each answered on a thread of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use mcp_proto::{
    ErrorObject,
    client::QuestionId,
    schema::{Answer, Question},
    wire::Json,
};

use super::shared::{Command, Shared};

/// What answers the questions of a server.
pub type Answerer = Arc<dyn Fn(&Question) -> Answer + Send + Sync>;

/// How many questions are answered at once. A server that withdraws its questions cannot have
/// more threads than these: their answers are still being given.
const ANSWERING_MAX: usize = 64;

/// Who answers, and how many answers are being given.
pub(super) struct Questions {
    answerer: Option<Answerer>,
    answering: Arc<AtomicUsize>,
}

impl Questions {
    pub(super) fn new(answerer: Option<Answerer>) -> Self {
        Self { answerer, answering: Arc::default() }
    }

    /// Lets a question be answered; returns the answer where it needs no thread.
    pub(super) fn ask(
        &self,
        shared: &Arc<Shared>,
        question: QuestionId,
        ask: Question,
    ) -> Option<Answer> {
        let Some(answerer) = self.answerer.clone() else { return Some(unattended(&ask)) };
        let Some(place) = Place::take(&self.answering) else { return Some(busy()) };
        let shared = shared.clone();
        let answer = move || {
            let _place = place;
            // The panic hook has reported it; the server is not left waiting.
            let answer = catch_unwind(AssertUnwindSafe(|| answerer(&ask)))
                .unwrap_or_else(|_| Answer::Refused(ErrorObject::internal()));
            shared.command(Command::Answer { question, answer });
        };
        match thread::Builder::new().name("mcp-answer".into()).spawn(answer) {
            Ok(_) => None,
            Err(_) => Some(busy()),
        }
    }
}

/// The answer where nobody is there to ask: an elicitation is declined, anything else refused.
pub fn unattended(question: &Question) -> Answer {
    let declined = match question {
        Question::Elicit(_) | Question::ElicitUrl { .. } => {
            Json::parse_text(r#"{"action":"decline"}"#).ok()
        }
        _ => None,
    };
    declined.map_or_else(
        || Answer::Refused(ErrorObject::new(-1, "Nobody is there to answer")),
        Answer::Given,
    )
}

fn busy() -> Answer {
    Answer::Refused(ErrorObject::new(-1, "Too many questions at once"))
}

/// One of the places for answers that are being given.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(answering: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(answering.clone());
        (answering.fetch_add(1, Ordering::Relaxed) < ANSWERING_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
