//! What a server asks a client in the middle of a call, and which lists there are.
//!
//! Both roles speak of these: a server asks and a client answers.

use alloc::boxed::Box;

use serde::de::IgnoredAny;

use super::{Root, check_elicited, entity::parse_object, read_visited};
use crate::{
    error::ErrorObject,
    wire::{InvalidParams, Json},
};

/// A list that a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// `tools/list`
    Tools,
    /// `prompts/list`
    Prompts,
    /// `resources/list` and `resources/templates/list`
    Resources,
}

/// What a handler asks of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// `elicitation/create` in form mode: the parameters.
    Elicit(Json),
    /// `elicitation/create` in URL mode.
    ElicitUrl {
        /// For the person.
        message: Box<str>,
        /// Where to go.
        url: Box<str>,
        /// What [`ElicitationComplete`](crate::server::Command::ElicitationComplete) names it by;
        /// sent in 2025-11-25 alone.
        elicitation: Box<str>,
    },
    /// `sampling/createMessage`: the parameters.
    Sample(Json),
    /// `roots/list`.
    Roots,
    /// A request of the application's own, before 2026-07-28 only.
    Other {
        /// Its method.
        method: Box<str>,
        /// Its parameters.
        params: Json,
    },
}

impl Question {
    /// Checks an answer that a client is about to give; says what is wrong with it. Each is a JSON
    /// object. An elicitation is accepted, declined or cancelled, and what is accepted fits the
    /// fields of the form, as far as those can be read; roots are `file:` URIs. What a model says
    /// is not checked.
    ///
    /// Spec: `client/elicitation`, `client/roots`.
    pub fn check(&self, answer: &Json) -> Result<(), InvalidParams> {
        match self {
            Self::Elicit(params) => check_elicited(params, answer),
            Self::ElicitUrl { .. } => read_visited(answer).map(drop),
            Self::Roots => Root::read_all(answer).map(drop),
            Self::Sample(_) | Self::Other { .. } => parse_object::<IgnoredAny>(answer).map(drop),
        }
    }
}

/// What the client answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A result.
    Given(Json),
    /// An error.
    Refused(ErrorObject),
    /// Nothing, within the time the question had.
    TimedOut,
}
