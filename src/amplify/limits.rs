use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

/// Bytes of a server-rendered app's output, 220 MiB: user guide, "Troubleshooting server-side rendered applications",
/// and the text of the error itself.
pub(crate) const COMPUTE_SIZE: u64 = 230_686_720;
/// Bytes of any app's artifact: user guide, "Amplify Hosting service quotas", 5 GB, read as binary units like the
/// 220 MB above.
pub(crate) const ARTIFACT_SIZE: u64 = 5 * 1024 * 1024 * 1024;
/// The build instances and their memory, bytes, smallest first: user guide, "Configuring the build instance".
pub(crate) const INSTANCES: &[(&str, u64)] =
    &[("Standard", 8 << 30), ("Large", 16 << 30), ("XLarge", 72 << 30)];
/// Minutes that `_BUILD_TIMEOUT` may set: user guide, "Environment variables".
const BUILD_TIMEOUT_RANGE: RangeInclusive<u64> = 5..=120;
/// The time of a build without `_BUILD_TIMEOUT`: same page, 30 minutes.
const BUILD_TIMEOUT_DEFAULT: Duration = Duration::from_mins(30);

/// The time that the whole build may take; a `_BUILD_TIMEOUT` that Amplify would not take counts as absent.
pub(crate) fn build_timeout(environment: &BTreeMap<String, String>) -> Duration {
    environment
        .get("_BUILD_TIMEOUT")
        .and_then(|minutes| minutes.trim().parse::<u64>().ok())
        .filter(|minutes| BUILD_TIMEOUT_RANGE.contains(minutes))
        .map_or(BUILD_TIMEOUT_DEFAULT, Duration::from_mins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_is_read_as_amplify_takes_it() {
        for (value, minutes) in
            [(None, 30), (Some("5"), 5), (Some("120"), 120), (Some("4"), 30), (Some("x"), 30)]
        {
            let environment =
                value.map(|value| ("_BUILD_TIMEOUT".to_owned(), value.to_owned())).into_iter();
            assert_eq!(build_timeout(&environment.collect()).as_secs(), minutes * 60, "{value:?}");
        }
    }
}
