//! Results that are good for a while, as their server said.
//!
//! Spec: `server/utilities/caching` of 2026-07-28.

use alloc::{borrow::Cow, boxed::Box, collections::BTreeMap, format, string::String};
use core::time::Duration;

use serde::Deserialize;

use super::CallOptions;
use crate::{
    schema::List,
    time::Instant,
    wire::{Json, Members, canonical},
};

/// Results that are good for a while. One client has one authorization at a time, and forgets all
/// with it, so private results need no key of their own.
#[derive(Debug)]
pub(super) struct Cache {
    entries: BTreeMap<CacheKey, Entry>,
    bytes: usize,
    entries_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Entry {
    result: Json,
    until: Instant,
}

/// What a result depends on: the method and its parameters, `_meta` apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CacheKey {
    method: Box<str>,
    params: String,
}

impl CacheKey {
    /// The key of a call whose result may be kept.
    pub(super) fn of(method: &str, members: &str, options: &CallOptions) -> Option<Self> {
        const CACHEABLE: [&str; 5] = [
            "tools/list",
            "prompts/list",
            "resources/list",
            "resources/templates/list",
            "resources/read",
        ];
        // A joined list has no life of its own: its pages have.
        if !CACHEABLE.contains(&method) || options.all_pages {
            return None;
        }
        let params = Json::from_trusted(&format!("{{{members}}}"));
        // What answers were given for is no result for others.
        let asked = ["inputResponses", "requestState"];
        let Members(all) = params.parse().ok()?;
        if all.iter().any(|(key, _)| asked.contains(&&**key)) {
            return None;
        }
        Some(Self { method: method.into(), params: canonical(&params) })
    }

    fn byte_len(&self) -> usize {
        self.method.len() + self.params.len()
    }
}

impl Cache {
    pub(super) const fn new(entries_max: usize, bytes_max: usize) -> Self {
        Self { entries: BTreeMap::new(), bytes: 0, entries_max, bytes_max }
    }

    /// A result that is still good.
    pub(super) fn get(&mut self, now: Instant, key: &CacheKey) -> Option<Json> {
        let entry = self.entries.get(key)?;
        if now < entry.until {
            return Some(entry.result.clone());
        }
        self.forget(|other| other == key);
        None
    }

    /// Keeps a result. What would not fit is not kept; what is nearest to its end makes room.
    pub(super) fn put(&mut self, now: Instant, key: CacheKey, result: Json, ttl_ms: u64) {
        let bytes = key.byte_len() + result.as_str().len();
        self.forget(|other| *other == key);
        if ttl_ms == 0 || bytes > self.bytes_max || self.entries_max == 0 {
            return;
        }
        while self.entries.len() >= self.entries_max || self.bytes + bytes > self.bytes_max {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.until);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            self.forget(|other| *other == oldest);
        }
        self.bytes += bytes;
        let until = now + Duration::from_millis(ttl_ms);
        self.entries.insert(key, Entry { result, until });
    }

    /// Everything may be somebody else's.
    pub(super) fn clear(&mut self) {
        self.forget(|_| true);
    }

    /// A list has changed.
    pub(super) fn forget_list(&mut self, list: List) {
        let methods: &[&str] = match list {
            List::Tools => &["tools/list"],
            List::Prompts => &["prompts/list"],
            List::Resources => &["resources/list", "resources/templates/list"],
        };
        self.forget(|key| methods.contains(&&*key.method));
    }

    /// All results of a method are in doubt.
    pub(super) fn forget_method(&mut self, method: &str) {
        self.forget(|key| *key.method == *method);
    }

    /// A resource has changed: what was read of it, of what contains it and of what it contains.
    pub(super) fn forget_resource(&mut self, uri: &str) {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            uri: Cow<'a, str>,
        }
        self.forget(|key| {
            &*key.method == "resources/read"
                && serde_json::from_str(&key.params).is_ok_and(|Wire { uri: read }| {
                    read.starts_with(uri) || uri.starts_with(&*read)
                })
        });
    }

    fn forget(&mut self, doubted: impl Fn(&CacheKey) -> bool) {
        let bytes = &mut self.bytes;
        self.entries.retain(|key, entry| {
            let keep = !doubted(key);
            if !keep {
                *bytes -= key.byte_len() + entry.result.as_str().len();
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests;
