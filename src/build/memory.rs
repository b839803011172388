use crate::process::MemoryLimit;

/// The flag of V8's old-generation heap, mebibytes; Node takes `-` and `_` alike.
const HEAP_FLAG: &str = "--max-old-space-size";
/// Share of the container that one process's heap gets at first. The rest is for the workers, which
/// inherit the flag, and for what lives outside the heap.
const FIRST_SHARE: u64 = 60;
/// Share that it may get after the heap was too small.
const LARGEST_SHARE: u64 = 85;
/// Share that it gets after the container was too small.
const REDUCED_SHARE: u64 = 35;
/// More than any build needs; V8 collects later the more it may use.
const LARGEST_FIRST_HEAP: u64 = 16 * 1024;
/// Below this Next.js does not build at all.
const SMALLEST_HEAP: u64 = 512;

/// What the build may use, and how it is told.
#[derive(Debug, Clone)]
pub(crate) struct MemoryPlan {
    /// What the container has.
    limit: Option<MemoryLimit>,
    /// `NODE_OPTIONS` of the user, as set.
    user_options: Option<String>,
    /// Heap limit in force, mebibytes; `None` leaves Node's own.
    heap: Option<u64>,
    /// Whether the heap differs from what the user's options say.
    heap_is_ours: bool,
    /// The heap with which the container was full, mebibytes; never reached again.
    ceiling: Option<u64>,
    /// Workers Next may use; `None` leaves Next's own choice.
    workers: Option<u32>,
}

impl MemoryPlan {
    /// The plan of the first attempt. `setting` is `build.memory` of deployfix.yml in bytes; a heap in
    /// the user's own `NODE_OPTIONS` is left as it is.
    pub(crate) fn new(
        limit: Option<MemoryLimit>,
        setting: Option<u64>,
        user_options: Option<&str>,
    ) -> Self {
        let user_heap = user_options.and_then(heap_of);
        let planned = setting
            .map(|bytes| bytes / MEBIBYTE)
            .or_else(|| Some(share(limit?, FIRST_SHARE).min(LARGEST_FIRST_HEAP)));
        Self {
            limit,
            user_options: user_options.map(str::to_owned),
            heap: user_heap.or(planned),
            heap_is_ours: user_heap.is_none() && planned.is_some(),
            ceiling: None,
            workers: None,
        }
    }

    /// The variables that carry the plan to Node and Next.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = Vec::new();
        if let Some(heap) = self.heap.filter(|_| self.heap_is_ours) {
            variables.push(("NODE_OPTIONS", with_heap(self.user_options.as_deref(), heap)));
        }
        if let Some(workers) = self.workers {
            // Next takes one less than this for `experimental.cpus` (read in 14, 15 and 16).
            variables.push(("CIRCLE_NODE_TOTAL", (workers + 1).to_string()));
        }
        variables
    }

    /// Heap limit in force, bytes.
    pub(crate) fn heap_bytes(&self) -> Option<u64> {
        self.heap.map(|mebibytes| mebibytes * MEBIBYTE)
    }

    /// Whether Next may use several workers.
    pub(crate) fn is_parallel(&self) -> bool {
        self.workers != Some(1)
    }

    /// After the heap was full: a larger one within the container, then fewer workers.
    pub(crate) fn raise(&mut self) -> Result<String, String> {
        let Some(limit) = self.limit else {
            return Err(
                "the memory of the container is unknown, a larger heap could exceed it".into()
            );
        };
        let before = self.heap.unwrap_or_default();
        let largest =
            share(limit, LARGEST_SHARE).min(self.ceiling.map_or(u64::MAX, |full| full - 1));
        let wanted = (before * 2).max(share(limit, FIRST_SHARE)).min(largest);
        if wanted > before {
            self.heap = Some(wanted);
            self.heap_is_ours = true;
            return Ok(format!(
                "raises the V8 heap from {before} MiB to {wanted} MiB ({HEAP_FLAG} in NODE_OPTIONS)"
            ));
        }
        if self.is_parallel() {
            self.workers = Some(1);
            return Ok("builds with one worker (CIRCLE_NODE_TOTAL=2, which Next reads)".into());
        }
        Err(format!(
            "the heap of {before} MiB is all that the container of {} MiB can give",
            limit.bytes / MEBIBYTE
        ))
    }

    /// After the container was full: fewer workers and a smaller heap.
    pub(crate) fn lower(&mut self) -> Result<String, String> {
        let before = self.heap;
        self.ceiling = before.into_iter().chain(self.ceiling).min();
        let reduced = self.limit.map(|limit| share(limit, REDUCED_SHARE));
        let wanted = match (before, reduced) {
            (Some(before), Some(reduced)) if reduced < before => Some(reduced),
            (Some(before), _) => Some(before * 2 / 3),
            (None, reduced) => reduced,
        }
        .map(|wanted| wanted.max(SMALLEST_HEAP));
        let smaller = wanted.filter(|wanted| before.is_none_or(|before| *wanted < before));
        let fewer = self.is_parallel();
        let mut changes = Vec::new();
        if fewer {
            self.workers = Some(1);
            changes
                .push("builds with one worker (CIRCLE_NODE_TOTAL=2, which Next reads)".to_owned());
        }
        if let Some(wanted) = smaller {
            self.heap = Some(wanted);
            self.heap_is_ours = true;
            let before =
                before.map_or_else(|| "Node's own".to_owned(), |before| format!("{before} MiB"));
            changes.push(format!(
                "lowers the V8 heap from {before} to {wanted} MiB ({HEAP_FLAG} in NODE_OPTIONS)"
            ));
        }
        if changes.is_empty() {
            return Err("one worker and the smallest heap were not little enough".into());
        }
        Ok(changes.join(", "))
    }

    /// The settings that make the plan in force permanent.
    pub(crate) fn permanent_settings(&self) -> String {
        self.variables()
            .into_iter()
            .map(|(name, value)| format!("`{name}={value}`"))
            .collect::<Vec<_>>()
            .join(" and ")
    }
}

