//! The patterns of `cache.paths` and `artifacts.files`, and the files that they match.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::WalkDir;

/// Folders that are neither cached nor deployed: git's, and deployfix's own state.
const PASSED_OVER: [&str; 2] = [".git", ".deployfix"];
/// Characters that make a path a pattern.
const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// Patterns relative to one folder, those with `!` in front taken away from the others.
pub(super) struct Patterns {
    rows: Vec<Row>,
    includes: GlobSet,
    excludes: GlobSet,
    /// Patterns that match nothing whatever the disk holds, each with the reason.
    pub(super) refused: Vec<(String, &'static str)>,
}

struct Row {
    /// As the file writes it.
    text: String,
    /// Where the walk for it begins, relative to the boundary.
    start: PathBuf,
}

/// What lies on disk for some patterns.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Files and links, relative to the boundary, sorted.
    pub(super) files: Vec<PathBuf>,
    /// Bytes of the files.
    pub(super) bytes: u64,
    /// Patterns that matched no file, as written.
    pub(super) unmatched: Vec<String>,
    /// Folders at the depth limit, whose contents were left out.
    pub(super) cut: usize,
}

impl Patterns {
    /// Reads patterns that are relative to `base`, itself relative to a boundary that none may leave.
    pub(super) fn new<'a>(base: &Path, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut includes, mut excludes) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let (mut rows, mut refused) = (Vec::new(), Vec::new());
        for text in texts {
            let (negated, pattern) =
                text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
            match compile(base, pattern) {
                Ok((glob, _)) if negated => {
                    excludes.add(glob);
                }
                Ok((glob, start)) => {
                    includes.add(glob);
                    rows.push(Row { text: text.to_owned(), start });
                }
                Err(reason) => refused.push((text.to_owned(), reason)),
            }
        }
        // Each was compiled alone; together they could only be too many.
        let (includes, excludes) =
            (includes.build().unwrap_or_default(), excludes.build().unwrap_or_default());
        Self { rows, includes, excludes, refused }
    }

    /// The files below the boundary that match, at most so many components deep.
    pub(super) fn list(&self, boundary: &Path, depth: usize) -> Result<Listing, walkdir::Error> {
        let mut listing = Listing::default();
        let mut matched = vec![false; self.rows.len()];
        // Amplify leaves it out when it caches node_modules; who names it wants it.
        let keeps_inner_cache =
            self.rows.iter().any(|row| row.text.contains("node_modules/.cache"));
        for start in self.starts() {
            let absolute = boundary.join(start);
            if start.iter().any(|part| PASSED_OVER.iter().any(|folder| part == *folder)) {
                // Named on purpose, and at hand without being kept.
                let below = |row: &Row| row.start.starts_with(start);
                matched
                    .iter_mut()
                    .zip(&self.rows)
                    .for_each(|(matched, row)| *matched |= below(row));
                continue;
            }
            if fs::symlink_metadata(&absolute).is_err() {
                continue;
            }
            let above = start.components().count();
            let walk = WalkDir::new(&absolute).max_depth(depth.saturating_sub(above)).into_iter();
            let walk = walk.filter_entry(|entry| {
                let name = entry.file_name();
                let passed_over =
                    entry.depth() > 0 && PASSED_OVER.iter().any(|folder| name == *folder);
                let inner_cache = name == ".cache"
                    && entry.path().parent().is_some_and(|parent| parent.ends_with("node_modules"));
                !passed_over && (keeps_inner_cache || !inner_cache)
            });
            for entry in walk {
                let entry = entry?;
                if entry.file_type().is_dir() {
                    listing.cut += usize::from(entry.depth() + above >= depth);
                    continue;
                }
                // Sockets and pipes hold nothing that could be kept.
                if !entry.file_type().is_file() && !entry.file_type().is_symlink() {
                    continue;
                }
                let path = entry.path().strip_prefix(boundary).unwrap_or(entry.path());
                let rows = self.includes.matches(path);
                if rows.is_empty() {
                    continue;
                }
                for row in rows {
                    matched[row] = true;
                }
                if self.excludes.is_match(path) {
                    continue;
                }
                if entry.file_type().is_file() {
                    listing.bytes += entry.metadata()?.len();
                }
                listing.files.push(path.to_path_buf());
            }
        }
        listing.files.sort();
        let unmatched = self.rows.iter().zip(matched).filter(|(_, matched)| !matched);
        listing.unmatched = unmatched.map(|(row, _)| row.text.clone()).collect();
        Ok(listing)
    }

    /// Where walks begin, none below another.
    fn starts(&self) -> Vec<&Path> {
        let mut starts: Vec<&Path> = self.rows.iter().map(|row| row.start.as_path()).collect();
        starts.sort_unstable();
        starts.dedup_by(|later, earlier| later.starts_with(*earlier));
        starts
    }
}

