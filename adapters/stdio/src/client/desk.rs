//! Between those who call a client and the machine that its driver owns.

use std::{collections::HashMap, fmt, sync::Arc};

use mcp_proto::{
    ClientPipe, CommandError, ErrorObject, Instant,
    client::{CallOptions, ClientCallId, ClientEvent, Delivery, Listening, QuestionId},
    code,
    http::HttpClient,
    schema::{Answer, Level},
    wire::Json,
};

use super::{
    api::Client,
    call::{Progress, Slot},
    error::{ConnectError, End, Error},
    questions::{Answerer, Questions},
    shared::{Command, Shared},
};

/// The verbs of a client's machine, whatever carries its messages.
pub trait Machine {
    /// See [`mcp_proto::client::Client::call`].
    fn call(
        &mut self,
        now: Instant,
        method: &str,
        params: &Json,
        options: CallOptions,
    ) -> ClientCallId;

    /// See [`mcp_proto::client::Client::listen`].
    fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId;

    /// See [`mcp_proto::client::Client::set_level`].
    fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId>;

    /// See [`mcp_proto::client::Client::cancel`].
    fn cancel(&mut self, call: ClientCallId, reason: Option<&str>) -> Result<(), CommandError>;

    /// See [`mcp_proto::client::Client::notify`].
    fn notify(&mut self, method: &str, params: &Json) -> Result<(), CommandError>;

    /// See [`mcp_proto::client::Client::answer`].
    fn answer(
        &mut self,
        now: Instant,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), CommandError>;
}

macro_rules! machine {
    ($machine:ty) => {
        impl Machine for $machine {
            fn call(
                &mut self,
                now: Instant,
                method: &str,
                params: &Json,
                options: CallOptions,
            ) -> ClientCallId {
                self.call(now, method, params, options)
            }

            fn listen(&mut self, now: Instant, wish: Listening) -> ClientCallId {
                self.listen(now, wish)
            }

            fn set_level(&mut self, now: Instant, level: Level) -> Option<ClientCallId> {
                self.set_level(now, level)
            }

            fn cancel(
                &mut self,
                call: ClientCallId,
                reason: Option<&str>,
            ) -> Result<(), CommandError> {
                self.cancel(call, reason)
            }

            fn notify(&mut self, method: &str, params: &Json) -> Result<(), CommandError> {
                self.notify(method, params)
            }

            fn answer(
                &mut self,
                now: Instant,
                question: QuestionId,
                answer: Answer,
            ) -> Result<(), CommandError> {
                self.answer(now, question, answer)
            }
        }
    };
}

machine!(ClientPipe);
machine!(HttpClient);

/// The driver's side of a [`Client`]: takes the commands of any thread to the machine, and what the
/// machine tells to whoever waits for it.
///
/// A driver shows it every event of its machine ([`Desk::tell`]) and calls [`Desk::wake_settled`]
/// when there are no more for the moment; lets it [carry out](Desk::carry_out) what has come when
/// it was woken; and [ends](Desk::finish) it, in any case.
pub struct Desk {
    shared: Arc<Shared>,
    questions: Questions,
    calls: HashMap<ClientCallId, Arc<Slot>>,
    /// Calls that have ended and for which somebody waits: woken together, so that of answers that
    /// come in one piece all are there when the first is looked at.
    settled: Vec<Arc<Slot>>,
    /// Empty; kept for its memory.
    commands: Vec<Command>,
}

/// Who waits for the agreement that a driver comes to.
#[must_use = "the client is what it becomes"]
pub struct Applicant(Arc<Shared>);

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Applicant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applicant").finish_non_exhaustive()
    }
}

impl Applicant {
    /// Waits until client and server have agreed, or the driver has ended without that.
    pub fn wait(self) -> Result<Client, ConnectError> {
        let agreement = self.0.wait_connected()?;
        Ok(Client::new(self.0, agreement))
    }
}

impl Desk {
    /// A desk whose questions `answerer` answers, or [`unattended`](super::unattended); `wake` ends
    /// a wait of the driver's, from any thread.
    pub fn new(answerer: Option<Answerer>, wake: Box<dyn Fn() + Send + Sync>) -> (Self, Applicant) {
        let shared = Arc::new(Shared::new());
        shared.commands.wake_with(wake);
        let desk = Self {
            shared: shared.clone(),
            questions: Questions::new(answerer),
            calls: HashMap::new(),
            settled: Vec::new(),
            commands: Vec::new(),
        };
        (desk, Applicant(shared))
    }

