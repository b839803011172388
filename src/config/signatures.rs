//! `signatures:` of deployfix.yml: how the project's own tools say that they failed.

use regex::bytes::RegexBuilder;

use super::{
    fields::{Fields, text, wrong},
    invalid::{Invalid, InvalidKind},
    model::OwnSignature,
    node::Node,
    sections::finding_id,
};
use crate::report::FindingId;

const EXAMPLE: &str =
    "signatures: [ { name: …, pattern: \"^codegen: (?P<what>.+)$\", message: …, resolution: … } ]";

pub(super) fn read(fields: &Fields<'_>) -> Result<Vec<OwnSignature>, Invalid> {
    let nodes = fields.list("signatures", EXAMPLE)?;
    nodes.iter().enumerate().map(|(index, node)| signature(node, index)).collect()
}

fn signature(node: &Node, index: usize) -> Result<OwnSignature, Invalid> {
    let place = format!("signatures[{index}]");
    let keys = &["name", "id", "pattern", "message", "resolution", "hints", "terminal"];
    let fields = Fields::open(node, &place, keys)?;
    let filled = |key: &'static str, example: &'static str| {
        fields.filled(key, example)?.ok_or_else(|| fields.missing(key, example))
    };
    let id = match fields.get("id") {
        Some(node) => {
            let written = text(node, &fields.path("id"), "id: build/failed")?;
            finding_id(node, written, fields.path("id"))?
        }
        None => FindingId::BuildFailed,
    };
    let pattern = filled("pattern", "pattern: \"^codegen: (?P<what>.+)$\"")?;
    let message = filled("message", "message: \"codegen failed: {what}\"")?;
    let resolution = filled("resolution", "resolution: run it locally and commit what it writes")?;
    let mut hints = Vec::new();
    for node in fields.list("hints", "hints: [\"run `npm run codegen`\"]")? {
        hints.push(
            text(node, &fields.path("hints"), "hints: [\"run `npm run codegen`\"]")?.to_owned(),
        );
    }
    check(&fields, &pattern, [&message, &resolution].into_iter().chain(&hints))?;
    Ok(OwnSignature {
        name: filled("name", "name: codegen")?,
        id,
        pattern,
        message,
        resolution,
        hints,
        terminal: fields.boolean("terminal")?.unwrap_or(true),
    })
}

/// The pattern compiles as it will be compiled, takes no empty text, and captures what the texts use.
fn check<'a>(
    fields: &Fields<'_>,
    pattern: &str,
    texts: impl Iterator<Item = &'a String>,
) -> Result<(), Invalid> {
    let Some(node) = fields.get("pattern") else { return Ok(()) };
    let key = fields.path("pattern");
    let example = "pattern: \"^codegen: (?P<what>.+)$\"";
    let built = RegexBuilder::new(pattern).multi_line(true).unicode(false).build();
    let regex = built.map_err(|error| {
        // The first lines draw the pattern with a caret; the last says what is wrong.
        let text = error.to_string();
        let problem = text.lines().last().unwrap_or_default();
        let problem = problem.trim().trim_start_matches("error: ").to_owned();
        InvalidKind::Pattern { key: key.clone(), problem }.at(node.position)
    })?;
    if regex.is_match(b"") {
        return Err(wrong(node, &key, "a regular expression that takes no empty line", example));
    }
    for text in texts {
        for (name, _) in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
            if !regex.capture_names().flatten().any(|known| known == name) {
                let expected =
                    format!("a regular expression that captures `{name}`, which its texts use");
                return Err(wrong(node, &key, &expected, &format!("(?P<{name}>…)")));
            }
        }
    }
    Ok(())
}
