use std::{fmt::Write, sync::Arc};

use proptest::prelude::*;

use super::{
    Format, Printer, SourceText, Sources, Verbosity, github, human::finding_text,
    human::verdict_text, sarif,
};
use crate::report::{
    Edit, Evidence, Finding, FindingId, Fix, Identity, Location, PhaseName, PhaseReport, Run,
    Severity, store::Redact,
};

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn at(location: Location, line: &str) -> Finding {
    let number = location.line.unwrap_or(1);
    Finding::new(
        FindingId::BuildspecUnknownKey,
        "`comands` is no key of a phase",
        "Amplify leaves it out",
    )
    .location(location)
    .evidence(Evidence::at("amplify.yml", number, line))
}

fn extent(line: u64, from: u64, to: u64) -> Location {
    Location::at("amplify.yml", line, from).until(line, to)
}

fn fix() -> Fix {
    Fix {
        description: "rename `comands` to `commands`".into(),
        edits: vec![Edit {
            path: "amplify.yml".into(),
            start: 18,
            end: 25,
            replacement: "commands".into(),
        }],
    }
}

fn shown(width: usize, findings: &[(&str, Finding)]) -> String {
    let mut text = String::new();
    for (what, finding) in findings {
        let _ = writeln!(text, "## {what}\n{}\n", plain(&finding_text(finding, width)));
    }
    text
}

#[test]
fn findings_with_their_source_line() {
    let long = format!("  - {}needle{}", "hay ".repeat(1500), " stack".repeat(1500));
    let needle = long.find("needle").unwrap() as u64 + 1;
    let note = Evidence::new("Amplify's build log", "CustomerError: one\nand a second line");
    let findings = [
        ("extent", at(extent(12, 5, 12), "    comands: [x]")),
        ("position alone", at(Location::at("amplify.yml", 9, 5), "    comands: [x]")),
        (
            "extent over lines",
            at(Location::at("amplify.yml", 100, 5).until(103, 2), "    comands: "),
        ),
        ("behind the end", at(Location::at("amplify.yml", 1, 17), "    comands: [x]")),
        ("not the whole line", at(Location::at("amplify.yml", 1, 18), "comands: [x]")),
        ("tabs", at(extent(1, 3, 10), "\t\tcomands:\tx")),
        ("wide characters", at(extent(1, 9, 16), "  名前: 値 comands # 絵文字")),
        (
            "combined characters",
            at(extent(1, 8, 15), "e\u{301}e\u{301} \u{1f469}\u{200d} comands x"),
        ),
        ("control characters", at(extent(1, 6, 13), "\u{1b}[31m comands \u{202e} x")),
        ("long line", at(extent(1, needle, needle + 6), &long)),
        ("long extent", at(extent(1, 3, 15_000), &long)),
        ("masked before", at(extent(1, 40, 47), "  - run --token=*** comands rest")),
        ("masked within", at(extent(1, 5, 47), "  - run --token=*** comands rest")),
        ("masked behind", at(extent(1, 5, 8), "  - run --token=*** comands rest")),
        ("masked line is shorter", at(extent(1, 90, 97), "  - ***")),
        (
            "everything",
            at(extent(12, 5, 12), "    comands: [x]")
                .evidence(note.clone())
                .recovery("goes on without it")
                .fix(fix())
                .hint("commands: [x]"),
        ),
        (
            "another file's line",
            at(Location::at("package.json", 12, 5), "    comands: [x]").evidence(note),
        ),
        ("no place", Finding::new(FindingId::MemoryLow, "memory is low", "use more")),
        ("note", at(extent(12, 5, 12), "    comands: [x]").severity(Severity::Info).fix(fix())),
        (
            "note without a place",
            Finding::new(FindingId::BuildspecMissing, "there is no amplify.yml", "")
                .severity(Severity::Info)
                .recovery("uses defaults"),
        ),
    ];
    insta::assert_snapshot!(shown(80, &findings));
}

#[test]
fn verdicts() {
    let mut text = String::new();
    for (name, strict, findings) in [
        (PhaseName::Validate, false, &[][..]),
        (PhaseName::Validate, false, &[Severity::Info]),
        (PhaseName::Validate, false, &[Severity::Warning, Severity::Info]),
        (PhaseName::Validate, true, &[Severity::Warning, Severity::Warning]),
        (PhaseName::Validate, true, &[Severity::Info]),
        (PhaseName::Validate, true, &[Severity::Error, Severity::Warning]),
        (PhaseName::Build, false, &[Severity::Warning]),
    ] {
        let mut phase = PhaseReport::begin(name);
        phase.strict = strict;
        let found = |severity: &Severity| at(extent(1, 1, 2), "x").severity(*severity).fix(fix());
        phase.findings = findings.iter().map(found).collect();
        phase.finish();
        phase.duration = crate::report::Milliseconds(12);
        let _ = writeln!(text, "{}", plain(&verdict_text(&phase)));
    }
    insta::assert_snapshot!(text);
}

