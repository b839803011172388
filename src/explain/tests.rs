use std::{collections::BTreeSet, fs, path::Path};

use walkdir::WalkDir;

use super::{
    Page, document, files,
    markdown::{Line, lines},
};
use crate::{
    recovery::Remedy,
    report::{Area, FindingId},
};

const NOT_YET: &str = "does not report this id yet";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in backticks outside of blocks of code.
fn code_spans(text: &str) -> Vec<&str> {
    lines(text)
        .filter_map(|line| match line {
            Line::Prose(line) => Some(line),
            _ => None,
        })
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

/// The sections' titles and what stands below each.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    for line in lines(text) {
        match (line, sections.last_mut()) {
            (Line::Heading(2, title), _) => sections.push((title, String::new())),
            (Line::Fence(line) | Line::Code(line) | Line::Prose(line), Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (_, _) => {}
        }
    }
    sections
}

#[test]
fn every_page_has_the_same_sections() {
    for id in FindingId::ALL {
        let text = id.explanation();
        assert!(text.starts_with(&format!("# {id}\n\n")), "{id}");
        let sections = sections(text);
        let titles: Vec<_> = sections.iter().map(|(title, _)| *title).collect();
        let [shows, rest @ ..] = &titles[..] else { panic!("{id} has no sections") };
        assert!(["What Amplify shows", "What the tool shows"].contains(shows), "{id}: {shows}");
        assert_eq!(rest, ["Why it happens", "How to fix it", "What deployfix does"], "{id}");
        for (title, body) in &sections {
            assert!(!body.trim().is_empty(), "{id}: `{title}` is empty");
        }
        assert!(sections[2].1.contains("\n```"), "{id}: the fix needs an example");
    }
}

#[test]
fn every_page_is_short_and_whole() {
    for id in FindingId::ALL {
        let text = id.explanation();
        let summary = Page::of(*id).summary;
        assert!(summary.ends_with('.') && !summary.contains('\n'), "{id}: {summary}");
        assert!(text.lines().count() <= 60, "{id} is too long for the middle of the night");
        assert!(text.ends_with('\n') && !text.contains("\n\n\n") && !text.contains('\t'), "{id}");
        let fences: Vec<_> = lines(text).filter(|line| matches!(line, Line::Fence(_))).collect();
        assert!(fences.len().is_multiple_of(2), "{id}: a block of code is not closed");
        assert!(
            fences.iter().step_by(2).all(|fence| *fence != Line::Fence("```")),
            "{id}: a block of code has no language"
        );
        for line in lines(text) {
            let Line::Prose(line) = line else { continue };
            assert!(line.split('`').count() % 2 == 1, "{id}: {line}");
            assert!(!line.contains("]("), "{id}: name other ids in backticks: {line}");
        }
    }
}

#[test]
fn every_file_is_the_page_of_an_id() {
    let known: BTreeSet<_> = FindingId::ALL.iter().map(|id| format!("{id}.md")).collect();
    let folder = root().join("explanations");
    let found: BTreeSet<_> = WalkDir::new(&folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, known);
}

#[test]
fn ids_that_a_page_names_exist() {
    let areas: BTreeSet<_> =
        FindingId::ALL.iter().map(|id| id.as_str().split_once('/').unwrap().0).collect();
    for id in FindingId::ALL {
        for span in code_spans(id.explanation()) {
            let Some((area, slug)) = span.split_once('/') else { continue };
            let is_id = areas.contains(area)
                && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(!is_id || span.parse::<FindingId>().is_ok(), "{id} names `{span}`");
        }
    }
}

#[test]
fn recoveries_are_those_that_exist() {
    let known: BTreeSet<_> =
        FindingId::ALL.iter().flat_map(|id| Remedy::of(*id)).map(|remedy| remedy.name()).collect();
    for id in FindingId::ALL {
        let (_, does) = sections(id.explanation()).pop().unwrap();
        let named: Vec<_> =
            code_spans(&does).into_iter().filter(|span| known.contains(span)).collect();
        let expected: Vec<_> = Remedy::of(*id).iter().map(|remedy| remedy.name()).collect();
        assert_eq!(named, expected, "{id}");
    }
}

