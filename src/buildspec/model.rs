use super::node::{Node, Spanned};

/// What amplify.yml says; the tree under it keeps what this does not name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    /// The whole file.
    pub(crate) root: Spanned<Node>,
    /// Whether there is an `applications` key.
    pub(crate) monorepo: bool,
    /// The one app, or each of `applications`.
    pub(crate) apps: Vec<App>,
}

/// One app of a specification.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_field_names, reason = "the names of the file's own keys")]
pub(crate) struct App {
    /// The mapping it was read from.
    pub(crate) node: Spanned<Node>,
    /// `appRoot`, where it is a string.
    pub(crate) app_root: Option<Spanned<String>>,
    /// `env.variables`: name and the text of the value.
    pub(crate) env_variables: Vec<(Spanned<String>, Spanned<String>)>,
    /// `backend`
    pub(crate) backend: Option<Section>,
    /// `frontend`
    pub(crate) frontend: Option<Frontend>,
    /// `test`
    pub(crate) test: Option<Section>,
}

/// A section with phases.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// The value of its key.
    pub(crate) node: Spanned<Node>,
    /// Its phases, in the order in which they run.
    pub(crate) phases: Vec<Phase>,
}

/// The `frontend` section.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frontend {
    /// The section itself.
    pub(crate) section: Section,
    /// `artifacts`
    pub(crate) artifacts: Option<Artifacts>,
    /// `cache`
    pub(crate) cache: Option<Cache>,
    /// `buildPath`, in either spelling.
    pub(crate) build_path: Option<Spanned<String>>,
}

/// The phases, in the order in which they run within their section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PhaseName {
    /// `preBuild`, or `preTest` of the test section.
    Before,
    /// `build`, or `test`.
    Main,
    /// `postBuild`, or `postTest`.
    After,
}

/// One phase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase {
    /// Which one.
    pub(crate) name: PhaseName,
    /// Its key.
    pub(crate) key: Spanned<String>,
    /// Its value.
    pub(crate) node: Spanned<Node>,
    /// The commands that are strings, in order.
    pub(crate) commands: Vec<Spanned<String>>,
}

/// The `artifacts` of the frontend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Artifacts {
    /// The value of the key.
    pub(crate) node: Spanned<Node>,
    /// `baseDirectory`
    pub(crate) base_directory: Option<Spanned<String>>,
    /// The strings of `files`.
    pub(crate) files: Vec<Spanned<String>>,
}

/// The `cache` of the frontend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cache {
    /// The value of the key.
    pub(crate) node: Spanned<Node>,
    /// The strings of `paths`.
    pub(crate) paths: Vec<Spanned<String>>,
}

impl Spec {
    /// Reads a tree; what has the wrong shape is absent here and named by the rules.
    pub(crate) fn new(root: Spanned<Node>) -> Self {
        let applications = root.value.get("applications");
        let apps = match applications {
            Some(list) => list.value.items().iter().map(App::new).collect(),
            None => vec![App::new(&root)],
        };
        Self { monorepo: applications.is_some(), apps, root }
    }
}

impl App {
    fn new(node: &Spanned<Node>) -> Self {
        let variables = node.value.get("env").and_then(|env| env.value.get("variables"));
        let env_variables = variables
            .map(|variables| variables.value.entries())
            .unwrap_or_default()
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), scalar(value)?)))
            .collect();
        Self {
            app_root: node.value.get("appRoot").and_then(text),
            env_variables,
            backend: node.value.get("backend").map(Section::new),
            frontend: node.value.get("frontend").filter(|node| is_given(node)).map(Frontend::new),
            test: node.value.get("test").map(Section::new),
            node: node.clone(),
        }
    }

    /// An app whose frontend builds with these commands.
    #[cfg(test)]
    pub(crate) fn of_commands(commands: &[&str]) -> Self {
        let text =
            |text: &str| Spanned { value: text.to_owned(), place: super::node::Place::default() };
        let list = commands.iter().map(|command| Spanned {
            value: Node::String((*command).to_owned()),
            place: super::node::Place::default(),
        });
        let nest = |key: &str, value: Node| {
            let value = Spanned { value, place: super::node::Place::default() };
            Node::Mapping(vec![(text(key), value)])
        };
        let phases = nest("build", nest("commands", Node::Sequence(list.collect())));
        let root = nest("frontend", nest("phases", phases));
        Self::new(&Spanned { value: root, place: super::node::Place::default() })
    }

    /// Every command, in the order in which the sections and phases run.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Spanned<String>> {
        let frontend = self.frontend.as_ref().map(|frontend| &frontend.section);
        [self.backend.as_ref(), frontend, self.test.as_ref()]
            .into_iter()
            .flatten()
            .flat_map(|section| &section.phases)
            .flat_map(|phase| &phase.commands)
    }
}

