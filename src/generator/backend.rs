use std::path::Path;

/// The Amplify backend that is deployed with the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    /// Gen 1: the folder that the Amplify CLI writes.
    First,
    /// Gen 2: defined in code.
    Second,
}

/// Files that tell a backend, relative to the folder that holds `amplify`.
const FILES: &[(&str, Backend)] = &[
    ("amplify/backend.ts", Backend::Second),
    ("amplify/backend.js", Backend::Second),
    ("amplify/backend.mjs", Backend::Second),
    ("amplify/.config/project-config.json", Backend::First),
    ("amplify/cli.json", Backend::First),
];

impl Backend {
    /// The backend of an app, and the file that tells it.
    pub(super) fn of(app_root: &Path) -> Option<(Self, &'static str)> {
        let (file, backend) = FILES.iter().find(|(file, _)| app_root.join(file).is_file())?;
        Some((*backend, file))
    }

    /// How reports name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "Amplify Gen 1",
            Self::Second => "Amplify Gen 2",
        }
    }
}
