//! What is asked of a world at its end.

use mcp_proto::client::{CallError, Delivery};

use super::{
    actor::{Actor, Made},
    plan,
    world::{Verdict, World},
};
use crate::model::{Outcome, Prediction, Revision, Situation, agree, predict};

/// All was well for long enough: nothing is left undone.
pub(super) fn rest(world: &mut World) -> Verdict {
    for (client, actor) in world.actors.iter().enumerate() {
        let left: Vec<&str> = actor.machine.client().calls().map(|(_, method)| method).collect();
        if left.iter().any(|method| *method != "subscriptions/listen") {
            return Err(format!("VIOLATION: c{client} still waits for {left:?}"));
        }
        let exact = world.case.is_calm(&actor.plan);
        actor.check_changes(exact).map_err(|why| format!("VIOLATION: c{client}: {why}"))?;
        let questions = actor.machine.client().questions().count();
        if questions > 0 {
            return Err(format!("VIOLATION: c{client} still has {questions} questions"));
        }
    }
    for (client, link) in world.current.iter().enumerate() {
        let life = world.actors[client].lives.last().filter(|life| !life.ended && !life.disturbed);
        let Some((link, _)) = link.zip(life) else { continue };
        world.links[link].lies_are_answered()?;
    }
    agreements(world)?;
    world.servers_rest()
}

/// Each client agreed on what both sides have.
fn agreements(world: &World) -> Verdict {
    let served = &world.case.server.revisions;
    for (client, actor) in world.actors.iter().enumerate() {
        let expected = agree(actor.plan.tries, served);
        let legacy = agree(crate::model::Tries::Legacy, served);
        for life in &actor.lives {
            let calm =
                world.case.is_calm(&actor.plan) && !(life.disturbed || life.ended || life.repeated);
            let right = match life.agreed {
                None if life.failed => expected.is_none() || !calm,
                None => life.ended,
                agreed => agreed == expected || !calm && agreed == legacy,
            };
            if !right {
                return Err(format!("VIOLATION: c{client} agreed on {life:?}, not {expected:?}"));
            }
        }
    }
    Ok(())
}

/// Each call has ended as it had to, and all was seen that there is to see.
pub(super) fn calls(world: &mut World) -> Verdict {
    for actor in &world.actors {
        for made in &actor.calls {
            call(world, actor, made)
                .map_err(|why| format!("VIOLATION: {}: {why}: {made:?}", made.tag))?;
        }
    }
    let made = world.stage.made.borrow();
    let repeats = world.case.net.repeat > 0;
    match made.iter().find(|(_, count)| **count > 1 && !repeats) {
        Some(((tag, key), count)) => {
            Err(format!("VIOLATION: {tag} makes {key:?} {count} times and not once"))
        }
        None => Ok(()),
    }
}

fn call(world: &World, actor: &Actor, made: &Made) -> Verdict {
    let life = &actor.lives[made.life as usize];
    let started = world.stage.started.borrow().contains(&made.tag);
    let Some(outcome) = &made.outcome else { return Err("it does not end".into()) };
    let unsent =
        || if started { Err("it was served, and is told not to be".into()) } else { Ok(()) };
    match outcome {
        Err(CallError::OverLimit) if !made.room || actor.plan.exchanges_max < 10 => {
            return unsent();
        }
        Err(CallError::Lost(Delivery::NotSent)) => {
            unsent()?;
            return if life.ended || life.disturbed || life.failed {
                Ok(())
            } else {
                Err("it is lost for no reason".into())
            };
        }
        _ => {}
    }
    let Some(revision) = life.agreed else {
        return if matches!(outcome, Err(CallError::Cancelled)) {
            unsent()
        } else {
            Err("it ends before there is an agreement".into())
        };
    };
    let prediction = predict(&made.call.steps, &situation(world, actor, made, revision));
    let slow =
        actor.plan.impatient || life.disturbed || life.batched || !world.case.is_calm(&actor.plan);
    let excused = match outcome {
        Err(CallError::Cancelled) => made.cancelled,
        Err(CallError::Lost(Delivery::OutcomeUnknown)) => {
            let forgotten = actor.plan.web && is_forgotten(&world.case.server, &prediction);
            life.ended || life.disturbed || life.repeated || forgotten
        }
        Err(CallError::TimedOut) => slow,
        Err(CallError::Http(_)) => life.disturbed || life.repeated,
        // The server knows the request already.
        Err(CallError::Refused(error)) if error.code == -32_600 => life.repeated,
        Err(CallError::Refused(error)) if error.code == -32_603 => {
            // It was one too many, or the server was about to end.
            let server = &world.case.server;
            let calls_max = server.calls_max.min(server.room.calls).min(server.room.calls_each);
            calls_max < 10 || life.disturbed || life.ended
        }
        _ => false,
    };
    if excused {
        // What was on its way when the client gave up may still come, but for what needs the call.
        prediction.check(&made.seen[..made.seen_at_end], false)?;
        return prediction.leniently().check(&made.seen, false);
    }
    let right = match (outcome, &prediction.outcome) {
        (Ok(result), expected) => is_result(result.as_str(), expected),
        (Err(CallError::Refused(error)), Outcome::Refused(code)) => error.code == *code,
        (Err(CallError::QuestionRefused), Outcome::QuestionRefused)
        | (Err(CallError::TooManyRounds), Outcome::TooManyRounds) => true,
        _ => false,
    };
    if !right {
        return Err(format!("it ends otherwise than with {:?}", prediction.outcome));
    }
    prediction.check(&made.seen, true)
}

/// Whether a client that is sent away may find nothing when it comes back.
fn is_forgotten(server: &plan::Server, prediction: &Prediction) -> bool {
    let kept = server.replay;
    let short = kept.bytes < 10_000 || kept.streams < 10;
    prediction.after_park.is_some_and(|count| short || count > kept.events as usize)
}

fn situation(world: &World, actor: &Actor, made: &Made, revision: Revision) -> Situation {
    let answers = made.call.answers.iter();
    Situation {
        revision,
        kind: made.call.kind,
        levels: actor.levels_of(made, revision),
        // An idle timeout wants progress too.
        progress: true,
        asks: actor.plan.asks,
        samples: actor.plan.samples,
        answers: answers.map(|(key, answer)| (key.clone(), answer.answered)).collect(),
        server_rounds: world.case.server.rounds_max,
        client_rounds: actor.plan.rounds_max,
        lossy: if actor.plan.web {
            made.behind || actor.lives[made.life as usize].behind
        } else {
            world.case.server.output_bytes_max < 10_000
        },
    }
}

/// Whether a result is the one that is expected.
fn is_result(json: &str, expected: &Outcome) -> bool {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let places = ["/content/0/text", "/messages/0/content/text", "/contents/0/text"];
    let text = places.iter().find_map(|place| value.pointer(place)?.as_str()).unwrap_or_default();
    let failed = value["isError"] == true;
    match expected {
        Outcome::Text(expected) => !failed && text == expected,
        Outcome::Failed(expected) => failed && text.ends_with(expected),
        _ => false,
    }
}
