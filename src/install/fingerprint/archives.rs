use std::{collections::BTreeSet, path::Path};

/// The archives that yarn's loader reads from outside of `.yarn/cache`, from the root: with the global cache, its default,
/// they lie in the home folder.
///
/// `packageLocation` as yarn 4.6 writes it: a path from the root that goes on inside the archive, or one through
/// `__virtual__/<hash>/<levels up>/`.
pub(super) fn outside(root: &Path) -> Vec<String> {
    let text = [".pnp.cjs", ".pnp.data.json"]
        .iter()
        .filter_map(|name| std::fs::read_to_string(root.join(name)).ok())
        .collect::<String>();
    let mut archives = BTreeSet::new();
    for part in text.split("\"packageLocation\": \"").skip(1) {
        let Some((location, _)) = part.split_once('"') else { continue };
        let Some(end) = location.find(".zip/") else { continue };
        let archive = without_virtual(&location[..end + ".zip".len()]);
        if !archive.starts_with(".yarn/cache/") {
            archives.insert(archive);
        }
    }
    archives.into_iter().collect()
}

/// The path that yarn means by one through `__virtual__`.
fn without_virtual(location: &str) -> String {
    let parts: Vec<_> = location.split('/').collect();
    let mut real: Vec<&str> = Vec::new();
    let mut index = 0;
    while let Some(part) = parts.get(index) {
        match *part {
            "." | "" if index > 0 || *part == "." => {}
            "__virtual__" | "$$virtual" => {
                let levels = parts.get(index + 2).and_then(|levels| levels.parse().ok());
                for _ in 0..levels.unwrap_or(0_usize) {
                    up(&mut real);
                }
                index += 2;
            }
            ".." => up(&mut real),
            other => real.push(other),
        }
        index += 1;
    }
    real.join("/")
}

fn up(path: &mut Vec<&str>) {
    if matches!(path.last(), None | Some(&"..")) {
        path.push("..");
    } else {
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_paths_lead_to_their_archives() {
        for (location, real) in [
            ("./.yarn/cache/x.zip", ".yarn/cache/x.zip"),
            ("./.yarn/__virtual__/x-virtual-1/0/cache/x.zip", ".yarn/cache/x.zip"),
            ("../home/.yarn/berry/cache/x.zip", "../home/.yarn/berry/cache/x.zip"),
            (
                "./.yarn/__virtual__/x-virtual-1/3/home/.yarn/berry/cache/x.zip",
                "../../home/.yarn/berry/cache/x.zip",
            ),
        ] {
            assert_eq!(without_virtual(location), real);
        }
    }
}