const FILE: &str = "version: 1\n'x':\n  \u{e9}: comands\n";

fn many() -> Vec<Finding> {
    vec![
        at(extent(3, 6, 13), "  \u{e9}: comands").severity(Severity::Info).fix(fix()),
        at(Location::at("../../a b%:c,\u{e9}.yml", 3, 6).until(4, 2), "x"),
        Finding::new(FindingId::MemoryLow, "50 % of memory: low,\r\nvery", "use more").hint("more"),
        at(Location::file("/etc/os-release"), "").severity(Severity::Error),
        at(extent(3, 6, 13), "  \u{e9}: comands"),
    ]
}

fn read(path: &str) -> Option<SourceText> {
    let content = (path == "amplify.yml").then(|| FILE.to_owned())?;
    Some(SourceText { content, byte_order_mark: true })
}

#[test]
fn annotations_of_github() {
    let sources = Sources { app: "apps/web".into(), read: &read };
    insta::assert_snapshot!(github::annotations(&many(), &sources));
}

#[test]
fn results_of_sarif() {
    let identity = Identity {
        id: "d1/main/7".into(),
        app_id: None,
        branch: None,
        commit_id: None,
        job_id: None,
        ci: None,
    };
    let run = Run::begin(identity);
    let sources = Sources { app: "apps/web".into(), read: &read };
    let log = sarif::log(&run, Some(PhaseName::Validate), &many(), &sources);
    let log = serde_json::to_value(log).unwrap();
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "deployfix/validate/apps/web/d1-main-7");
    insta::assert_json_snapshot!(log["runs"][0]["results"]);

    // The file changed since: its bytes are no longer those of the fix.
    let changed = |_: &str| {
        Some(SourceText { content: FILE.replace("version", "versions"), byte_order_mark: false })
    };
    let masked = many().into_iter().map(|mut finding| {
        let edits = finding.fix.iter_mut().flat_map(|fix| &mut fix.edits);
        edits.for_each(|edit| edit.replacement = "token: ***".into());
        finding
    });
    let moved = |_: &str| Some(SourceText { content: format!("\n{FILE}"), byte_order_mark: false });
    for (findings, sources) in [
        (masked.collect(), Sources { app: String::new(), read: &read }),
        (many(), Sources { app: String::new(), read: &moved }),
        (many(), Sources { app: String::new(), read: &|_| None }),
    ] {
        let log = serde_json::to_string(&sarif::log(&run, None, &findings, &sources)).unwrap();
        assert!(!log.contains("artifactChanges"), "{log}");
    }
    let fingerprint = |read: &dyn Fn(&str) -> Option<SourceText>, line| {
        let finding = at(extent(line, 6, 13), "  \u{e9}: comands");
        let sources = Sources { app: String::new(), read };
        let log = sarif::log(&run, None, &[finding], &sources);
        serde_json::to_value(log).unwrap()["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(fingerprint(&read, 3), fingerprint(&changed, 30));
}

struct Hide(&'static str);

impl Redact for Hide {
    fn redact(&self, text: &str) -> String {
        text.replace(self.0, "***")
    }
}

#[test]
fn what_is_drawn_was_masked_before() {
    let printer = Printer::new(
        Format::Human,
        Verbosity::Normal,
        anstream::ColorChoice::Never,
        Arc::new(Hide("fake secret value")),
    );
    // A narrow terminal would cut through the value.
    let line = format!("  - {} fake secret value {}", "x".repeat(60), "y".repeat(60));
    let finding = at(extent(1, 70, 73), &line).evidence(Evidence::new("log", "fake secret value"));
    let text = plain(&finding_text(&printer.masked(&finding), 40));
    assert!(!text.contains("secret") && !text.contains("fake"), "{text}");
    assert!(text.contains("***"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_place_in_any_line_is_drawn(
        line in "[ -~\t\u{0}-\u{1f}é日本👩\u{301}\u{200b}]{0,120}|\\PC{0,400}",
        number in prop_oneof![1_u64..2000, Just(u64::MAX)],
        column in prop_oneof![0_u64..500, Just(u64::MAX)],
        end in prop_oneof![0_u64..500, Just(u64::MAX)],
        below in 0_u64..2,
        width in 0_usize..200,
    ) {
        let location = Location::at("amplify.yml", number, column)
            .until(number.saturating_add(below), end);
        let text = plain(&finding_text(&at(location, &line), width));
        prop_assert!(text.contains("amplify.yml") && !text.contains('\x1b'));
    }

    #[test]
    fn carets_stand_below_their_characters(
        line in "[a-z: -]{1,60}",
        from in 0_usize..60,
        length in 0_usize..60,
    ) {
        let from = from % line.len();
        let length = 1 + length % (line.len() - from);
        let column = from as u64 + 1;
        let text = plain(&finding_text(&at(extent(7, column, column + length as u64), &line), 100));
        let carets = text.lines().find(|line| line.contains('^')).unwrap();
        prop_assert_eq!(carets, format!("  | {}{}", " ".repeat(from), "^".repeat(length)));
    }
}
