use super::Context;
use crate::{
    process::free_disk,
    report::{Evidence, Finding, FindingId, Severity, render::format_bytes},
};

const MEBIBYTE: u64 = 1024 * 1024;
/// Below this an install or a build may run out of space.
const LOW_DISK: u64 = 2048 * MEBIBYTE;
/// Below this not even the dependencies of a small Next.js app fit.
const TOO_LITTLE_DISK: u64 = 200 * MEBIBYTE;
/// Below this builds of Next.js are often killed.
const LOW_MEMORY: u64 = 2048 * MEBIBYTE;

/// Free space at the app root.
pub(super) fn disk(context: &Context<'_>) -> Vec<Finding> {
    free_disk(&context.project.root).and_then(disk_finding).into_iter().collect()
}

fn disk_finding(free: u64) -> Option<Finding> {
    (free < LOW_DISK).then(|| {
        let severity = if free < TOO_LITTLE_DISK { Severity::Error } else { Severity::Warning };
        Finding::new(
            FindingId::DiskSpaceLow,
            format!("only {} are free on the disk of the app", format_bytes(free)),
            "npm only warns when the disk is full, and the build then fails on broken packages; free space before the install",
        )
        .severity(severity)
        .evidence(Evidence::new("statvfs", format!("{free} bytes available")))
    })
}

/// Memory of the container, where a limit is known.
pub(super) fn memory(context: &Context<'_>) -> Vec<Finding> {
    let Some(limit) = context.memory_limit else { return Vec::new() };
    if let Some(needed) = context.needed_memory {
        // What a build has succeeded with says more than what builds usually need.
        return needed_memory(limit, needed).into_iter().collect();
    }
    if limit >= LOW_MEMORY || !context.uses_next() {
        return Vec::new();
    }
    vec![
        Finding::new(
            FindingId::MemoryLow,
            format!("the build may use only {} of memory", format_bytes(limit)),
            "builds of Next.js are often killed below 2 GiB; give the build more memory, or expect it to run with fewer workers",
        )
        .evidence(Evidence::new("memory limit", format!("{limit} bytes"))),
    ]
}

fn needed_memory(limit: u64, needed: u64) -> Option<Finding> {
    (limit < needed).then(|| {
        Finding::new(
            FindingId::MemoryLow,
            format!(
                "the last successful build needed {} of memory, this container has {}",
                format_bytes(needed),
                format_bytes(limit)
            ),
            "the build may be killed; `deployfix build` begins with a smaller heap and one worker, which takes longer",
        )
        .severity(Severity::Warning)
        .hint("choose a larger build instance in the Amplify console (Hosting > Build settings)")
        .evidence(Evidence::new("memory limit", format!("{limit} bytes")))
        .evidence(Evidence::new(".deployfix/history.jsonl", format!("peak memory {needed} bytes")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_space_warns_and_none_fails() {
        let severity = |free| disk_finding(free).map(|finding| finding.severity);
        assert_eq!(severity(LOW_DISK), None);
        assert_eq!(severity(LOW_DISK - 1), Some(Severity::Warning));
        assert_eq!(severity(TOO_LITTLE_DISK - 1), Some(Severity::Error));
    }

    #[test]
    fn a_build_that_fitted_is_no_reason_to_warn() {
        assert_eq!(needed_memory(8 << 30, 3 << 30), None);
        assert_eq!(needed_memory(1 << 30, 1 << 30), None);
        let finding = needed_memory(4 << 30, 5 << 30).unwrap();
        assert_eq!(finding.severity, Severity::Warning);
        assert!(finding.message.contains("5.0 GiB") && finding.message.contains("4.0 GiB"));
    }
}
