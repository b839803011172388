use std::sync::LazyLock;

use regex::Regex;

use super::RuleContext;
use crate::{
    amplify::INSTANCES,
    buildspec::node::Place,
    process::memory_limit,
    report::{Evidence, Finding, FindingId, Severity, render::format_bytes},
};

const MEBIBYTE: u64 = 1024 * 1024;

#[expect(clippy::unwrap_used, reason = "constant pattern, compiled by every test")]
static HEAP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"--max[-_]old[-_]space[-_]size(?:=|\s+)(\d{1,9})\b").unwrap());

/// A heap of Node that the instance has no memory for.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let here = context.on_amplify.then(memory_limit).flatten().map(|limit| limit.bytes);
    for (app, commands, _) in context.commands() {
        let variables =
            app.env_variables.iter().map(|(_, value)| (value.value.as_str(), value.place));
        let words = commands.invocations.iter().flat_map(|invocation| {
            let values = invocation.assignments.iter().map(|assignment| &assignment.value);
            invocation.words.iter().chain(values)
        });
        let words = words.map(|word| (word.raw.as_str(), word.place));
        for (text, place) in variables.chain(words) {
            let Some(found) = HEAP.captures(text) else { continue };
            let Ok(megabytes) = found[1].parse::<u64>() else { continue };
            let place = inner(context, place, &found[0]);
            findings.extend(finding(context, place, megabytes * MEBIBYTE, here));
        }
    }
    findings
}

/// The place of the option within that of the word, where it stands there as it is.
fn inner(context: &RuleContext<'_>, place: Place, option: &str) -> Place {
    let text = &context.file.text.content;
    let found = text.get(place.start..place.end).and_then(|text| text.find(option));
    let Some(offset) = found else { return place };
    let start = place.start + offset;
    let (line, column) = crate::project::position(text, start);
    Place { line, column, start, end: start + option.len() }
}

fn finding(
    context: &RuleContext<'_>,
    place: Place,
    heap: u64,
    here: Option<u64>,
) -> Option<Finding> {
    let build = |message: String, resolution: String| {
        context.finding(FindingId::BuildspecHeapAboveMemory, place, message, resolution)
    };
    let size = format_bytes(heap);
    if let Some(memory) = here {
        return is_close(heap, memory).then(|| {
            build(
                format!("Node may take a heap of {size}, but this build has {}", format_bytes(memory)),
                "the kernel kills the build before Node collects its garbage; leave at least a quarter of the memory to everything else".to_owned(),
            )
            .severity(if heap >= memory { Severity::Warning } else { Severity::Info })
            .evidence(Evidence::new("memory limit", format!("{memory} bytes")))
        });
    }
    let (_, standard) = INSTANCES.first()?;
    if !is_close(heap, *standard) {
        return None;
    }
    let Some((name, memory)) = INSTANCES.iter().find(|(_, memory)| !is_close(heap, *memory)) else {
        return Some(build(
            format!("Node may take a heap of {size}, more than any build instance has room for"),
            "the kernel kills the build before Node collects its garbage; lower the number"
                .to_owned(),
        ));
    };
    let resolution = format!(
        "the kernel kills the build before Node collects its garbage; choose `{name}` ({}) under Hosting, Build settings, or lower the number",
        format_bytes(*memory)
    );
    let fits = INSTANCES.iter().find(|(_, memory)| heap < *memory);
    Some(match fits {
        Some((close, memory)) if fits == INSTANCES.first() => build(
            format!(
                "Node may take a heap of {size}, nearly all {} of the `{close}` instance",
                format_bytes(*memory)
            ),
            resolution,
        )
        .severity(Severity::Info),
        _ => build(
            format!(
                "Node may take a heap of {size}, but the `{}` instance has {} in all",
                INSTANCES[0].0,
                format_bytes(*standard)
            ),
            resolution,
        ),
    })
}

/// Nine tenths and more leave no room for what is not heap.
fn is_close(heap: u64, memory: u64) -> bool {
    heap >= memory / 10 * 9
}
