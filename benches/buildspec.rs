//! What one specification costs: reading it and every rule, without an app.
//!
//! `cargo bench --bench buildspec`; over the fixtures, and over `*.yml` of the folder that
//! `DEPLOYFIX_BENCH_FOLDER` names.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::{
    fs,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

/// Each file is checked this often; its time is the median.
const ROUNDS: usize = 21;

fn main() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/buildspec");
    measure("fixtures", &[fixtures.join("bad"), fixtures.join("good")]);
    if let Some(folder) = std::env::var_os("DEPLOYFIX_BENCH_FOLDER") {
        measure("folder", &[folder.into()]);
    }
}

fn measure(name: &str, folders: &[std::path::PathBuf]) {
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten())
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yml"));
    let mut times: Vec<(Duration, String)> = files
        .filter_map(|path| Some((time(&fs::read(&path).ok()?), path.display().to_string())))
        .collect();
    times.sort();
    let Some((worst, slowest)) = times.last() else { return println!("{name}: no files") };
    println!(
        "{name}: {} files, median {:?}, p99 {:?}, worst {worst:?} ({slowest})",
        times.len(),
        times[times.len() / 2].0,
        times[(times.len() * 99).div_ceil(100) - 1].0,
    );
}

fn time(content: &[u8]) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            black_box(deployfix::commands::count_findings(black_box(content)));
            started.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}
