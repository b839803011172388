use std::fs;

/// What Next reads for the number of its workers, in 13, 14, 15 and 16: it starts one less than this, and without it
/// one less than the machine has processors.
const VARIABLE: &str = "CIRCLE_NODE_TOTAL";

/// The workers that Next starts.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    /// How many it starts by itself.
    number: u64,
    /// Whether next.config says how many, so that no variable counts.
    decided: bool,
    reduced: bool,
}

impl Workers {
    /// From the processors, the variable as the user set it, and whether next.config decides by itself.
    pub(crate) fn new(processors: u64, variable: Option<&str>, decided: bool) -> Self {
        let total = variable.and_then(|text| text.trim().parse().ok()).filter(|total| *total > 0);
        let number = total.unwrap_or(processors).saturating_sub(1).max(1);
        Self { number, decided, reduced: false }
    }

    pub(super) fn are_several(&self) -> bool {
        !self.reduced && (self.decided || self.number > 1)
    }

    pub(super) fn are_reduced(&self) -> bool {
        self.reduced
    }

    /// One worker; says so where that is a change.
    pub(super) fn reduce(&mut self) -> Option<String> {
        if self.decided || !self.are_several() {
            return None;
        }
        self.reduced = true;
        Some(format!(
            "builds with one worker instead of {} ({VARIABLE}=2, which Next reads)",
            self.number
        ))
    }

    /// Why there cannot be fewer, behind a sentence.
    pub(super) fn why_not(&self) -> &'static str {
        if self.decided {
            "; the workers are those of `experimental.cpus` or `experimental.memoryBasedWorkersCount` in next.config"
        } else {
            ""
        }
    }

    pub(super) fn variable(&self) -> Option<(&'static str, String)> {
        self.reduced.then(|| (VARIABLE, "2".to_owned()))
    }
}

/// Processors as Node counts them: those of the machine, also in a container that may use fewer.
pub(crate) fn processors() -> u64 {
    let listed = fs::read_to_string("/proc/stat").map(|text| count(&text)).unwrap_or_default();
    if listed > 0 {
        return listed;
    }
    std::thread::available_parallelism().map_or(1, |number| number.get() as u64)
}

fn count(stat: &str) -> u64 {
    let is_processor = |line: &&str| {
        line.strip_prefix("cpu")
            .is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()))
    };
    stat.lines().filter(is_processor).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_leaves_one_processor_free() {
        let number = |processors, variable| Workers::new(processors, variable, false).number;
        assert_eq!(number(4, None), 3);
        assert_eq!(number(2, None), 1);
        assert_eq!(number(1, None), 1);
        assert_eq!(number(8, Some("3")), 2);
        assert_eq!(number(8, Some("no")), 7);
    }

    #[test]
    fn only_processors_are_counted() {
        assert_eq!(count("cpu  1 2\ncpu0 1 2\ncpu1 1 2\nintr 5\n"), 2);
    }
}
