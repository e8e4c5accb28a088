//! Asking the client: what may be asked, whether it is answered already, and how it is sent.

use alloc::{format, vec, vec::Vec};
use core::fmt::Display;

use super::{CallContext, Stop};
use crate::{
    error::{ErrorObject, excerpt},
    server::{Answer, Command, Key, Memo, Method, Question, Reply, undeclared},
    wire::Json,
};

/// What this run of a handler has asked without an answer.
pub(super) enum Asking {
    Nothing,
    /// To be sent when the handler has returned, whatever it returns then.
    Collected(Vec<(Key, Question)>),
    /// Sent already, through a port that did not wait for the answer.
    Sent,
}

impl Asking {
    pub(super) fn is_asking(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

impl CallContext<'_> {
    /// Asks several questions at once and returns the answers in the same order.
    ///
    /// Keys are unique within a handler. Nothing is sent unless all of it may be asked.
    pub fn ask_all(&mut self, questions: Vec<(Key, Question)>) -> Result<Vec<Answer>, Stop> {
        self.may_ask_here()?;
        for (at, (key, question)) in questions.iter().enumerate() {
            self.may_ask(question)?;
            if questions[..at].iter().any(|(earlier, _)| earlier == key) {
                return Err(same_key(key));
            }
        }
        let answers = &self.call.memo.answers;
        let open = questions.iter().filter(|(key, question)| answers.to(key, question).is_none());
        let open: Vec<_> = open.cloned().collect();
        if !open.is_empty() {
            self.put(open)?;
        }
        let answers = &self.call.memo.answers;
        let answers =
            questions.into_iter().map(|(key, question)| answers.to(&key, &question).cloned());
        let unanswered = || Stop::Failed("The client did not answer.".into());
        answers.collect::<Option<_>>().ok_or_else(unanswered)
    }

    /// Asks one question.
    pub(super) fn ask(&mut self, key: &str, question: Question) -> Result<Answer, Stop> {
        let answers = self.ask_all(vec![(key.into(), question)])?;
        answers.into_iter().next().ok_or(Stop::Asked)
    }

    /// Asks at the end of the run, even if there are answers to the same questions: they are
    /// outdated.
    pub(super) fn ask_again(&mut self, questions: Vec<(Key, Question)>) -> Stop {
        match self.may_ask_here().and_then(|()| self.collect(questions)) {
            Ok(()) => Stop::Asked,
            Err(stop) => stop,
        }
    }

    /// What the next round is to know.
    pub(super) fn next_memo(&self) -> Memo {
        let mut memo = self.call.memo.clone();
        memo.values.extend(self.remembered.clone());
        memo.emitted = memo.emitted.max(self.emitted);
        memo
    }

    /// How a call ends whose client answered what does not fit the question.
    ///
    /// In 2026-07-28 the answer is part of the request, which is then malformed.
    pub(super) fn misfit(&self, key: &str, why: &dyn Display) -> Stop {
        let text = format!("The answer to {key:?} does not fit: {why}");
        if self.call.terms.version.rules().server_requests {
            Stop::Failed(text)
        } else {
            Stop::Error(ErrorObject::invalid_params(text))
        }
    }

    /// Checks that the client declared what `question` needs, in a revision that has it.
    pub(super) fn may_ask(&self, question: &Question) -> Result<(), Stop> {
        let terms = &self.call.terms;
        match question {
            Question::Other { method, .. } if !terms.version.rules().server_requests => {
                Err(Stop::Failed(format!("{method} cannot be asked in {}", terms.version)))
            }
            _ => {
                undeclared(terms, question).map_or(Ok(()), |missing| Err(Stop::Undeclared(missing)))
            }
        }
    }

    /// In 2026-07-28 three methods alone may be answered with a question.
    fn may_ask_here(&self) -> Result<(), Stop> {
        let resumes = matches!(
            self.call.method,
            Method::ToolsCall { .. } | Method::PromptsGet { .. } | Method::ResourcesRead { .. }
        );
        let version = self.call.terms.version;
        if resumes || version.rules().server_requests {
            Ok(())
        } else {
            Err(Stop::Failed(format!("this method cannot ask the client in {version}")))
        }
    }

    /// Gets answers, if the revision and the port allow that; keeps the questions for the end of
    /// the run otherwise.
    fn put(&mut self, questions: Vec<(Key, Question)>) -> Result<(), Stop> {
        if self.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if !self.asking.is_asking() && self.call.terms.version.rules().server_requests {
            return self.send_and_wait(questions);
        }
        self.collect(questions)?;
        Err(Stop::Asked)
    }

    fn collect(&mut self, questions: Vec<(Key, Question)>) -> Result<(), Stop> {
        match &mut self.asking {
            Asking::Nothing => self.asking = Asking::Collected(questions),
            Asking::Sent => {}
            Asking::Collected(collected) => {
                for (key, question) in questions {
                    match collected.iter().find(|(earlier, _)| *earlier == key) {
                        None => collected.push((key, question)),
                        Some((_, earlier)) if *earlier == question => {}
                        Some(_) => return Err(same_key(&key)),
                    }
                }
            }
        }
        Ok(())
    }

    fn send_and_wait(&mut self, questions: Vec<(Key, Question)>) -> Result<(), Stop> {
        let call = self.call.id;
        let reply = Reply::Ask { questions, memo: self.next_memo() };
        self.port.emit(Command::Respond { call, reply });
        if let Some(answered) = self.port.wait(call) {
            self.call = answered?;
            return Ok(());
        }
        self.asking = Asking::Sent;
        Err(Stop::Asked)
    }
}

/// The result in `answer`, or the reason why there is none.
pub(super) fn given(answer: Answer) -> Result<Json, Stop> {
    Err(Stop::Failed(match answer {
        Answer::Given(result) => return Ok(result),
        Answer::Refused(error) => {
            format!("The client answered with an error: {}", excerpt(&error.message))
        }
        Answer::TimedOut => "The client did not answer in time.".into(),
    }))
}

fn same_key(key: &str) -> Stop {
    Stop::Failed(format!("two questions have the key {key:?}"))
}
