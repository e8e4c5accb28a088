//! How a run of a handler ends: its result or its stop, as a reply.

use alloc::string::String;

use super::{CallContext, Stop, ask::Asking};
use crate::{
    error::ErrorObject,
    schema::encode_meta,
    server::{Call, Method, Reply, ResultBody, missing},
    wire::{Json, Object},
};

impl CallContext<'_> {
    /// The reply to the call; `None` if it has been given, or if nobody waits for one.
    ///
    /// A question that has no answer yet goes before whatever the handler made of that.
    pub(super) fn conclude(self, outcome: Result<ResultBody, Stop>) -> Option<Reply> {
        match self.asking {
            Asking::Sent => None,
            Asking::Collected(_) => {
                let memo = self.next_memo();
                let Asking::Collected(questions) = self.asking else { return None };
                Some(Reply::Ask { questions, memo })
            }
            Asking::Nothing => match outcome {
                Ok(body) => Some(Reply::Result(body)),
                Err(stop) => stopped(&self.call, stop),
            },
        }
    }
}

/// How `call` ends whose handler stopped with `stop`.
fn stopped(call: &Call, stop: Stop) -> Option<Reply> {
    Some(Reply::Error(match stop {
        Stop::Cancelled if call.is_cancelled() => return None,
        // Nothing was asked, or the call is not cancelled: a bug of the handler. Why it failed is
        // not for the peer to know.
        Stop::Asked | Stop::Cancelled | Stop::Failed(_) => ErrorObject::internal(),
        Stop::Invalid(text) => ErrorObject::invalid_params(text),
        Stop::NotFound => not_found(call),
        Stop::Undeclared(capability) => missing(&capability),
        Stop::Error(error) => error,
    }))
}

/// The error that the revision has for a resource that does not exist.
pub(super) fn not_found(call: &Call) -> ErrorObject {
    let rules = call.terms.version.rules();
    let error = ErrorObject::new(rules.resource_not_found, "Resource not found");
    match &call.method {
        Method::ResourcesRead { uri } => {
            let mut data = String::new();
            let mut object = Object::begin(&mut data);
            object.text("uri", uri);
            object.end();
            error.with_data(Json::from_trusted(&data))
        }
        _ => error,
    }
}

/// The members of a `_meta`, if there are any.
pub(super) fn meta_members(members: &[(alloc::boxed::Box<str>, Json)]) -> Option<String> {
    (!members.is_empty()).then(|| {
        let mut text = String::new();
        encode_meta(members, &mut text);
        text
    })
}
