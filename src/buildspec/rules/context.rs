use std::cell::OnceCell;

use super::strays::{self, Stray};
use crate::{
    buildspec::{
        find::SpecFile,
        lint::Surroundings,
        model::{App, Spec},
        node::{Node, Place, Spanned},
        selection::{Selection, normal, select},
        shell::Commands,
    },
    project::Project,
    report::{Edit, Evidence, Finding, FindingId, Fix, Location, Severity},
};

/// Bytes above which a line proves nothing to a reader.
const LONGEST_LINE: usize = 4096;

/// What the rules know.
#[derive(Debug)]
pub(crate) struct RuleContext<'a> {
    /// The file.
    pub(crate) file: &'a SpecFile,
    /// Its meaning.
    pub(crate) spec: &'a Spec,
    /// `AMPLIFY_MONOREPO_APP_ROOT`.
    pub(crate) declared_root: Option<&'a str>,
    /// The app root relative to the repository; empty where they are one.
    pub(crate) project_path: &'a str,
    /// The app on disk; absent where only the file is at hand.
    pub(crate) project: Option<&'a Project>,
    /// Whether this is an Amplify build.
    pub(crate) on_amplify: bool,
    /// The commands of each app; read at the first need.
    commands: OnceCell<Vec<Commands>>,
    /// The keys that stand where Amplify does not read them; found at the first need.
    strays: OnceCell<Vec<Stray<'a>>>,
}

impl<'a> RuleContext<'a> {
    /// What is known of a file that parses.
    pub(crate) fn new(
        file: &'a SpecFile,
        spec: &'a Spec,
        Surroundings { declared_root, project_path, project, on_amplify }: Surroundings<'a>,
    ) -> Self {
        Self {
            file,
            spec,
            declared_root,
            project_path,
            project,
            on_amplify,
            commands: OnceCell::new(),
            strays: OnceCell::new(),
        }
    }

    /// The app of the specification that is built.
    pub(crate) fn selection(&self) -> Selection<'a> {
        select(self.spec, self.declared_root.or(Some(self.project_path)))
    }

    /// Every app of the specification; an error in one that is not built is only a warning. A file
    /// alone does not tell which one is built: then each of them is.
    pub(super) fn apps(&self) -> impl Iterator<Item = (&'a App, Severity)> {
        let built = match self.selection() {
            Selection::App(app) | Selection::NotMonorepo(app) => Some(app),
            Selection::NoMatch | Selection::Ambiguous => None,
        };
        let any = self.project.is_none() && self.declared_root.is_none();
        let is_mapping = matches!(self.spec.root.value, Node::Mapping(_));
        self.spec.apps.iter().filter(move |_| is_mapping).map(move |app| {
            let is_built = any || built.is_some_and(|built| std::ptr::eq(built, app));
            (app, if is_built { Severity::Error } else { Severity::Warning })
        })
    }

    /// Every app with its commands, as `apps` gives them.
    pub(super) fn commands(&self) -> impl Iterator<Item = (&'a App, &Commands, Severity)> {
        let text = &self.file.text.content;
        let commands = self.commands.get_or_init(|| Commands::read_all(&self.spec.apps, text));
        self.apps().zip(commands).map(|((app, severity), commands)| (app, commands, severity))
    }

    /// Every key that its level does not know.
    pub(super) fn strays(&self) -> &[Stray<'a>] {
        self.strays.get_or_init(|| strays::find(self))
    }

    /// Whether `AMPLIFY_MONOREPO_APP_ROOT` names another folder than the one that is looked at.
    pub(super) fn declared_elsewhere(&self) -> bool {
        self.declared_root.is_some_and(|root| normal(root) != normal(self.project_path))
    }

    /// A finding at a place of the file, with the line that stands there.
    pub(super) fn finding(
        &self,
        id: FindingId,
        place: Place,
        message: impl Into<String>,
        resolution: impl Into<String>,
    ) -> Finding {
        let path = &self.file.relative_path;
        let line = self.line(place);
        let finding = Finding::new(id, message, resolution).location(self.location(place));
        match line.trim_end() {
            "" => finding,
            // Many findings in one endless line would each carry all of it.
            line if line.len() > LONGEST_LINE => finding,
            line => finding.evidence(Evidence::at(path, place.line, line)),
        }
    }

    /// A place as findings state it.
    pub(super) fn location(&self, place: Place) -> Location {
        let location = Location::at(&self.file.relative_path, place.line, place.column);
        if place.end <= place.start {
            return location;
        }
        let (line, column) = self.file.positions.position(&self.file.text.content, place.end);
        location.until(line, column)
    }

    /// A change of the file: the bytes of a place are replaced.
    pub(super) fn replacement(
        &self,
        place: Place,
        replacement: impl Into<String>,
        description: impl Into<String>,
    ) -> Fix {
        let to_number = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
        Fix {
            description: description.into(),
            edits: vec![Edit {
                path: self.file.relative_path.clone(),
                start: to_number(place.start),
                end: to_number(place.end),
                replacement: replacement.into(),
            }],
        }
    }

    /// The place of a key, else of the mapping that should hold it.
    pub(super) fn key_place(node: &Spanned<Node>, key: &str) -> Place {
        node.value.entry(key).map_or(node.place, |(key, _)| key.place)
    }

    /// The line ending of the file.
    pub(super) fn line_ending(&self) -> &'static str {
        if self.file.text.content.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The line of a place.
    pub(super) fn line(&self, place: Place) -> &'a str {
        self.file.positions.line(&self.file.text.content, place.line)
    }
}

/// What Amplify's build log says, word for word.
pub(super) fn platform_message(text: impl Into<String>) -> Evidence {
    Evidence::new("Amplify's build log", text)
}