fn compile(base: &Path, pattern: &str) -> Result<(Glob, PathBuf), &'static str> {
    if pattern.is_empty() {
        return Err("it is empty");
    }
    if Path::new(pattern).is_absolute() {
        return Err("it is absolute");
    }
    // The base is a folder's name, in which `[slug]` is no pattern.
    let mut parts: Vec<(String, bool)> =
        base.iter().map(|part| (part.to_string_lossy().into_owned(), false)).collect();
    for component in Path::new(pattern).components() {
        match component {
            Component::ParentDir => {
                if parts.pop().is_none() {
                    return Err("it lies outside of the project");
                }
            }
            Component::Normal(part) => {
                let part = part.to_string_lossy().into_owned();
                let special = part.contains(SPECIAL);
                parts.push((part, special));
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let start = parts.iter().take_while(|(_, special)| !special).map(|(part, _)| part).collect();
    let text: Vec<_> = parts
        .iter()
        .map(|(part, special)| if *special { part.clone() } else { globset::escape(part) })
        .collect();
    GlobBuilder::new(&text.join("/"))
        .literal_separator(true)
        .build()
        .map(|glob| (glob, start))
        .map_err(|_| "it is no valid pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_matched_as_amplify_does() {
        type Case<'a> = (&'a str, &'a [&'a str], usize, &'a str, &'a str, usize, usize);
        let root = tempfile::tempdir().unwrap();
        for file in [
            "node_modules/a/index.js",
            "node_modules/.bin/a",
            "node_modules/.cache/x",
            "apps/web/.next/cache/webpack/1",
            "apps/web/.next/cache/images/2",
            "apps/web/top.txt",
            "apps/web/.deployfix/report.json",
            ".git/HEAD",
        ] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "12").unwrap();
        }
        std::os::unix::fs::symlink("../a/index.js", root.path().join("node_modules/link")).unwrap();
        let list = |base: &str, texts: &[&str], depth| {
            let patterns = Patterns::new(Path::new(base), texts.iter().copied());
            let listing = patterns.list(root.path(), depth).unwrap();
            let files: Vec<_> =
                listing.files.iter().map(|path| path.to_str().unwrap().to_owned()).collect();
            (files.join(" "), listing.unmatched.join(" "), patterns.refused.len(), listing.cut)
        };
        let cases: [Case<'_>; 9] = [
            (
                "",
                &["node_modules/**/*"],
                20,
                "node_modules/.bin/a node_modules/a/index.js node_modules/link",
                "",
                0,
                0,
            ),
            (
                "apps/web",
                &["../../node_modules/**/*", "!../../node_modules/a/**"],
                20,
                "node_modules/.bin/a node_modules/link",
                "",
                0,
                0,
            ),
            (
                "apps/web",
                &[".next/cache/**/*", "!.next/cache/images/**/*"],
                20,
                "apps/web/.next/cache/webpack/1",
                "",
                0,
                0,
            ),
            ("apps/web", &["*"], 20, "apps/web/top.txt", "", 0, 0),
            (
                "apps/web",
                &["**/*"],
                20,
                "apps/web/.next/cache/images/2 apps/web/.next/cache/webpack/1 apps/web/top.txt",
                "",
                0,
                0,
            ),
            ("", &["node_modules", "absent/**/*"], 20, "", "node_modules absent/**/*", 0, 0),
            ("apps/web", &["../../../x/**", "/root/.npm/**/*", "a[", ""], 20, "", "", 4, 0),
            ("", &["node_modules/.cache/**/*"], 20, "node_modules/.cache/x", "", 0, 0),
            ("", &["node_modules/**/*"], 2, "node_modules/link", "", 0, 2),
        ];
        for (base, texts, depth, files, unmatched, refused, cut) in cases {
            let expected = (files.to_owned(), unmatched.to_owned(), refused, cut);
            assert_eq!(list(base, texts, depth), expected, "{base} {texts:?}");
        }
    }
}
