//! The text of a new amplify.yml.

use std::fmt::Write as _;

/// Where `artifacts.files` points: everything below `baseDirectory`.
const EVERYTHING: &str = "**/*";

/// A specification to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SpecPlan {
    /// Comment lines at the top.
    pub(crate) heading: Vec<String>,
    /// One app for a plain specification; with an `app_root` each, the list of `applications`.
    pub(crate) apps: Vec<AppPlan>,
}

/// One app of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AppPlan {
    /// `appRoot`, relative to the repository; nothing where the app is the repository.
    pub(crate) app_root: Option<String>,
    /// `buildPath`, where it is not the app root.
    pub(crate) build_path: Option<Step>,
    /// `backend.phases.build`.
    pub(crate) backend: Vec<Step>,
    /// `frontend.phases.preBuild`.
    pub(crate) before: Vec<Step>,
    /// `frontend.phases.build`.
    pub(crate) build: Vec<Step>,
    /// `frontend.phases.postBuild`.
    pub(crate) after: Vec<Step>,
    /// `artifacts.baseDirectory`.
    pub(crate) base_directory: String,
    /// `cache.paths`.
    pub(crate) cache: Vec<Step>,
}

/// One value of the file, and why it stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// The value; nothing for a comment alone.
    pub(crate) value: Option<String>,
    /// Lines of the comment above it.
    pub(crate) comment: Vec<String>,
}

impl Step {
    /// A value that explains itself.
    pub(crate) fn plain(value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), comment: Vec::new() }
    }

    /// A value and its reason.
    pub(crate) fn because(value: impl Into<String>, comment: impl Into<String>) -> Self {
        Self { value: Some(value.into()), comment: vec![comment.into()] }
    }

    /// A comment alone.
    pub(crate) fn note(comment: &[&str]) -> Self {
        Self { value: None, comment: comment.iter().map(|line| (*line).to_owned()).collect() }
    }
}

impl SpecPlan {
    /// The text of the file.
    pub(crate) fn render(&self) -> String {
        let mut text = Lines::default();
        for line in &self.heading {
            text.comment(line);
        }
        text.line("version: 1");
        if self.apps.iter().all(|app| app.app_root.is_none()) {
            for app in &self.apps {
                app.render(&mut text);
            }
            return text.content;
        }
        text.line("applications:");
        for app in &self.apps {
            let root = app.app_root.as_deref().unwrap_or_default();
            text.line(&format!("  - appRoot: {}", scalar(root)));
            text.indent = 4;
            app.render(&mut text);
            text.indent = 0;
        }
        text.content
    }
}

impl AppPlan {
    fn render(&self, text: &mut Lines) {
        if !self.backend.is_empty() {
            text.line("backend:");
            text.line("  phases:");
            text.phase("build", &self.backend);
        }
        text.line("frontend:");
        if let Some(path) = &self.build_path {
            text.value("  buildPath: ", 2, path);
        }
        text.line("  phases:");
        text.phase("preBuild", &self.before);
        text.phase("build", &self.build);
        text.phase("postBuild", &self.after);
        text.line("  artifacts:");
        text.line(&format!("    baseDirectory: {}", scalar(&self.base_directory)));
        text.line("    files:");
        text.line(&format!("      - {}", scalar(EVERYTHING)));
        if !self.cache.is_empty() {
            text.line("  cache:");
            text.line("    paths:");
            for path in &self.cache {
                text.value("      - ", 6, path);
            }
        }
    }
}

#[derive(Default)]
struct Lines {
    content: String,
    indent: usize,
}

impl Lines {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.content, "{:1$}{line}", "", self.indent);
    }

    fn comment(&mut self, text: &str) {
        // A line break, or what YAML takes for one, would end the comment.
        let text: String = text.chars().map(|c| if is_ordinary(c) { c } else { ' ' }).collect();
        self.line(format!("# {text}").trim_end());
    }

    fn phase(&mut self, name: &str, steps: &[Step]) {
        if steps.iter().all(|step| step.value.is_none()) {
            return;
        }
        self.line(&format!("    {name}:"));
        self.line("      commands:");
        for step in steps {
            self.value("        - ", 8, step);
        }
    }

    fn value(&mut self, lead: &str, comment_indent: usize, step: &Step) {
        self.indent += comment_indent;
        for line in &step.comment {
            self.comment(line);
        }
        self.indent -= comment_indent;
        if let Some(value) = &step.value {
            self.line(&format!("{lead}{}", scalar(value)));
        }
    }
}

