use super::*;
use crate::schema::Capability;
