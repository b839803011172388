use super::{Learned, Workers, heap};
use crate::process::MemoryLimit;

/// Share of the container that one process's heap gets at first. The rest is for the workers, and for
/// what lives outside the heap.
const FIRST_SHARE: u64 = 60;
/// Share that it may get after the heap was too small.
const LARGEST_SHARE: u64 = 85;
/// Share that it gets after the container was too small.
const REDUCED_SHARE: u64 = 35;
/// More than any build needs; V8 collects later the more it may use.
const LARGEST_FIRST_HEAP: u64 = 16 * 1024;
/// Below this Next.js does not build at all.
const SMALLEST_HEAP: u64 = 512;
const MEBIBYTE: u64 = 1024 * 1024;

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
    /// Whether the workers that render pages get the heap as well.
    reaches_workers: bool,
    /// The heap with which the container was full, mebibytes; never reached again.
    ceiling: Option<u64>,
    workers: Workers,
    /// Whether a failure, now or in an earlier build, made it differ from what the container alone says.
    adjusted: bool,
}

impl MemoryPlan {
    /// The plan of the first attempt. `setting` is `build.memory` of deployfix.yml in bytes; a heap in
    /// the user's own `NODE_OPTIONS` is left as it is.
    pub(crate) fn new(
        limit: Option<MemoryLimit>,
        setting: Option<u64>,
        user_options: Option<&str>,
        workers: Workers,
    ) -> Self {
        let user_heap = user_options.and_then(heap::of);
        let planned = setting
            .map(|bytes| bytes / MEBIBYTE)
            .or_else(|| Some(share(limit?, FIRST_SHARE).min(LARGEST_FIRST_HEAP)));
        Self {
            limit,
            user_options: user_options.map(str::to_owned),
            heap: user_heap.or(planned),
            heap_is_ours: user_heap.is_none() && planned.is_some(),
            reaches_workers: user_options.is_some_and(heap::reaches_workers),
            ceiling: None,
            workers,
            adjusted: false,
        }
    }

    /// Begins with what an earlier build on such a container succeeded with, or carefully where it needed more than
    /// there is now. Says what it changed. Nothing the user set is overruled.
    pub(crate) fn learn(&mut self, learned: &Learned) -> Option<String> {
        let limit = self.limit?;
        if !self.heap_is_ours {
            return None;
        }
        if let Some(settings) = learned.settings_for(limit.bytes) {
            let heap = settings.heap.map(|bytes| bytes / MEBIBYTE);
            // What was learned under other rules must not break those of today.
            self.heap = heap.filter(|heap| *heap <= share(limit, LARGEST_SHARE)).or(self.heap);
            self.reaches_workers = true;
            self.adjusted = true;
            if settings.one_worker {
                self.workers.reduce();
            }
            return Some(format!(
                "begins with what the last build succeeded with: {}",
                self.permanent_settings()
            ));
        }
        let needed = learned.peak_memory.filter(|needed| *needed > limit.bytes)?;
        let change = self.lower().ok()?;
        // A guess of ours, not yet a build that was full.
        self.ceiling = None;
        Some(format!(
            "the last build needed {} MiB, the container has {} MiB: {change}",
            needed / MEBIBYTE,
            limit.bytes / MEBIBYTE
        ))
    }