/// A text as YAML reads it back as that text, plain where that is safe.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    if text.chars().all(is_ordinary) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            ordinary if is_ordinary(ordinary) => quoted.push(ordinary),
            other if u32::from(other) > 0xffff => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(other));
            }
            other => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A character that stands for itself in every style: printable, and no kind of white space but the blank.
fn is_ordinary(character: char) -> bool {
    character == ' '
        || !(character.is_control()
            || character.is_whitespace()
            || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'))
}

/// Whether a text needs no quotes as a value in a block; rather too few than too many.
fn is_plain(text: &str) -> bool {
    const RESERVED: [&str; 10] =
        ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan"];
    let begins_well =
        text.starts_with(|first: char| first.is_ascii_alphabetic() || "_./".contains(first));
    let safe = |c: char| c.is_ascii_graphic() && !matches!(c, ':' | '#') || c == ' ';
    begins_well
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str())
        // Numbers, `.inf`, dates and their kin.
        && (!text.starts_with('.') || text.contains('/') || text.get(1..).is_some_and(|rest| {
            rest.chars().next().is_some_and(|c| c.is_ascii_lowercase())
                && !matches!(rest.to_ascii_lowercase().as_str(), "inf" | "nan")
        }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::{model::Spec, parse::parse};
    use proptest::prelude::*;

    #[test]
    fn what_is_safe_stays_readable() {
        for text in [
            "npm ci --cache .npm --prefer-offline",
            ".next/cache/**/*",
            ".next",
            "/",
            "env | grep -E '^(A|B)=' >> .env.production || true",
        ] {
            assert_eq!(scalar(text), text);
        }
        assert_eq!(scalar("**/*"), "'**/*'");
        assert_eq!(scalar("it's: x"), "'it''s: x'");
        assert_eq!(scalar("a\nb"), "\"a\\u000Ab\"");
        assert_eq!(scalar("1.0"), "'1.0'");
        assert_eq!(scalar("Yes"), "'Yes'");
    }

    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[-:#&*!|>'\"%@`{}\\[\\],? \t\n.~/a-c0-9\u{85}\u{2028}\u{feff}é😀]{0,12}",
            "(true|null|~|\\.inf|0x1f|1e3|2001-01-01|- a|: |<<|=|---|\\.\\.\\.)",
        ]
    }

    proptest! {
        #[test]
        fn any_names_and_paths_are_read_back(
            root in hostile(),
            path in hostile(),
            command in hostile(),
            base in hostile(),
            comment in hostile(),
            cache in hostile(),
        ) {
            let app = AppPlan {
                app_root: Some(root.clone()),
                build_path: Some(Step::because(&path, &comment)),
                before: vec![Step::because(&command, &comment), Step::note(&[&comment])],
                build: vec![Step::plain("npm run build")],
                base_directory: base.clone(),
                cache: vec![Step::plain(&cache)],
                ..AppPlan::default()
            };
            let text = SpecPlan { heading: vec![comment], apps: vec![app] }.render();
            let spec = Spec::new(parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?);
            prop_assert_eq!(spec.apps.len(), 1);
            let app = &spec.apps[0];
            let frontend = app.frontend.as_ref().unwrap();
            prop_assert_eq!(app.app_root.as_ref().map(|root| root.value.as_str()), Some(root.as_str()));
            prop_assert_eq!(&frontend.build_path.as_ref().unwrap().value, &path);
            prop_assert_eq!(&app.commands().next().unwrap().value, &command);
            let artifacts = frontend.artifacts.as_ref().unwrap();
            prop_assert_eq!(&artifacts.base_directory.as_ref().unwrap().value, &base);
            prop_assert_eq!(&artifacts.files[0].value, EVERYTHING);
            prop_assert_eq!(&frontend.cache.as_ref().unwrap().paths[0].value, &cache);
        }
    }
}
