use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    path::Path,
};

use super::{
    block::Block,
    catalogs::from_catalog,
    extensions::{applies, built_in},
    local::{Look, look},
    range::{
        Style, aliased, bound, built_in_patches, is_relative, patch_files, patch_source,
        with_protocol,
    },
    resolutions::Resolutions,
    settings::Settings,
    workspaces::Workspaces,
};
use crate::project::lockfile::{
    drift::{Change, ChangeKind},
    yarn_format::{BerryEntry, BerryLockfile, Value, split_descriptor, split_descriptors},
};

/// The walk from the workspaces through the lockfile that `resolveEverything` makes (@yarnpkg/core 2.4.0, 3.7.0, 4.9.2).
pub(super) struct Walk<'a> {
    pub(super) root: &'a Path,
    pub(super) lockfile: &'a BerryLockfile,
    pub(super) workspaces: &'a Workspaces,
    pub(super) settings: &'a Settings,
    pub(super) resolutions: &'a Resolutions,
    pub(super) style: Style,
    entries: HashMap<&'a str, usize>,
    reached: HashSet<&'a str>,
    opened: Vec<bool>,
    queue: Vec<&'a str>,
    /// Keys that may stand without anybody asking.
    tolerated: HashSet<String>,
    /// What differs.
    pub(super) changes: Vec<Change>,
    /// Whether anything was met that the files do not tell.
    pub(super) unknown: bool,
    /// Whether a part of the tree could not be walked.
    blind: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        root: &'a Path,
        lockfile: &'a BerryLockfile,
        workspaces: &'a Workspaces,
        settings: &'a Settings,
        resolutions: &'a Resolutions,
        style: Style,
    ) -> Self {
        let keys = lockfile.entries.iter().enumerate().flat_map(|(index, entry)| {
            split_descriptors(&entry.key).map(move |descriptor| (descriptor, index))
        });
        Self {
            root,
            lockfile,
            workspaces,
            settings,
            resolutions,
            style,
            entries: keys.collect(),
            reached: HashSet::new(),
            opened: vec![false; lockfile.entries.len()],
            queue: Vec::new(),
            tolerated: HashSet::new(),
            changes: Vec::new(),
            unknown: false,
            blind: false,
        }
    }

    /// Walks; what differs and what is unknown stands in the fields afterwards.
    pub(super) fn run(&mut self) {
        let workspaces = self.workspaces;
        for workspace in &workspaces.all {
            let locator = workspace.locator();
            if !self.reach(&locator) {
                self.changes.push(Change {
                    kind: ChangeKind::Missing,
                    file: workspace.file(),
                    section: "name".to_owned(),
                    name: workspace.name.clone(),
                    wanted: Some(format!("workspace:{}", workspace.folder)),
                    locked: None,
                });
            }
        }
        self.drain();
        self.reach_tolerated();
        self.unknown |= self.blind;
        if self.changes.is_empty() && !self.blind {
            self.leftovers();
        }
    }

    fn drain(&mut self) {
        while let Some(descriptor) = self.queue.pop() {
            self.open(descriptor);
        }
    }

    /// Goes on from what nobody is known to ask for, but somebody may.
    fn reach_tolerated(&mut self) {
        if self.tolerated.is_empty() {
            return;
        }
        let lockfile = self.lockfile;
        let keys = lockfile.entries.iter().flat_map(|entry| split_descriptors(&entry.key));
        for descriptor in keys {
            let name = split_descriptor(descriptor).0;
            if self.tolerated.contains(descriptor) || self.tolerated.contains(name) {
                self.reach(descriptor);
                self.drain();
            }
        }
    }

    /// Marks a descriptor as asked for; whether it is locked.
    fn reach(&mut self, descriptor: &str) -> bool {
        let Some((key, _)) = self.entries.get_key_value(descriptor) else { return false };
        if self.reached.insert(*key) {
            self.queue.push(*key);
        }
        true
    }

    fn open(&mut self, descriptor: &'a str) {
        let index = self.entries[descriptor];
        let lockfile = self.lockfile;
        let entry = &lockfile.entries[index];
        let Some(locator) = entry.text("resolution") else {
            self.blind = true;
            return;
        };
        // yarn reads the key without the blank, misses the descriptor, and asks the registry.
        self.unknown |= descriptor.trim() != descriptor;
        let (name, range) = split_descriptor(descriptor);
        let (_, reference) = split_descriptor(locator);
        if reference.starts_with("workspace:") {
            let now = self.workspaces.find(name, range);
            if now.is_none_or(|workspace| workspace.locator() != locator) {
                self.changes.push(Change {
                    kind: ChangeKind::Changed,
                    file: "yarn.lock".to_owned(),
                    section: "workspaces".to_owned(),
                    name: name.to_owned(),
                    wanted: Some(range.to_owned()),
                    locked: Some(reference.to_owned()),
                });
                return;
            }
        }
        if let Some(source) = patch_source(range) {
            self.patch(locator, range, &source);
        }
        if let Some(key) = aliased(range) {
            self.tolerated.insert(key);
        }
        if !std::mem::replace(&mut self.opened[index], true) {
            self.expand(entry, locator, reference);
        }
    }

    fn patch(&mut self, locator: &str, range: &str, source: &str) {
        let (name, version) = split_descriptor(source);
        let source = match self.style {
            Style::Normalized => format!("{name}@{}", with_protocol(version)),
            Style::Oldest | Style::AsWritten => self.descriptor(name, version),
        };
        if !self.reach(&source) {
            self.missing(locator, name, &source);
        }
        // Its sum is that of the patch as yarn parses it.
        self.unknown |= patch_files(range)
            .any(|file| is_relative(file) || file.contains('/') && !file.contains("builtin<"));
    }

    fn expand(&mut self, entry: &'a BerryEntry, locator: &str, reference: &str) {
        let package = split_descriptor(locator).0;
        if let Some(workspace) =
            self.workspaces.of_locator(locator).filter(|_| reference.starts_with("workspace:"))
        {
            let Some(block) = Block::of_manifest(&workspace.manifest, self.style, true) else {
                self.unknown = true;
                return;
            };
            let changes =
                block.changes(&Block::of_entry(entry), &workspace.manifest, &workspace.file());
            let differs = !changes.is_empty();
            self.changes.extend(changes);
            for (name, range) in block.dependencies() {
                // What is new to the manifest is told once.
                self.depend(locator, name, range, differs);
            }
            let version = workspace.manifest.get("version").and_then(serde_json::Value::as_str);
            self.extend(entry, locator, package, Some(version.unwrap_or("0.0.0")));
            return;
        }
        if ["file:", "portal:", "link:", "exec:"]
            .iter()
            .any(|protocol| reference.starts_with(protocol))
        {
            match look(self.root, self.workspaces, entry, self.style) {
                Look::Same => {}
                Look::Differs(changes) => self.changes.extend(changes),
                Look::Unknown => self.unknown = true,
            }
        }
        for (name, range) in entry.table("dependencies") {
            if let Value::Text(range) = range {
                self.depend(locator, name, range, false);
            }
        }
        self.extend(entry, locator, package, entry.text("version"));
    }

    /// Dependencies that settings, or yarn itself, add to a package.
    fn extend(
        &mut self,
        entry: &'a BerryEntry,
        locator: &str,
        package: &str,
        version: Option<&str>,
    ) {
        let settings = self.settings;
        let own = |name: &str| entry.table("dependencies").iter().any(|(own, _)| own == name);
        for extension in settings.extensions.iter().filter(|one| applies(one, package, version)) {
            for (name, range) in extension.dependencies.iter().filter(|(name, _)| !own(name)) {
                let range = match self.style {
                    Style::Normalized => with_protocol(range),
                    Style::Oldest | Style::AsWritten => Cow::Borrowed(range.as_str()),
                };
                self.depend(locator, name, &range, false);
            }
        }
        for name in built_in(package) {
            self.tolerated.insert(name.to_owned());
        }
    }

    /// One dependency of a package; `told` where a difference of its manifest is told already.
    fn depend(&mut self, parent: &str, name: &str, range: &str, told: bool) {
        let replaced = self.resolutions.replace(parent, name, range);
        let mut range = replaced.map_or(Cow::Borrowed(range), Cow::Owned);
        if range.starts_with("catalog:") {
            let Some(found) = from_catalog(&self.settings.catalogs, name, &range) else {
                self.blind = true;
                return;
            };
            range = Cow::Owned(bound(&with_protocol(found), &self.workspaces.all[0].locator()));
        }
        if let Some(patched) = built_in_patches(name, &range, self.style) {
            if patched.iter().any(|patched| self.reach(&format!("{name}@{patched}"))) {
                return;
            }
            // yarn 2 and 3 do not encode the source of the patch.
            if self.style < Style::Normalized {
                let plain = ["~builtin", "builtin"]
                    .map(|flag| format!("{name}@patch:{name}@{range}#{flag}<compat/{name}>"));
                if plain.iter().any(|patched| self.reach(patched)) {
                    return;
                }
            }
            if !told {
                self.missing(parent, name, &patched[0]);
            }
            return;
        }
        let descriptor = self.descriptor(name, &bound(&range, parent));
        if !self.reach(&descriptor) && !told {
            self.missing(parent, name, split_descriptor(&descriptor).1);
        }
    }

    /// The key of a dependency, once nothing else can change it.
    fn descriptor(&self, name: &str, range: &str) -> String {
        let plain = format!("{name}@{range}");
        if self.style == Style::Normalized
            || range.contains(':')
            || self.workspaces.find(name, range).is_some()
        {
            return plain;
        }
        let found = self.entries.get(plain.as_str()).map(|index| &self.lockfile.entries[*index]);
        let is_kept = |entry: &BerryEntry| {
            entry.text("resolution").is_some_and(|locator| !locator.contains("@workspace:"))
        };
        if found.is_some_and(is_kept) {
            return plain;
        }
        let whole = format!("{name}@npm:{range}");
        if self.entries.contains_key(whole.as_str()) {
            return whole;
        }
        format!("{name}@{}", with_protocol(range))
    }

    fn missing(&mut self, parent: &str, name: &str, range: &str) {
        let (file, section) = match self.workspaces.of_locator(parent) {
            Some(workspace) => (workspace.file(), "dependencies".to_owned()),
            None => ("yarn.lock".to_owned(), format!("dependencies of {parent}")),
        };
        let prefix = format!("{name}@");
        let mut locked: Vec<_> = self
            .entries
            .keys()
            .filter_map(|key| key.strip_prefix(prefix.as_str()))
            .map(ToOwned::to_owned)
            .collect();
        locked.sort();
        self.changes.push(Change {
            kind: if locked.is_empty() { ChangeKind::Missing } else { ChangeKind::Changed },
            file,
            section,
            name: name.to_owned(),
            wanted: Some(range.to_owned()),
            locked: (!locked.is_empty()).then(|| locked.join(", ")),
        });
    }

    /// What nobody asks for any more is taken out of the lockfile.
    fn leftovers(&mut self) {
        let lockfile = self.lockfile;
        for descriptor in lockfile.entries.iter().flat_map(|entry| split_descriptors(&entry.key)) {
            if self.reached.contains(descriptor) {
                continue;
            }
            let (name, range) = split_descriptor(descriptor);
            self.changes.push(Change {
                kind: ChangeKind::Removed,
                file: "yarn.lock".to_owned(),
                section: "entries".to_owned(),
                name: name.to_owned(),
                wanted: None,
                locked: Some(range.to_owned()),
            });
        }
    }
}
