use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    model::workspace_patterns,
    read::{FILE, invalid},
};
use crate::report::{Finding, Location, Severity};

/// What a field must be, and what npm does where it is not.
struct Shape {
    field: &'static str,
    expected: &'static str,
    fits: fn(&Value) -> bool,
    severity: Severity,
    consequence: &'static str,
}

fn is_table_of_strings(value: &Value) -> bool {
    value.as_object().is_some_and(|table| table.values().all(Value::is_string))
}

fn is_dependency_table(value: &Value) -> bool {
    // npm takes an empty list as an empty table.
    value.as_array().is_some_and(Vec::is_empty) || is_table_of_strings(value)
}

const fn dependency_shape(field: &'static str) -> Shape {
    Shape {
        field,
        expected: "an object of package names and ranges, all of them strings",
        fits: is_dependency_table,
        severity: Severity::Error,
        consequence: "the install fails, because what stands there is taken for names of packages",
    }
}

const fn ignored_shape(
    field: &'static str,
    expected: &'static str,
    fits: fn(&Value) -> bool,
) -> Shape {
    Shape {
        field,
        expected,
        fits,
        severity: Severity::Warning,
        consequence: "npm ignores it as it is",
    }
}

/// Seen by running npm 11 over each wrong type; `null` counts as absent.
const SHAPES: &[Shape] = &[
    ignored_shape("name", "a string", Value::is_string),
    ignored_shape("scripts", "an object of names and shell commands", is_table_of_strings),
    dependency_shape("dependencies"),
    dependency_shape("devDependencies"),
    dependency_shape("optionalDependencies"),
    ignored_shape("peerDependencies", "an object of package names and ranges", is_table_of_strings),
    ignored_shape("engines", "an object such as `{ \"node\": \">=20\" }`", Value::is_object),
    ignored_shape("packageManager", "a string such as `pnpm@10.4.1`", Value::is_string),
    Shape {
        field: "workspaces",
        expected: "a list of patterns",
        fits: |value| workspace_patterns(value).is_some() || value.is_object(),
        severity: Severity::Error,
        consequence: "the install fails before anything is fetched",
    },
];

pub(super) fn wrong_types(content: &str, raw: &Map<String, Value>) -> Vec<Finding> {
    SHAPES
        .iter()
        .filter(|shape| {
            raw.get(shape.field).is_some_and(|value| !value.is_null() && !(shape.fits)(value))
        })
        .map(|shape| {
            let (line, column) = place_of(content, shape.field);
            invalid(
                format!("`{}` in `package.json` must be {}", shape.field, shape.expected),
                format!("{}; write {}", shape.consequence, shape.expected),
            )
            .severity(shape.severity)
            .location(Location::at(FILE, line, column))
        })
        .collect()
}

/// Line and column of the last top-level key of a name: a deserializer that refuses its value is told where it stands.
fn place_of(content: &str, field: &str) -> (u64, u64) {
    let mut line = 1;
    for skip in 0.. {
        let mut deserializer = serde_json::Deserializer::from_str(content);
        match deserializer.deserialize_map(Refuse { field, skip }) {
            Err(error) if error.line() > 0 => line = error.line(),
            _ => break,
        }
    }
    let text = content.lines().nth(line - 1).unwrap_or_default();
    let before = text.find(&format!("\"{field}\"")).and_then(|start| text.get(..start));
    (line as u64, before.map_or(0, |before| before.chars().count() as u64) + 1)
}

/// Refuses the value of a key after `skip` earlier ones of the same name.
struct Refuse<'a> {
    field: &'a str,
    skip: usize,
}

impl<'de> Visitor<'de> for Refuse<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        while let Some(key) = access.next_key::<String>()? {
            if key == self.field && self.skip == 0 {
                return access.next_value_seed(RefuseValue);
            }
            if key == self.field {
                self.skip -= 1;
            }
            access.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

struct RefuseValue;

impl<'de> DeserializeSeed<'de> for RefuseValue {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(D::Error::custom("refused"))
    }
}
