//! The `environment` section: the contract of variables.

use std::collections::BTreeMap;

use regex::Regex;

use super::{
    fields::{Fields, choice, mapping, text, wrong},
    invalid::{Invalid, InvalidKind},
    kind::VariableType,
    model::Variable,
    node::Node,
};

const KEYS: &[&str] = &[
    "type",
    "values",
    "secret",
    "runtime",
    "required",
    "default",
    "pattern",
    "minLength",
    "maxLength",
    "description",
];

/// Reads every declared variable.
pub(super) fn read(node: &Node) -> Result<BTreeMap<String, Variable>, Invalid> {
    let mut variables = BTreeMap::new();
    for (key, node) in mapping(node, "environment")? {
        if !is_name(&key.text) {
            return Err(InvalidKind::VariableName { name: key.text.clone() }.at(key.position));
        }
        let mut variable = variable(node, &key.text)?;
        variable.line = key.position.line;
        variables.insert(key.text.clone(), variable);
    }
    Ok(variables)
}

/// Whether a shell could set a variable of this name.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn variable(node: &Node, name: &str) -> Result<Variable, Invalid> {
    let fields = Fields::open(node, &format!("environment.{name}"), KEYS)?;
    let length = |key: &str| {
        fields.integer(key, "a number of characters", &format!("{key}: 8"), 0..=1_000_000)
    };
    let variable = Variable {
        kind: kind(&fields)?,
        secret: fields.boolean("secret")?.unwrap_or(false),
        runtime: fields.boolean("runtime")?.unwrap_or(false),
        required: fields.boolean("required")?.unwrap_or(true),
        default: fields.text("default", "default: \"…\"")?.map(ToOwned::to_owned),
        pattern: pattern(&fields)?,
        min_length: length("minLength")?,
        max_length: length("maxLength")?,
        description: fields.text("description", "description: \"…\"")?.map(ToOwned::to_owned),
        line: 1,
    };
    if let (Some(least), Some(most), Some(node)) =
        (variable.min_length, variable.max_length, fields.get("maxLength"))
        && least > most
    {
        return Err(InvalidKind::Contradiction {
            key: fields.path("minLength"),
            other: fields.path("maxLength"),
            resolution: "no value can have fewer and more characters at once; correct one of them",
        }
        .at(node.position));
    }
    if let (Some(default), Some(node)) = (&variable.default, fields.get("default"))
        && let Err(misfit) = variable.check(default)
    {
        let problem = misfit.to_string();
        return Err(InvalidKind::Default { name: name.to_owned(), problem }.at(node.position));
    }
    Ok(variable)
}

fn kind(fields: &Fields<'_>) -> Result<VariableType, Invalid> {
    let Some(node) = fields.get("type") else {
        return match fields.get("values") {
            Some(node) => Err(values_without_enum(fields, node)),
            None => Ok(VariableType::String),
        };
    };
    let [string, url, integer, number, boolean, email, enumeration, json] = VariableType::NAMES;
    let mut kind = choice(
        node,
        &fields.path("type"),
        &[
            (string, VariableType::String),
            (url, VariableType::Url),
            (integer, VariableType::Integer),
            (number, VariableType::Number),
            (boolean, VariableType::Boolean),
            (email, VariableType::Email),
            (enumeration, VariableType::Enum(Vec::new())),
            (json, VariableType::Json),
        ],
    )?;
    match (&mut kind, fields.get("values")) {
        (VariableType::Enum(_), None) => return Err(fields.missing("values", "values: [a, b]")),
        (VariableType::Enum(values), Some(node)) => {
            for item in fields.list("values", "values: [a, b]")? {
                let path = fields.path("values");
                values.push(text(item, &path, "values: [a, b]")?.to_owned());
            }
            if values.is_empty() {
                let path = fields.path("values");
                return Err(wrong(node, &path, "a list that is not empty", "values: [a, b]"));
            }
        }
        (_, Some(node)) => return Err(values_without_enum(fields, node)),
        (_, None) => {}
    }
    Ok(kind)
}

fn values_without_enum(fields: &Fields<'_>, node: &Node) -> Invalid {
    InvalidKind::Contradiction {
        key: fields.path("values"),
        other: fields.path("type"),
        resolution: "`values` belongs to `type: enum`; write that, or remove `values`",
    }
    .at(node.position)
}

fn pattern(fields: &Fields<'_>) -> Result<Option<Regex>, Invalid> {
    let Some(node) = fields.get("pattern") else { return Ok(None) };
    let source = text(node, &fields.path("pattern"), "pattern: \"^[a-z]+$\"")?;
    Regex::new(source).map(Some).map_err(|error| {
        // The first lines draw the pattern with a caret; the last says what is wrong.
        let text = error.to_string();
        let problem = text.lines().last().unwrap_or_default();
        let problem = problem.trim().trim_start_matches("error: ").to_owned();
        InvalidKind::Pattern { key: fields.path("pattern"), problem }.at(node.position)
    })
}