impl App {
    /// `artifacts` of the test section.
    pub(crate) fn test_artifacts(&self) -> Option<Artifacts> {
        Artifacts::new(self.test.as_ref()?.node.value.get("artifacts")?)
    }
}

impl Artifacts {
    fn new(node: &Spanned<Node>) -> Option<Self> {
        is_given(node).then(|| Self {
            base_directory: node.value.get("baseDirectory").and_then(text),
            files: node.value.get("files").map(texts).unwrap_or_default(),
            node: node.clone(),
        })
    }

    /// `discard-paths`: the files are put side by side. Seen as a boolean and as a string.
    pub(crate) fn discards_paths(&self) -> bool {
        let value = self.node.value.get("discard-paths").and_then(scalar);
        value.is_some_and(|value| matches!(value.value.as_str(), "true" | "yes"))
    }

    /// `configFilePath` of test artifacts, a pattern below the base directory.
    pub(crate) fn config_file_path(&self) -> Option<String> {
        self.node.value.get("configFilePath").and_then(text).map(|path| path.value)
    }
}

impl Section {
    fn new(node: &Spanned<Node>) -> Self {
        let entries =
            node.value.get("phases").map(|phases| phases.value.entries()).unwrap_or_default();
        let mut phases: Vec<_> = entries
            .iter()
            .filter_map(|(key, value)| {
                let name = match key.value.as_str() {
                    "preBuild" | "preTest" => PhaseName::Before,
                    "build" | "test" => PhaseName::Main,
                    "postBuild" | "postTest" => PhaseName::After,
                    _ => return None,
                };
                Some(Phase {
                    name,
                    key: key.clone(),
                    commands: value.value.get("commands").map(texts).unwrap_or_default(),
                    node: value.clone(),
                })
            })
            .collect();
        phases.sort_by_key(|phase| phase.name);
        Self { node: node.clone(), phases }
    }
}

impl Frontend {
    fn new(node: &Spanned<Node>) -> Self {
        let get = |key| node.value.get(key);
        Self {
            section: Section::new(node),
            artifacts: get("artifacts").and_then(Artifacts::new),
            cache: get("cache").filter(|node| is_given(node)).map(|cache| Cache {
                paths: cache.value.get("paths").map(texts).unwrap_or_default(),
                node: cache.clone(),
            }),
            build_path: get("buildPath").or_else(|| get("buildpath")).and_then(text),
        }
    }
}

/// JavaScript takes an empty value for an absent one.
fn is_given(node: &Spanned<Node>) -> bool {
    node.value != Node::Null
}

fn text(node: &Spanned<Node>) -> Option<Spanned<String>> {
    node.value.as_str().map(|text| Spanned { value: text.to_owned(), place: node.place })
}

fn texts(node: &Spanned<Node>) -> Vec<Spanned<String>> {
    node.value.items().iter().filter_map(text).collect()
}

/// The text that the shell would see of a value.
fn scalar(node: &Spanned<Node>) -> Option<Spanned<String>> {
    let value = match &node.value {
        Node::String(text) | Node::Number(text) => text.clone(),
        Node::Boolean(value) => value.to_string(),
        Node::Null => String::new(),
        Node::Sequence(_) | Node::Mapping(_) => return None,
    };
    Some(Spanned { value, place: node.place })
}
