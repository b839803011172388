//! Every log below `fixtures/logs` against the ids that its index expects, with a printed report of precision and recall.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{diagnose, fixtures};

/// Of a hundred logs so many must be named rightly.
const LEAST_RIGHT: f64 = 97.0;

/// One row of an index: a log, and the ids that are right, best first; none for a log of success.
struct Row {
    path: PathBuf,
    expected: Vec<String>,
}

fn rows(index: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(index).unwrap();
    let folder = index.parent().unwrap();
    let lines = text.lines().skip(1).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut cells = line.split('\t');
            let path = folder.join(cells.next().unwrap());
            let expected = cells.next().unwrap().split(' ').filter(|id| *id != "-");
            Row { path, expected: expected.map(ToOwned::to_owned).collect() }
        })
        .collect()
}

/// `DEPLOYFIX_LOGS` adds a folder with an index.tsv.
#[test]
fn every_log_is_named() {
    let others = std::env::var_os("DEPLOYFIX_LOGS").map(PathBuf::from);
    let folders = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    let mut indexes: Vec<_> =
        folders.chain(others).map(|folder| folder.join("index.tsv")).collect();
    indexes.sort();
    let indexes = indexes.iter().filter(|index| index.is_file());
    let rows: Vec<_> = indexes.flat_map(|index| rows(index)).collect();
    let paths: Vec<_> = rows.iter().map(|row| row.path.to_str().unwrap()).collect();
    let report = diagnose(&[&["--format", "json"], &paths[..]].concat(), b"").json();
    let diagnoses = report["diagnoses"].as_array().unwrap();
    assert_eq!(diagnoses.len(), rows.len());

    // Of each id: expected, named, and both.
    let mut counts: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    let mut confused: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut alarms = Vec::new();
    for (row, diagnosis) in rows.iter().zip(diagnoses) {
        assert_eq!(diagnosis["log"], row.path.to_str().unwrap());
        let found = diagnosis["primary"]["id"].as_str().unwrap_or("-");
        let is_right = match found {
            "-" => row.expected.is_empty(),
            found => row.expected.iter().any(|expected| expected == found),
        };
        let best = row.expected.first().map_or("-", String::as_str);
        let expected = if is_right { found } else { best };
        counts.entry(expected).or_default()[0] += 1;
        counts.entry(found).or_default()[1] += 1;
        counts.entry(found).or_default()[2] += u32::from(is_right);
        if !is_right {
            confused.entry((expected, found)).or_default().push(row.path.to_str().unwrap());
        }
        if row.expected.is_empty() && found != "-" {
            alarms.push(row.path.display());
        }
    }
    println!("{:44} precision recall logs", "id");
    for (id, [expected, named, both]) in &counts {
        let share = |whole: u32| match whole {
            0 => "-".to_owned(),
            _ => format!("{:.0} %", 100.0 * f64::from(*both) / f64::from(whole)),
        };
        println!("{id:44} {:>9} {:>6} {expected:>4}", share(*named), share(*expected));
    }
    for ((expected, found), logs) in &confused {
        println!("{expected} was named {found} in {}", logs.join(", "));
    }
    let wrong: usize = confused.values().map(Vec::len).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let right = 100.0 * (rows.len() - wrong) as f64 / rows.len() as f64;
    println!("{} of {} logs, {right:.1} %", rows.len() - wrong, rows.len());
    assert!(alarms.is_empty(), "an error was found in a log of success: {alarms:?}");
    assert!(right >= LEAST_RIGHT, "{right:.1} % of the logs are named rightly");
}