    /// The variables that carry the plan to Node and Next.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = Vec::new();
        if let Some(heap) = self.heap.filter(|_| self.heap_is_ours) {
            let options = self.user_options.as_deref();
            variables.push(("NODE_OPTIONS", heap::with(options, heap, self.reaches_workers)));
        }
        variables.extend(self.workers.variable());
        variables
    }

    /// Heap limit in force, bytes.
    pub(crate) fn heap_bytes(&self) -> Option<u64> {
        self.heap.map(|mebibytes| mebibytes * MEBIBYTE)
    }

    /// Whether Next may use several workers.
    pub(crate) fn is_parallel(&self) -> bool {
        self.workers.are_several()
    }

    /// Whether deployfix reduced the workers to one.
    pub(crate) fn has_reduced_workers(&self) -> bool {
        self.workers.are_reduced()
    }

    /// Whether a failure made it differ from what the container alone says.
    pub(crate) fn is_adjusted(&self) -> bool {
        self.adjusted
    }

    /// What the container has.
    pub(crate) fn limit(&self) -> Option<MemoryLimit> {
        self.limit
    }

    /// After the heap was full: a larger one within the container, then the largest with one worker.
    /// `in_worker` tells that a worker which renders pages was full.
    pub(crate) fn raise(&mut self, in_worker: bool) -> Result<String, String> {
        let Some(limit) = self.limit else {
            return Err(
                "the memory of the container is unknown, a larger heap could exceed it".into()
            );
        };
        let before = self.heap.unwrap_or_default();
        let largest =
            share(limit, LARGEST_SHARE).min(self.ceiling.map_or(u64::MAX, |full| full - 1));
        let withheld = in_worker && !self.reaches_workers;
        let first = share(limit, FIRST_SHARE).min(LARGEST_FIRST_HEAP);
        // The workers had Node's own limit so far, the heap of the plan may be enough for them.
        let wanted =
            if withheld { before.max(first) } else { (before * 2).max(first) }.min(largest);
        let mut changes = Vec::new();
        if wanted > before || (withheld && wanted == before) {
            let change = if wanted > before {
                format!("raises the V8 heap from {before} MiB to {wanted} MiB")
            } else {
                format!(
                    "gives the heap of {wanted} MiB to the workers as well, from which Next keeps it"
                )
            };
            self.set_heap(wanted);
            changes.push(format!("{change} ({} in NODE_OPTIONS)", heap::REACHING_FLAG));
        }
        // The second step is the last that the usual three attempts have room for.
        if (self.adjusted || changes.is_empty())
            && let Some(change) = self.workers.reduce()
        {
            changes.push(change);
        }
        if changes.is_empty() {
            return Err(format!(
                "the heap of {before} MiB is all that the container of {} MiB can give{}",
                limit.bytes / MEBIBYTE,
                self.workers.why_not()
            ));
        }
        self.adjusted = true;
        Ok(changes.join(", "))
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
        let mut changes: Vec<_> = self.workers.reduce().into_iter().collect();
        if let Some(wanted) = smaller {
            self.set_heap(wanted);
            let before =
                before.map_or_else(|| "Node's own".to_owned(), |before| format!("{before} MiB"));
            changes.push(format!(
                "lowers the V8 heap from {before} to {wanted} MiB ({} in NODE_OPTIONS)",
                heap::REACHING_FLAG
            ));
        }
        if changes.is_empty() {
            return Err(format!(
                "one worker and the smallest heap were not little enough{}",
                self.workers.why_not()
            ));
        }
        self.adjusted = true;
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

    fn set_heap(&mut self, heap: u64) {
        self.heap = Some(heap);
        self.heap_is_ours = true;
        self.reaches_workers = true;
    }
}

