//! Completions.
//!
//! Spec: `server/utilities/completion`.

use alloc::{format, string::String, vec::Vec};

use super::entity::write_list;
use crate::wire::{Object, escape_into};

/// How many values one answer may have.
const VALUES_MAX: usize = 100;

/// What an argument may be completed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The best first; at most 100 are sent.
    pub values: Vec<String>,
    /// How many there are in all, where that is known.
    pub total: Option<u64>,
    /// Whether there are more than `values`. Said in any case if not all of `values` are sent.
    pub has_more: bool,
}

impl Completion {
    /// All values that there are, the best first.
    pub fn new<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        let total = u64::try_from(values.len()).ok();
        Self { values, total, has_more: false }
    }

    /// Appends the members of the result, without braces around them.
    pub(crate) fn encode_members(&self, out: &mut String) {
        let mut result = Object::members(out);
        let mut completion = Object::begin(result.key("completion"));
        write_list(self.values.iter().take(VALUES_MAX), completion.key("values"), |value, out| {
            escape_into(value, out);
        });
        if let Some(total) = self.total {
            let total = total.max(self.values.len() as u64);
            completion.raw("total", &format!("{total}"));
        }
        let more_than_sent = self.values.len() > VALUES_MAX;
        let more_in_all = self.total.is_some_and(|total| total > self.values.len() as u64);
        completion.flag("hasMore", self.has_more || more_than_sent || more_in_all);
        completion.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(completion: &Completion) -> String {
        let mut out = String::new();
        completion.encode_members(&mut out);
        out
    }

    #[test]
    fn all_values_are_sent_with_their_number() {
        assert_eq!(
            encoded(&Completion::new(["a", "\"b\""])),
            r#""completion":{"values":["a","\"b\""],"total":2,"hasMore":false}"#
        );
        assert_eq!(
            encoded(&Completion::default()),
            r#""completion":{"values":[],"hasMore":false}"#
        );
    }

    #[test]
    fn a_total_above_the_number_of_values_means_that_there_are_more() {
        let completion = Completion { total: Some(7), ..Completion::new(["a"]) };
        assert_eq!(
            encoded(&completion),
            r#""completion":{"values":["a"],"total":7,"hasMore":true}"#
        );
    }

    #[test]
    fn no_more_than_a_hundred_values_are_sent() {
        spec!("CMP-02");
        let at_most = |values: usize| {
            let text = encoded(&Completion::new((0..values).map(|value| format!("{value}"))));
            let sent = text.matches('"').count() / 2
                - "completion values total hasMore".split(' ').count();
            (sent, text.contains("\"hasMore\":true"), text.contains(&format!("\"total\":{values}")))
        };
        assert_eq!(at_most(100), (100, false, true));
        assert_eq!(at_most(101), (100, true, true));
    }
}
