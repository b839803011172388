//! Every log below `fixtures/logs` against the ids that its index expects, with a report of precision and recall.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{LogVerdict, Scanner, Table, diagnose_log};

/// One row of an index: a log, and the ids that are right, best first; none for a log of success.
struct Row {
    path: PathBuf,
    expected: Vec<String>,
}

fn rows(index: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(index).unwrap();
    let folder = index.parent().unwrap();
    text.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut cells = line.split('\t');
            let path = folder.join(cells.next().unwrap());
            let expected = cells.next().unwrap().split(' ').filter(|id| *id != "-");
            Row { path, expected: expected.map(ToOwned::to_owned).collect() }
        })
        .collect()
}

fn named(log: &[u8]) -> Option<String> {
    let mut scanner = Scanner::new(Table::known());
    scanner.feed(log);
    match diagnose_log(Table::known(), scanner.finish(), "build.log") {
        LogVerdict::Failed(diagnosis) => Some(diagnosis.primary.id.as_str().to_owned()),
        LogVerdict::Succeeded | LogVerdict::Unclear => None,
    }
}

#[test]
fn every_log_is_named() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs");
    let others = std::env::var_os("DEPLOYFIX_LOGS").map(PathBuf::from);
    let folders = std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path());
    let mut indexes: Vec<_> =
        folders.chain(others).map(|folder| folder.join("index.tsv")).collect();
    indexes.sort();
    // Of each id: expected, named, and both.
    let mut counts: BTreeMap<String, [u32; 3]> = BTreeMap::new();
    let (mut all, mut right) = (0, 0);
    for row in indexes.iter().filter(|index| index.is_file()).flat_map(|index| rows(index)) {
        let found = named(&std::fs::read(&row.path).unwrap());
        let is_right = match &found {
            Some(id) => row.expected.contains(id),
            None => row.expected.is_empty(),
        };
        all += 1;
        right += u32::from(is_right);
        let name = |id: Option<&String>| id.map_or("-", String::as_str).to_owned();
        let (found, best) = (name(found.as_ref()), name(row.expected.first()));
        let expected = if is_right { found.clone() } else { best };
        counts.entry(expected.clone()).or_default()[0] += 1;
        counts.entry(found.clone()).or_default()[1] += 1;
        counts.entry(found.clone()).or_default()[2] += u32::from(is_right);
        if !is_right {
            println!("{}: expected {expected}, named {found}", row.path.display());
        }
    }
    println!("{:44} precision recall logs", "id");
    for (id, [expected, named, both]) in counts {
        let share = |whole: u32| match whole {
            0 => "-".to_owned(),
            _ => format!("{:.0} %", 100.0 * f64::from(both) / f64::from(whole)),
        };
        println!("{id:44} {:>9} {:>6} {expected:>4}", share(named), share(expected));
    }
    println!("{right} of {all} logs, {:.1} %", 100.0 * f64::from(right) / f64::from(all));
}