const MEBIBYTE: u64 = 1024 * 1024;

fn share(limit: MemoryLimit, percent: u64) -> u64 {
    limit.bytes / MEBIBYTE * percent / 100
}

fn is_heap_flag(option: &str) -> bool {
    let name = option.split('=').next().unwrap_or_default();
    name.replace('_', "-") == HEAP_FLAG
}

/// The last heap limit in `NODE_OPTIONS`, mebibytes, as Node takes it.
fn heap_of(options: &str) -> Option<u64> {
    let mut heap = None;
    let mut parts = options.split_whitespace().map(|part| part.trim_matches('"'));
    while let Some(part) = parts.next() {
        if is_heap_flag(part) {
            let value = part.split_once('=').map(|(_, value)| value).or_else(|| parts.next());
            heap = value.and_then(|value| value.parse().ok()).or(heap);
        }
    }
    heap
}

/// The user's options, byte for byte, with the heap limit behind them: of two, Node takes the last.
fn with_heap(options: Option<&str>, heap: u64) -> String {
    match options.map(str::trim).filter(|options| !options.is_empty()) {
        Some(options) => format!("{options} {HEAP_FLAG}={heap}"),
        None => format!("{HEAP_FLAG}={heap}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: Option<MemoryLimit> =
        Some(MemoryLimit { bytes: 8 << 30, source: "cgroup v2" });

    #[test]
    fn the_heap_comes_from_the_container() {
        let plan = MemoryPlan::new(CONTAINER, None, None);
        assert_eq!(plan.variables(), [("NODE_OPTIONS", "--max-old-space-size=4915".to_owned())]);
    }

    #[test]
    fn the_users_options_are_kept() {
        let plan =
            MemoryPlan::new(CONTAINER, None, Some("--max_old_space_size=7000 --trace-warnings"));
        assert_eq!(plan.variables(), []);
        assert_eq!(plan.heap_bytes(), Some(7000 * MEBIBYTE));
        let plan = MemoryPlan::new(CONTAINER, Some(3 << 30), Some("--no-deprecation"));
        assert_eq!(
            plan.variables(),
            [("NODE_OPTIONS", "--no-deprecation --max-old-space-size=3072".to_owned())]
        );
    }

    #[test]
    fn a_full_heap_grows_within_the_container_then_loses_workers() {
        let mut plan = MemoryPlan::new(CONTAINER, None, Some("--max-old-space-size=64"));
        assert!(plan.raise().unwrap().contains("from 64 MiB to 4915 MiB"));
        assert_eq!(
            plan.variables(),
            [("NODE_OPTIONS", "--max-old-space-size=64 --max-old-space-size=4915".to_owned())]
        );
        plan.raise().unwrap();
        assert_eq!(plan.heap, Some(8192 * 85 / 100));
        assert!(plan.raise().unwrap().contains("one worker"));
        plan.raise().unwrap_err();
    }

    #[test]
    fn a_heap_that_filled_the_container_is_not_reached_again() {
        let mut plan = MemoryPlan::new(CONTAINER, None, None);
        let killed_with = plan.heap;
        plan.lower().unwrap();
        plan.raise().unwrap();
        assert!(plan.heap < killed_with);
    }

    #[test]
    fn a_full_container_never_gets_a_larger_heap() {
        for options in [None, Some("--max-old-space-size=100"), Some("--max-old-space-size=7000")] {
            let mut plan = MemoryPlan::new(CONTAINER, None, options);
            while let Ok(_change) = {
                let before = plan.heap;
                let result = plan.lower();
                assert!(plan.heap <= before, "{options:?}");
                result
            } {
                assert!(!plan.is_parallel());
            }
        }
    }
}
