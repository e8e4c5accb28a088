//! Whether a value fits a field, and whether a field is one that can be asked for.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Display;

use serde::Deserialize;
use serde_json::Number;

use super::field::{ChoicesField, Choosable, Field, Format, Kind, StringField};
use crate::{schema::is_uri, wire::Json};

type Checked = Result<(), String>;

impl Field {
    /// Checks a value that a person has filled in; says what it must be otherwise.
    pub(super) fn check(&self, value: &Json) -> Checked {
        match &self.0 {
            Kind::String(field) => field.check(&text(value)?),
            Kind::Number(field) => {
                let number = read::<Number>(value).and_then(|number| number.as_f64());
                let number = number.ok_or("must be a number")?;
                within(&number, field.minimum.as_ref(), field.maximum.as_ref())
            }
            Kind::Integer(field) => {
                let number = integer(value).ok_or("must be a number without a fraction")?;
                let [least, most] = [field.minimum, field.maximum].map(|end| end.map(i128::from));
                within(&number, least.as_ref(), most.as_ref())
            }
            Kind::Boolean(_) => match read::<bool>(value) {
                Some(_) => Ok(()),
                None => Err("must be true or false".into()),
            },
            Kind::Choice(field) => one_of(&text(value)?, &field.options),
            Kind::Choices(field) => {
                field.check(&read::<Vec<String>>(value).ok_or("must be an array of strings")?)
            }
        }
    }

    /// Checks the field itself: that it can be filled in, that its default fits, and that it can
    /// be asked for where forms are not `full`.
    pub(super) fn check_definition(&self, full: bool) -> Checked {
        match &self.0 {
            Kind::String(field) => {
                ordered(field.min_length.as_ref(), field.max_length.as_ref())?;
                field.default.iter().try_for_each(|text| field.check(text))
            }
            Kind::Number(field) => {
                let numbers = [field.minimum, field.maximum, field.default];
                if !numbers.into_iter().flatten().all(f64::is_finite) {
                    return Err("has a limit or a default that is no number".into());
                }
                ordered(field.minimum.as_ref(), field.maximum.as_ref())?;
                let fits = |d: &f64| within(d, field.minimum.as_ref(), field.maximum.as_ref());
                field.default.iter().try_for_each(fits)
            }
            Kind::Integer(field) => {
                ordered(field.minimum.as_ref(), field.maximum.as_ref())?;
                let fits = |d: &i64| within(d, field.minimum.as_ref(), field.maximum.as_ref());
                field.default.iter().try_for_each(fits)
            }
            Kind::Boolean(_) => Ok(()),
            Kind::Choice(field) => {
                choosable(&field.options)?;
                field.default.iter().try_for_each(|value| one_of(value, &field.options))
            }
            Kind::Choices(_) if !full => {
                Err("is a multiple choice, which the client's revision does not have".into())
            }
            Kind::Choices(field) => {
                choosable(&field.options)?;
                ordered(field.min_items.as_ref(), field.max_items.as_ref())?;
                if field.default.is_empty() {
                    return Ok(());
                }
                field.check(&field.default)
            }
        }
    }
}

impl StringField {
    fn check(&self, text: &str) -> Checked {
        let chars = text.chars().count() as u64;
        within(&chars, self.min_length.as_ref(), self.max_length.as_ref())
            .map_err(|why| format!("{why} (counted in characters)"))?;
        match self.format {
            Some(format) if !format.fits(text) => {
                Err(format!("must be of the format {}", format.as_str()))
            }
            _ => Ok(()),
        }
    }
}

impl ChoicesField {
    fn check(&self, values: &[String]) -> Checked {
        within(&(values.len() as u64), self.min_items.as_ref(), self.max_items.as_ref())
            .map_err(|why| format!("{why} (counted in choices)"))?;
        values.iter().try_for_each(|value| one_of(value, &self.options))
    }
}

fn read<'v, T: Deserialize<'v>>(value: &'v Json) -> Option<T> {
    value.parse().ok()
}

fn text(value: &Json) -> Result<String, String> {
    read(value).ok_or("must be a string".into())
}

/// The integer that a JSON number stands for, be it written `5`, `5.0` or `5e0`.
fn integer(value: &Json) -> Option<i128> {
    let number: Number = read(value)?;
    let exact = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    exact.or_else(|| {
        let number = number.as_f64().filter(|number| number % 1.0 == 0.0)?;
        // Beyond the ends it becomes the nearest end, which is beyond every limit of a field.
        #[allow(clippy::cast_possible_truncation)]
        Some(number as i128)
    })
}

fn within<T: PartialOrd + Display>(value: &T, least: Option<&T>, most: Option<&T>) -> Checked {
    match (least, most) {
        (Some(least), _) if value < least => Err(format!("must be at least {least}")),
        (_, Some(most)) if value > most => Err(format!("must be at most {most}")),
        _ => Ok(()),
    }
}

fn ordered<T: PartialOrd>(least: Option<&T>, most: Option<&T>) -> Checked {
    match (least, most) {
        (Some(least), Some(most)) if least > most => Err("has no value within its limits".into()),
        _ => Ok(()),
    }
}

fn choosable(options: &[Choosable]) -> Checked {
    if options.is_empty() { Err("has nothing to choose from".into()) } else { Ok(()) }
}

fn one_of(value: &str, options: &[Choosable]) -> Checked {
    if options.iter().any(|option| option.value == value) {
        Ok(())
    } else {
        Err("must be one of the choices".into())
    }
}

impl Format {
    /// Whether `text` plausibly has the format: clients check it too, and a text that only looks
    /// odd is the application's to judge.
    fn fits(self, text: &str) -> bool {
        match self {
            Self::Email => text.rsplit_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
            }),
            Self::Uri => is_uri(text),
            Self::Date => is_date(text),
            Self::DateTime => text.split_once(['T', 't', ' ']).is_some_and(|(date, time)| {
                let end = time.find(['Z', 'z', '+', '-']);
                let (clock, zone) = time.split_at(end.unwrap_or(time.len()));
                is_date(date) && is_clock(clock) && is_zone(zone)
            }),
        }
    }
}

/// `YYYY-MM-DD`
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let [year, month, day] = [(); 3].map(|()| parts.next().unwrap_or_default());
    is_digits(year, 4) && in_range(month, 1, 12) && in_range(day, 1, 31)
}

/// `hh:mm:ss`, with or without a fraction of a second.
fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.splitn(3, ':');
    let [hour, minute, second] = [(); 3].map(|()| parts.next().unwrap_or_default());
    in_range(hour, 0, 23)
        && in_range(minute, 0, 59)
        && in_range(second, 0, 60)
        && is_digits(fraction, fraction.len().max(1))
}

/// `Z`, or `+hh:mm`
fn is_zone(text: &str) -> bool {
    let offset = text.strip_prefix(['+', '-']).and_then(|offset| offset.split_once(':'));
    matches!(text, "Z" | "z")
        || offset.is_some_and(|(hour, minute)| in_range(hour, 0, 23) && in_range(minute, 0, 59))
}

fn is_digits(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn in_range(text: &str, least: u8, most: u8) -> bool {
    is_digits(text, 2) && text.parse().is_ok_and(|number| (least..=most).contains(&number))
}
