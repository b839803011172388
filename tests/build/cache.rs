//! A build cache that makes the build fail.

use std::fs;

use crate::{
    app::{app_on, attempts, recovered},
    support::Project,
};

#[test]
fn a_cut_off_cache_of_turbopack_is_removed_and_nothing_else() {
    // Next 16 keeps Turbopack's database between builds, and does not start over a damaged one. (webpack, in Next 14
    // and 15, reads a cut off pack as an empty one and builds on.)
    let damaged = ".next/cache/turbopack/v16.4.6-54b876b6/CURRENT";
    let project = app_on("16.4.6", "19.3.1")
        .file(damaged, "{\"current")
        .file(".next/cache/cypress/tool", "of the user");
    let ran = project.run(&["build"]).exits(0);
    recovered(
        &ran,
        &["build/cache-corrupt clear-cache"],
        &["`.next/cache/**/*` out of `cache.paths`"],
    );
    let evidence = attempts(&ran)[0]["finding"]["evidence"].to_string();
    assert!(evidence.contains("Loading persistence directory failed"), "{evidence}");
    assert_eq!(project.read(".next/cache/cypress/tool"), "of the user");
    assert!(
        fs::read_to_string(project.root().join(damaged)).is_ok_and(|text| text != "{\"current")
    );
}

/// What stacks of webpack's reader look like.
const STACK: &str = "Error: Unexpected end of object at position 74021
    at BinaryMiddleware._deserialize (/app/node_modules/next/dist/compiled/webpack/bundle5.js:28:1)
    at ObjectMiddleware.deserialize (/app/node_modules/next/dist/compiled/webpack/bundle5.js:28:2)";

#[test]
fn a_failure_of_the_cache_is_told_from_one_beside_a_cache() {
    let build = "if [ -f .next/cache/webpack/0.pack ]; then cat message; exit 1; fi";
    let project =
        Project::with_build(build).file("message", STACK).file(".next/cache/webpack/0.pack", "x");
    let ran = project.run(&["build"]).exits(0);
    recovered(&ran, &["build/cache-corrupt clear-cache"], &[]);

    // webpack warns about what it cannot read and builds on; what fails then fails for another reason.
    let warned = "<w> [webpack.cache.PackFileCacheStrategy] Restoring failed for ResolverCachePlugin: Error: x\nError: no title\n";
    let project =
        Project::with_build(build).file("message", warned).file(".next/cache/webpack/0.pack", "x");
    let ran = project.run(&["build"]).exits(30);
    assert_eq!(ran.findings("build")[0].1, "build/failed");
    assert_eq!(project.read(".next/cache/webpack/0.pack"), "x");

    // Without a cache there is nothing to remove.
    let project = Project::with_build("cat message; exit 1").file("message", STACK);
    let ran = project.run(&["build"]).exits(30);
    let finding = ran.finding("build", "build/cache-corrupt");
    assert!(finding["recovery"].as_str().unwrap().contains("there is nothing in"), "{finding}");
    assert_eq!(attempts(&ran).len(), 1);
}
