//! A memo as bytes.

use alloc::{borrow::Cow, collections::BTreeMap, string::ToString};

use super::pack::{Reader, Writer};
use crate::{
    error::ErrorObject,
    server::{Answer, Answers, Asked, Key, Memo},
    wire::Json,
};

/// The kinds of [`Answer`].
const GIVEN: u8 = 0;
const REFUSED: u8 = 1;
const TIMED_OUT: u8 = 2;

pub(super) fn write(memo: &Memo, out: &mut Writer) {
    out.fixed(&memo.answers.salt);
    out.count(memo.answers.by_key.len());
    for (key, asked) in &memo.answers.by_key {
        out.text(key);
        out.option(asked.digest, |out, digest| out.fixed(&digest));
        out.option(asked.answer.as_ref(), write_answer);
    }
    out.count(memo.values.len());
    for (key, value) in &memo.values {
        out.text(key);
        out.text(value.as_str());
    }
    out.number(memo.emitted.into());
    out.number(memo.rounds.into());
}

pub(super) fn read(input: &mut Reader<'_>) -> Option<Memo> {
    let salt = input.fixed()?;
    let by_key = read_map(input, |input| {
        let digest = input.option(Reader::fixed)?;
        let answer = input.option(read_answer)?;
        Some(Asked { digest, answer })
    })?;
    let values = read_map(input, read_json)?;
    let emitted = input.small()?;
    let rounds = input.small()?;
    Some(Memo { answers: Answers { salt, by_key }, values, emitted, rounds })
}

fn write_answer(out: &mut Writer, answer: &Answer) {
    match answer {
        Answer::Given(result) => {
            out.fixed(&[GIVEN]);
            out.text(result.as_str());
        }
        Answer::Refused(error) => {
            out.fixed(&[REFUSED]);
            out.fixed(&error.code.to_be_bytes());
            out.text(&error.message);
            out.option(error.data.as_ref(), |out, data| out.text(data.as_str()));
        }
        Answer::TimedOut => out.fixed(&[TIMED_OUT]),
    }
}

fn read_answer(input: &mut Reader<'_>) -> Option<Answer> {
    match input.fixed()? {
        [GIVEN] => Some(Answer::Given(read_json(input)?)),
        [REFUSED] => Some(Answer::Refused(ErrorObject {
            code: i64::from_be_bytes(input.fixed()?),
            message: Cow::Owned(input.text()?.to_string()),
            data: input.option(read_json)?,
        })),
        [TIMED_OUT] => Some(Answer::TimedOut),
        _ => None,
    }
}

fn read_map<T>(
    input: &mut Reader<'_>,
    mut read: impl FnMut(&mut Reader<'_>) -> Option<T>,
) -> Option<BTreeMap<Key, T>> {
    (0..input.number()?).map(|_| Some((input.text()?.into(), read(input)?))).collect()
}

/// The seal says that the text is what [`write`] was given, so it is not parsed again.
fn read_json(input: &mut Reader<'_>) -> Option<Json> {
    input.text().map(Json::from_trusted)
}