fn share(limit: MemoryLimit, percent: u64) -> u64 {
    limit.bytes / MEBIBYTE * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::store::Settings;

    fn several() -> Workers {
        Workers::new(4, None, false)
    }

    const CONTAINER: Option<MemoryLimit> =
        Some(MemoryLimit { bytes: 8 << 30, source: "cgroup v2" });

    #[test]
    fn the_heap_comes_from_the_container() {
        let plan = MemoryPlan::new(CONTAINER, None, None, several());
        assert_eq!(plan.variables(), [("NODE_OPTIONS", "--max-old-space-size=4915".to_owned())]);
    }

    #[test]
    fn the_users_options_are_kept() {
        let plan = MemoryPlan::new(
            CONTAINER,
            None,
            Some("--max_old_space_size=7000 --trace-warnings"),
            several(),
        );
        assert_eq!(plan.variables(), []);
        assert_eq!(plan.heap_bytes(), Some(7000 * MEBIBYTE));
        let plan = MemoryPlan::new(CONTAINER, Some(3 << 30), Some("--no-deprecation"), several());
        assert_eq!(
            plan.variables(),
            [("NODE_OPTIONS", "--no-deprecation --max-old-space-size=3072".to_owned())]
        );
    }

    #[test]
    fn a_full_heap_grows_within_the_container_then_loses_workers() {
        let mut plan = MemoryPlan::new(CONTAINER, None, Some("--max-old-space-size=64"), several());
        assert!(plan.raise(false).unwrap().contains("from 64 MiB to 4915 MiB"));
        assert_eq!(
            plan.variables(),
            [("NODE_OPTIONS", "--max-old-space-size=64 --max-old_space-size=4915".to_owned())]
        );
        let second = plan.raise(false).unwrap();
        assert!(second.contains("to 6963 MiB") && second.contains("one worker"), "{second}");
        assert!(!plan.is_parallel());
        plan.raise(false).unwrap_err();
    }

    #[test]
    fn a_full_worker_first_gets_the_heap_that_next_keeps_from_it() {
        let mut plan = MemoryPlan::new(CONTAINER, None, None, several());
        let change = plan.raise(true).unwrap();
        assert!(change.contains("4915 MiB to the workers as well"), "{change}");
        assert!(plan.raise(true).unwrap().contains("from 4915 MiB to 6963 MiB"));
    }

    #[test]
    fn one_worker_is_not_promised_where_there_is_no_other() {
        let alone = Workers::new(2, None, false);
        let mut plan = MemoryPlan::new(CONTAINER, None, None, alone);
        let change = plan.lower().unwrap();
        assert!(!change.contains("worker"), "{change}");
        let mut plan = MemoryPlan::new(CONTAINER, None, None, Workers::new(8, None, true));
        let change = plan.lower().unwrap();
        assert!(!change.contains("worker"), "{change}");
        while plan.lower().is_ok() {}
        assert!(plan.lower().unwrap_err().contains("experimental.cpus"));
    }

    #[test]
    fn what_was_learned_is_where_the_next_build_begins() {
        let settings = Settings { memory_limit: 8 << 30, heap: Some(6000 << 20), one_worker: true };
        let learned = Learned { peak_memory: Some(7 << 30), settings: Some(settings) };
        let mut plan = MemoryPlan::new(CONTAINER, None, None, several());
        let told = plan.learn(&learned).unwrap();
        assert!(told.contains("--max-old_space-size=6000") && told.contains("CIRCLE_NODE_TOTAL=2"));

        // Another container: only what was needed counts, and only where it is more than there is.
        let large = Some(MemoryLimit { bytes: 16 << 30, source: "cgroup v2" });
        let mut plan = MemoryPlan::new(large, None, None, several());
        assert_eq!(plan.learn(&learned), None);
        let small = Some(MemoryLimit { bytes: 4 << 30, source: "cgroup v2" });
        let mut plan = MemoryPlan::new(small, None, None, several());
        assert!(plan.learn(&learned).unwrap().contains("needed 7168 MiB, the container has 4096"));

        // The user's own word is the last.
        let mut plan = MemoryPlan::new(small, None, Some("--max-old-space-size=2000"), several());
        assert_eq!(plan.learn(&learned), None);
    }

    #[test]
    fn a_heap_that_filled_the_container_is_not_reached_again() {
        let mut plan = MemoryPlan::new(CONTAINER, None, None, several());
        let killed_with = plan.heap;
        plan.lower().unwrap();
        plan.raise(false).unwrap();
        assert!(plan.heap < killed_with);
    }

    #[test]
    fn a_full_container_never_gets_a_larger_heap() {
        for options in [None, Some("--max-old-space-size=100"), Some("--max-old-space-size=7000")] {
            let mut plan = MemoryPlan::new(CONTAINER, None, options, several());
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