    /// Tells whoever it concerns what the machine tells.
    pub fn tell(&mut self, machine: &mut impl Machine, now: Instant, event: ClientEvent) {
        match event {
            ClientEvent::Ready(agreement) => self.shared.agree(agreement),
            ClientEvent::Failed(why) => self.shared.fail(why),
            ClientEvent::Finished { call, outcome } => {
                if let Some(slot) = self.calls.remove(&call) {
                    let outcome =
                        outcome.map_err(|error| Error::of_call(error, || self.shared.end()));
                    if self.shared.settle(&slot, outcome) {
                        self.settled.push(slot);
                    }
                }
            }
            ClientEvent::Asked { question, ask, .. } => {
                if let Some(given) = self.questions.ask(&self.shared, question, ask) {
                    answer(machine, now, question, given);
                }
            }
            // Its answer will find nothing.
            ClientEvent::Withdrawn { .. } => {}
            ClientEvent::Progress { call, progress, total, message } => {
                if let Some(slot) = self.calls.get(&call) {
                    slot.report(Progress { progress, total, message });
                }
            }
            event => self.shared.events.push(event),
        }
    }

    /// Wakes whoever waits for a call that has ended. Returns whether somebody did.
    pub fn wake_settled(&mut self) -> bool {
        let any = !self.settled.is_empty();
        self.settled.drain(..).for_each(|slot| slot.wake());
        any
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Says that the driver is about to wait. False: a command has come, it must not.
    pub fn fall_asleep(&self) -> bool {
        self.shared.commands.fall_asleep()
    }

    /// Carries out the commands that have come. True: the client is to be closed, and what was
    /// commanded after that is not carried out.
    pub fn carry_out(&mut self, machine: &mut impl Machine, now: Instant) -> bool {
        let mut commands = std::mem::take(&mut self.commands);
        self.shared.commands.take(&mut commands);
        let mut closing = false;
        for command in commands.drain(..) {
            if closing {
                self.shared.abandon(&command);
            } else {
                closing = matches!(command, Command::Close);
                self.carry_out_one(machine, now, command);
            }
        }
        self.commands = commands;
        closing
    }

    fn carry_out_one(&mut self, machine: &mut impl Machine, now: Instant, command: Command) {
        match command {
            Command::Call { method, params, options, slot } => {
                let call = machine.call(now, &method, &params, options);
                self.expect(call, slot);
            }
            Command::Listen { wish, slot } => {
                let call = machine.listen(now, wish);
                self.expect(call, slot);
            }
            Command::SetLevel { level, slot } => match machine.set_level(now, level) {
                Some(call) => self.expect(call, slot),
                // Each call says it from now on.
                None => self.shared.conclude(&slot, Ok(Json::text(""))),
            },
            Command::Cancel { slot, reason } => {
                if let Some(call) = slot.id.get() {
                    // A call that is gone has its outcome.
                    let _ = machine.cancel(*call, reason.as_deref());
                }
            }
            // Nobody waits for it, and a server that is gone is noticed anyway.
            Command::Notify { method, params } => drop(machine.notify(&method, &params)),
            Command::Answer { question, answer: given } => answer(machine, now, question, given),
            Command::Close => {}
        }
    }

    fn expect(&mut self, call: ClientCallId, slot: Arc<Slot>) {
        let _ = slot.id.set(call);
        self.calls.insert(call, slot);
    }

    /// What calls that end from now on are told of the end of the connection.
    pub fn set_end(&self, end: End) {
        self.shared.set_end(end);
    }

    /// The machine has ended: nothing more is taken or told, and what still waits is lost.
    pub fn stop(&mut self) {
        self.wake_settled();
        for (_, slot) in self.calls.drain() {
            self.shared.lose(&slot, Delivery::OutcomeUnknown);
        }
        self.shared.stop();
    }

    /// The connection has ended like this: whoever closes the client waits no longer. The desk is
    /// [stopped](Self::stop) by then.
    pub fn finish(self, end: End) {
        self.shared.finish(end);
    }
}

/// Passes an answer on; its question may have been withdrawn meanwhile. Nobody is asked twice: one
/// that does not fit is a refusal, so that the server is not left waiting.
fn answer(machine: &mut impl Machine, now: Instant, question: QuestionId, answer: Answer) {
    if machine.answer(now, question, answer) == Err(CommandError::InvalidAnswer) {
        let why = CommandError::InvalidAnswer.to_string();
        let refusal = ErrorObject::new(code::INTERNAL_ERROR, why);
        let _ = machine.answer(now, question, Answer::Refused(refusal));
    }
}
