//! Lists: pages of what the caller may see.

use alloc::{collections::BTreeMap, string::String, sync::Arc};

use super::{
    cursor::{self, Kind},
    registry::Registry,
};
use crate::{
    error::ErrorObject,
    grant::Grant,
    server::{Call, Members},
    version::{Rules, Version},
    wire::Object,
};

/// What can be listed.
pub(super) trait Listed {
    const KIND: Kind;
    /// The member of the result that the entries are in.
    const MEMBER: &'static str;

    /// Whether a caller with `grant` may see it.
    fn is_granted(&self, grant: &Grant) -> bool;

    /// Whether everybody may see it whose grant [allows all](Listed::allows_all) of its kind.
    fn is_open(&self) -> bool {
        true
    }

    /// Whether `grant` allows everything of this kind.
    fn allows_all(grant: &Grant) -> bool;

    /// Appends the entry for a peer under `rules`.
    fn encode(&self, rules: &Rules, out: &mut String);
}

/// A registry whose entries are listed.
pub(super) struct Catalog<T> {
    registry: Registry<T>,
    /// The first pages of those who may see everything, which is what is asked for most.
    first_pages: BTreeMap<Version, Arc<str>>,
}

impl<T: Listed> Catalog<T> {
    pub(super) const fn new() -> Self {
        Self { registry: Registry::new(), first_pages: BTreeMap::new() }
    }

    pub(super) fn entries(&self) -> &Registry<T> {
        &self.registry
    }

    /// The entry `name`, to be run; to be changed, it is inserted anew.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.registry.get_mut(name)
    }

    /// The entry at `place`, to be run; to be changed, it is inserted anew.
    pub(super) fn at_mut(&mut self, place: u64) -> Option<&mut T> {
        self.registry.at_mut(place)
    }

    pub(super) fn insert(&mut self, name: &str, entry: T) {
        self.forget_pages();
        self.registry.insert(name, entry);
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.forget_pages();
        self.registry.remove(name)
    }

    /// Pages have another size from now on.
    pub(super) fn forget_pages(&mut self) {
        self.first_pages.clear();
    }

    /// The page behind `cursor`, as the members of a result.
    pub(super) fn page(
        &mut self,
        call: &Call,
        cursor: Option<&str>,
        size: usize,
    ) -> Result<Members, ErrorObject> {
        let version = call.terms.version;
        let Some(cursor) = cursor else {
            let sees_all = T::allows_all(&call.grant);
            if sees_all && let Some(page) = self.first_pages.get(&version) {
                return Ok(Members::Shared(Arc::clone(page)));
            }
            let page = self.write_page(call, None, size);
            if !(sees_all && page.is_open) {
                return Ok(Members::Owned(page.members));
            }
            let members: Arc<str> = page.members.into();
            self.first_pages.insert(version, Arc::clone(&members));
            return Ok(Members::Shared(members));
        };
        let place = cursor::decode(T::KIND, cursor)
            .filter(|place| self.registry.has_given(*place))
            .ok_or_else(|| ErrorObject::invalid_params("Invalid cursor"))?;
        Ok(Members::Owned(self.write_page(call, Some(place), size).members))
    }

    fn write_page(&self, call: &Call, after: Option<u64>, size: usize) -> Page {
        let rules = call.terms.version.rules();
        let (mut members, mut is_open) = (String::new(), true);
        let mut object = Object::members(&mut members);
        let out = object.key(T::MEMBER);
        out.push('[');
        let (mut count, mut last, mut next) = (0, 0, None);
        for (place, entry) in self.registry.after(after) {
            is_open &= entry.is_open();
            if !entry.is_granted(&call.grant) {
                continue;
            }
            if count == size {
                next = Some(last);
                break;
            }
            if count > 0 {
                out.push(',');
            }
            entry.encode(rules, out);
            (count, last) = (count + 1, place);
        }
        out.push(']');
        if let Some(place) = next {
            object.text("nextCursor", &cursor::encode(T::KIND, place));
        }
        Page { members, is_open }
    }
}

struct Page {
    members: String,
    /// Whether everything that was looked at is open, so that the page depends on no scope.
    is_open: bool,
}
