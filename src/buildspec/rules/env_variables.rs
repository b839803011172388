use std::sync::LazyLock;

use regex::Regex;

use super::RuleContext;
use crate::{
    buildspec::node::{Node, Spanned},
    env::looks_secret,
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecEnvVariables;
/// Characters that a value may have at most, as the console and the API have it.
const LONGEST_VALUE: usize = 5500;

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static EXPANSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})").unwrap()
});

/// `env` and the variables in it.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, _) in context.apps() {
        let Some((env_key, env)) = app.node.value.entry("env") else { continue };
        if !matches!(env.value, Node::Mapping(_) | Node::Null) {
            findings.push(not_a_mapping(context, env_key, env, "`variables`"));
            continue;
        }
        let Some((key, variables)) = env.value.entry("variables") else { continue };
        if !matches!(variables.value, Node::Mapping(_) | Node::Null) {
            findings.push(not_a_mapping(context, key, variables, "`NAME: value`"));
            continue;
        }
        for (name, value) in variables.value.entries() {
            findings.extend(of_name(context, name));
            findings.extend(of_value(context, name, value));
        }
    }
    findings
}

fn not_a_mapping(
    context: &RuleContext<'_>,
    key: &Spanned<String>,
    value: &Spanned<Node>,
    expected: &str,
) -> Finding {
    // The items may hold secrets: the key's line is shown, not theirs.
    bare(
        context,
        key,
        format!("`{}` is {}, not a mapping", key.value, value.value.kind()),
        format!(
            "Amplify reads {expected} from it; write each variable as `NAME: value`, without `- `"
        ),
    )
}

/// A finding at a name, without the line: a secret may stand in it.
fn bare(
    context: &RuleContext<'_>,
    name: &Spanned<String>,
    message: String,
    resolution: String,
) -> Finding {
    Finding::new(ID, message, resolution).location(context.location(name.place))
}

fn of_name(context: &RuleContext<'_>, name: &Spanned<String>) -> Option<Finding> {
    if name.value == "<<" {
        return None;
    }
    let is_name = !name.value.is_empty()
        && !name.value.starts_with(|first: char| first.is_ascii_digit())
        && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Some(bare(
            context,
            name,
            format!("`{}` is no name of a variable for bash", name.value),
            "the commands cannot read it as `$NAME`; use letters, digits and `_` only".to_owned(),
        ));
    }
    name.value.starts_with("AWS").then(|| {
        bare(
            context,
            name,
            format!("`{}` begins with `AWS`, which Amplify keeps for itself", name.value),
            "the console refuses such names, and Amplify sets its own; choose another name"
                .to_owned(),
        )
    })
}

fn of_value(
    context: &RuleContext<'_>,
    name: &Spanned<String>,
    value: &Spanned<Node>,
) -> Option<Finding> {
    let text = match &value.value {
        Node::Sequence(_) | Node::Mapping(_) => {
            return Some(bare(
                context,
                name,
                format!("the value of `{}` is {}, not a string", name.value, value.value.kind()),
                "a variable holds one text; write structured data as quoted JSON".to_owned(),
            ));
        }
        Node::Null => {
            return Some(bare(
                context,
                name,
                format!("`{}` has no value", name.value),
                "whether Amplify leaves it unset or sets a text such as `null` is not documented; give it a value, or remove it".to_owned(),
            ));
        }
        Node::Boolean(_) => return None,
        Node::Number(text) | Node::String(text) => text,
    };
    if let Some(what) = looks_secret(text) {
        return Some(bare(
            context,
            name,
            format!("the value of `{}` looks like {what}", name.value),
            "everyone who can read the repository has it; renew it, and set it in the console's environment variables instead".to_owned(),
        ));
    }
    let length = text.chars().count();
    if length > LONGEST_VALUE {
        return Some(bare(
            context,
            name,
            format!("the value of `{}` has {length} characters", name.value),
            format!("Amplify takes at most {LONGEST_VALUE}; put it in a file of the repository"),
        ));
    }
    let expansion = EXPANSION.find(text)?;
    Some(
        bare(
            context,
            name,
            format!("the value of `{}` holds `{}`", name.value, expansion.as_str()),
            "whether Amplify expands variables there is not documented; export it in a command instead".to_owned(),
        )
        .severity(Severity::Info)
        .hint(format!("- export {}=...", name.value)),
    )
}
