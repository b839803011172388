//! Keeps secret values out of everything that is written.
//!
//! A secret is known by value (its variable is declared secret, has a secret's name, or carries credentials in a URL) or by
//! shape (an access token with a well-known prefix, the password of a URL). Masking errs towards readable logs: a value too
//! short or too common to be a secret stays.

mod encodings;
mod filter;
mod forms;
mod masker;
mod matcher;
mod names;
#[cfg(test)]
mod property_tests;
mod scanner;
mod secret;
mod set;
mod shapes;
mod sources;
mod spans;
#[cfg(test)]
mod stream_tests;

pub use forms::{MINIMUM_ENCODED_LENGTH, MINIMUM_LENGTH};
pub use masker::StreamMasker;
pub use names::{is_connection_name, is_secret_name};
pub use secret::Secret;
pub use set::{MaskSet, REPLACEMENT};
pub use sources::secrets_in;
