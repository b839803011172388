//! That what deployfix sets is what each version of Next reads.

use std::collections::BTreeSet;

use crate::{app::app_on, support::Project};

/// The processes that rendered pages, and the heap limit of each, with these variables.
fn workers(project: Project, total: &str, options: &str) -> (usize, BTreeSet<String>) {
    let page = "import fs from 'fs';
import v8 from 'v8';
export default async function Page() {
  const heap = Math.round(v8.getHeapStatistics().heap_size_limit / 1048576);
  fs.appendFileSync(process.cwd() + '/workers', `${process.pid} ${heap}\\n`);
  await new Promise(resolve => setTimeout(resolve, 200));
  return <p>x</p>;
}";
    let mut project = project
        .file(
            "next.config.js",
            "module.exports = { experimental: { staticGenerationMinPagesPerWorker: 1 } };",
        )
        .variable("CIRCLE_NODE_TOTAL", total)
        .variable("NODE_OPTIONS", options);
    for name in ["a", "b", "c", "d", "e", "f"] {
        project = project.file(&format!("app/{name}/page.jsx"), page);
    }
    project.run(&["build"]).exits(0);
    let text = project.read("workers");
    let column = |index: usize| -> BTreeSet<String> {
        text.lines().map(|line| line.split(' ').nth(index).unwrap().to_owned()).collect()
    };
    (column(0).len(), column(1))
}

#[test]
#[ignore = "installs and builds three versions of Next, for minutes: cargo test --test build -- --ignored of_every_version"]
fn the_variables_reach_the_workers_of_every_version() {
    for (next, react) in [("14.2.35", "18.3.1"), ("15.5.29", "19.3.1"), ("16.4.6", "19.3.1")] {
        let (several, _) = workers(app_on(next, react), "5", "--max-old-space-size=3000");
        let (one, heaps) = workers(app_on(next, react), "2", "--max-old_space-size=3000");
        assert!(several > 1 && one == 1, "{next}: {several}, {one}");
        assert_eq!(heaps.len(), 1, "{next}: {heaps:?}");
        let heap: u64 = heaps.first().unwrap().parse().unwrap();
        assert!((2900..3200).contains(&heap), "{next}: {heap}");
    }
}