/// Whatever begins to report an id has to say so on its page.
#[test]
fn a_page_says_when_nothing_reports_its_id() {
    let sources: String = WalkDir::new(root().join("src"))
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| {
            let path = entry.path().strip_prefix(root()).unwrap().to_str().unwrap();
            !["catalogue.rs", "remedy.rs", "tests.rs"].iter().any(|name| path.ends_with(name))
                && !path.starts_with("src/explain")
        })
        .map(|entry| fs::read_to_string(entry.path()).unwrap_or_default())
        .collect();
    for id in FindingId::ALL {
        let variant = format!("FindingId::{id:?}");
        let in_code = sources.match_indices(&variant).any(|(at, _)| {
            !sources[at + variant.len()..].starts_with(|next: char| next.is_alphanumeric())
        });
        let in_table = sources.contains(&format!("  id: {id}\n"));
        assert_eq!(id.explanation().contains(NOT_YET), !in_code && !in_table, "{id}");
    }
}

#[test]
fn pages_of_rules_say_how_to_silence_and_what_is_mended() {
    for id in FindingId::ALL {
        let Some(rule) = id.as_str().strip_prefix("configuration/buildspec-") else { continue };
        let page = id.explanation();
        let elsewhere = ["syntax", "missing", "two-files", "invalid-ignore"].contains(&rule);
        let silence = format!("`# deployfix-ignore: {id} <reason>`");
        assert!(elsewhere || page.contains(&silence), "{id}");
        let rule = root().join(format!("src/buildspec/rules/{}.rs", rule.replace('-', "_")));
        let mends = fs::read_to_string(rule).is_ok_and(|source| source.contains(".fix("));
        assert!(!mends || page.contains("`validate --fix`"), "{id}");
    }
}

#[test]
fn weight_and_exit_code_come_from_the_catalogue() {
    for (id, line) in [
        (FindingId::BuildspecSyntax, "error · stops with exit code 11; `validate` alone with 1"),
        (FindingId::OutOfMemoryHeap, "error · stops with exit code 30"),
        (FindingId::RegistryUnreachable, "error · stops with exit code 75"),
        (FindingId::DeployfixInvalid, "error · stops with exit code 2"),
        (FindingId::Interrupted, "error · stops with exit code 130 (SIGINT) or 143 (SIGTERM)"),
        (
            FindingId::BuildspecUnknownKey,
            "warning · stops `validate --strict` alone, with exit code 1",
        ),
        (FindingId::ReportUnreadable, "warning · stops nothing"),
        (FindingId::BuildspecMissing, "info · stops nothing"),
    ] {
        let page = Page::of(id).markdown;
        assert_eq!(page.lines().nth(4), Some(line), "{page}");
    }
    for id in FindingId::ALL {
        assert!(!id.explanation().contains("exit code 11") || id.area() == Area::Internal, "{id}");
    }
}

fn links(text: &str) -> Vec<&str> {
    lines(text)
        .filter_map(|line| match line {
            Line::Prose(line) => Some(line),
            _ => None,
        })
        .flat_map(|line| line.split("](").skip(1))
        .map(|rest| rest.split(')').next().unwrap())
        .collect()
}

#[test]
fn links_of_the_document_lead_to_its_headings() {
    let document = document();
    let mut anchors = BTreeSet::new();
    for line in lines(&document) {
        let Line::Heading(level, title) = line else { continue };
        let anchor: String = title
            .to_lowercase()
            .chars()
            .filter(|character| character.is_alphanumeric() || "- _".contains(*character))
            .map(|character| if character == ' ' { '-' } else { character })
            .collect();
        assert!(anchors.insert(anchor.clone()) || level == 3, "two headings are #{anchor}");
    }
    let links = links(&document);
    assert!(links.len() > FindingId::ALL.len());
    for link in links {
        let anchor = link.strip_prefix('#').unwrap();
        assert!(anchors.contains(anchor), "#{anchor}");
    }
}

#[test]
fn links_of_the_files_lead_to_files() {
    let files = files();
    let paths: BTreeSet<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths.len(), FindingId::ALL.len() + 1);
    for file in &files {
        let up = file.path.matches('/').count();
        for link in links(&file.text) {
            let target = link.strip_prefix(&"../".repeat(up)).unwrap();
            assert!(paths.contains(target), "{}: {link}", file.path);
        }
    }
}
