//! The fields of a form.

use alloc::{string::String, vec::Vec};

/// A field of a form; its constructors give what kinds there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Field(pub(super) Kind);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    String(StringField),
    Number(NumberField),
    Integer(IntegerField),
    Boolean(BooleanField),
    Choice(ChoiceField),
    Choices(ChoicesField),
}

impl Field {
    /// A text.
    pub fn string() -> StringField {
        StringField::default()
    }

    /// A number.
    pub fn number() -> NumberField {
        NumberField::default()
    }

    /// A number without a fraction.
    pub fn integer() -> IntegerField {
        IntegerField::default()
    }

    /// Yes or no.
    pub fn boolean() -> BooleanField {
        BooleanField::default()
    }

    /// One of these texts.
    pub fn choice<V: Into<String>>(values: impl IntoIterator<Item = V>) -> ChoiceField {
        ChoiceField { options: untitled(values), ..ChoiceField::default() }
    }

    /// One of these texts, each with what the person sees in its place.
    pub fn titled_choice<V: Into<String>, T: Into<String>>(
        options: impl IntoIterator<Item = (V, T)>,
    ) -> ChoiceField {
        ChoiceField { options: titled(options), ..ChoiceField::default() }
    }

    /// Any number of these texts, from 2025-11-25.
    pub fn choices<V: Into<String>>(values: impl IntoIterator<Item = V>) -> ChoicesField {
        ChoicesField { options: untitled(values), ..ChoicesField::default() }
    }

    /// Any number of these texts, each with what the person sees in its place; from 2025-11-25.
    pub fn titled_choices<V: Into<String>, T: Into<String>>(
        options: impl IntoIterator<Item = (V, T)>,
    ) -> ChoicesField {
        ChoicesField { options: titled(options), ..ChoicesField::default() }
    }

    pub(super) fn is_required(&self) -> bool {
        self.label().required
    }

    pub(super) fn label(&self) -> &Label {
        match &self.0 {
            Kind::String(field) => &field.label,
            Kind::Number(field) => &field.label,
            Kind::Integer(field) => &field.label,
            Kind::Boolean(field) => &field.label,
            Kind::Choice(field) => &field.label,
            Kind::Choices(field) => &field.label,
        }
    }
}

/// What all fields have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) required: bool,
}

/// The setters that all fields have, and the way into a [`Field`].
macro_rules! field_setters {
    ($field:ident, $kind:ident) => {
        impl $field {
            /// The name that the person sees.
            #[must_use]
            pub fn title(mut self, text: impl Into<String>) -> Self {
                self.label.title = Some(text.into());
                self
            }

            /// What is to be filled in.
            #[must_use]
            pub fn description(mut self, text: impl Into<String>) -> Self {
                self.label.description = Some(text.into());
                self
            }

            /// It must be filled in.
            #[must_use]
            pub fn required(mut self) -> Self {
                self.label.required = true;
                self
            }
        }

        impl From<$field> for Field {
            fn from(field: $field) -> Self {
                Self(Kind::$kind(field))
            }
        }
    };
}

field_setters!(StringField, String);
field_setters!(NumberField, Number);
field_setters!(IntegerField, Integer);
field_setters!(BooleanField, Boolean);
field_setters!(ChoiceField, Choice);
field_setters!(ChoicesField, Choices);

/// A setter of an optional value.
macro_rules! setter {
    ($(#[$doc:meta])* $name:ident: $type:ty) => {
        setter!($(#[$doc])* $name => $name: $type);
    };
    ($(#[$doc:meta])* $name:ident => $member:ident: $type:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, value: $type) -> Self {
            self.$member = Some(value);
            self
        }
    };
}

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An e-mail address.
    Email,
    /// A URI.
    Uri,
    /// A day: `2025-06-18`.
    Date,
    /// A moment: `2025-06-18T12:00:00Z`.
    DateTime,
}

impl Format {
    pub(super) const ALL: [Self; 4] = [Self::Email, Self::Uri, Self::Date, Self::DateTime];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Date => "date",
            Self::DateTime => "date-time",
        }
    }
}

/// A text; see [`Field::string`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringField {
    pub(super) label: Label,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) format: Option<Format>,
    pub(super) default: Option<String>,
}

impl StringField {
    setter!(
        /// The fewest characters.
        min_length: u64
    );
    setter!(
        /// The most characters.
        max_length: u64
    );
    setter!(
        /// What it must look like.
        format: Format
    );

    /// What is filled in beforehand, from 2025-11-25.
    #[must_use]
    pub fn default_value(mut self, text: impl Into<String>) -> Self {
        self.default = Some(text.into());
        self
    }
}

/// A number; see [`Field::number`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberField {
    pub(super) label: Label,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) default: Option<f64>,
}

impl NumberField {
    setter!(
        /// The least.
        minimum: f64
    );
    setter!(
        /// The most.
        maximum: f64
    );
    setter!(
        /// What is filled in beforehand, from 2025-11-25.
        default_value => default: f64
    );
}

/// A number without a fraction; see [`Field::integer`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntegerField {
    pub(super) label: Label,
    pub(super) minimum: Option<i64>,
    pub(super) maximum: Option<i64>,
    pub(super) default: Option<i64>,
}

impl IntegerField {
    setter!(
        /// The least.
        minimum: i64
    );
    setter!(
        /// The most.
        maximum: i64
    );
    setter!(
        /// What is filled in beforehand, from 2025-11-25.
        default_value => default: i64
    );
}

/// Yes or no; see [`Field::boolean`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BooleanField {
    pub(super) label: Label,
    pub(super) default: Option<bool>,
}

impl BooleanField {
    setter!(
        /// What is filled in beforehand.
        default_value => default: bool
    );
}

/// What can be chosen, and what the person sees in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choosable {
    pub(super) value: String,
    pub(super) title: Option<String>,
}

/// One of several texts; see [`Field::choice`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChoiceField {
    pub(super) label: Label,
    pub(super) options: Vec<Choosable>,
    pub(super) legacy: bool,
    pub(super) default: Option<String>,
}

impl ChoiceField {
    /// What is chosen beforehand, from 2025-11-25.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<String>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Sends titles as `enumNames` to every client, as 2025-06-18 has them, not to that revision
    /// alone.
    #[must_use]
    pub fn legacy(mut self) -> Self {
        self.legacy = true;
        self
    }
}

/// Several of several texts; see [`Field::choices`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChoicesField {
    pub(super) label: Label,
    pub(super) options: Vec<Choosable>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) default: Vec<String>,
}

impl ChoicesField {
    setter!(
        /// How many must be chosen.
        min_items: u64
    );
    setter!(
        /// How many may be chosen.
        max_items: u64
    );

    /// What is chosen beforehand.
    #[must_use]
    pub fn default_value<V: Into<String>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.default = values.into_iter().map(Into::into).collect();
        self
    }
}

fn untitled<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Vec<Choosable> {
    values.into_iter().map(|value| Choosable { value: value.into(), title: None }).collect()
}

fn titled<V: Into<String>, T: Into<String>>(
    options: impl IntoIterator<Item = (V, T)>,
) -> Vec<Choosable> {
    let option =
        |(value, title): (V, T)| Choosable { value: value.into(), title: Some(title.into()) };
    options.into_iter().map(option).collect()
}
