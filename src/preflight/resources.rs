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
    let Some(limit) = context.memory_limit.filter(|limit| *limit < LOW_MEMORY) else {
        return Vec::new();
    };
    if !context.uses_next() {
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
}
