use std::path::Path;

use crate::report::render::format_bytes;

/// Removes what the build can make again.
pub(crate) fn free_build_cache(dist_directory: &Path) -> Result<String, String> {
    let cache = dist_directory.join("cache");
    let size: u64 = walkdir::WalkDir::new(&cache)
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum();
    if size == 0 {
        return Err("there is no build cache that could be removed".into());
    }
    std::fs::remove_dir_all(&cache)
        .map_err(|error| format!("cannot remove `{}`: {error}", cache.display()))?;
    Ok(format!("removed the build cache, {}", format_bytes(size)))
}
