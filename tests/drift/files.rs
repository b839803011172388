//! A project as data: what mutations edit.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value};

/// Files of a project by path.
#[derive(Clone, Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let mut all = Self::default();
        for (path, text) in files {
            all.write(path, text);
        }
        all
    }

    /// Everything in a folder but `node_modules`, `.git` and what starts with `.yarn/`.
    pub fn read_from(folder: &Path) -> Self {
        let mut files = Self::default();
        let left_out = ["node_modules", ".git", ".yarn", ".deployfix"];
        let entries = walkdir::WalkDir::new(folder)
            .into_iter()
            .filter_entry(|entry| !left_out.iter().any(|name| entry.file_name() == *name));
        for entry in entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
            let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.0.insert(path, fs::read(entry.path()).unwrap());
        }
        files
    }

    pub fn write_to(&self, folder: &Path) {
        for (path, bytes) in &self.0 {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        let bytes = self.0.get(path).unwrap_or_else(|| panic!("no {path}"));
        String::from_utf8(bytes.clone()).unwrap()
    }

    pub fn write(&mut self, path: &str, content: impl AsRef<[u8]>) -> &mut Self {
        self.0.insert(path.to_owned(), content.as_ref().to_vec());
        self
    }

    #[track_caller]
    pub fn remove(&mut self, path: &str) -> &mut Self {
        self.0.remove(path).unwrap_or_else(|| panic!("no {path}"));
        self
    }

    /// Moves a file, or every file below a folder.
    #[track_caller]
    pub fn rename(&mut self, from: &str, to: &str) -> &mut Self {
        let below = format!("{from}/");
        let moved: Vec<_> = self
            .0
            .keys()
            .filter(|path| *path == from || path.starts_with(&below))
            .cloned()
            .collect();
        assert!(!moved.is_empty(), "no {from}");
        for path in moved {
            let bytes = self.0.remove(&path).unwrap();
            self.0.insert(format!("{to}{}", &path[from.len()..]), bytes);
        }
        self
    }

    /// Replaces text, which must be there.
    #[track_caller]
    pub fn replace(&mut self, path: &str, from: &str, to: &str) -> &mut Self {
        let text = self.text(path);
        assert!(text.contains(from), "no {from:?} in {path}:\n{text}");
        self.write(path, text.replace(from, to))
    }

    /// Edits a JSON file.
    #[track_caller]
    pub fn json(&mut self, path: &str, edit: impl FnOnce(&mut Value)) -> &mut Self {
        let mut value = serde_json::from_str(&self.text(path)).unwrap();
        edit(&mut value);
        self.write(path, format!("{}\n", serde_json::to_string_pretty(&value).unwrap()))
    }

    /// Sets `package.json` at a path of keys; `null` removes.
    #[track_caller]
    pub fn set(&mut self, path: &str, keys: &[&str], to: Value) -> &mut Self {
        self.json(path, |value| set(value, keys, to))
    }
}

/// Sets or, with `null`, removes what stands at a path of keys; what is removed must be there.
#[track_caller]
pub fn set(value: &mut Value, keys: &[&str], to: Value) {
    let (last, parents) = keys.split_last().unwrap();
    let table = parents.iter().fold(value, |value, key| {
        if value[*key].is_null() {
            value[*key] = Value::Object(Map::new());
        }
        &mut value[*key]
    });
    let table = table.as_object_mut().unwrap();
    if to.is_null() {
        assert!(table.shift_remove(*last).is_some(), "no {keys:?}");
    } else {
        table.insert((*last).to_owned(), to);
    }
}
