use std::path::Path;

use serde_json::Value;

/// Whether a package's name says that it is for this machine: `@next/swc-linux-x64-gnu`, `turbo-linux-64`.
pub(super) fn is_named_for_this_machine(name: &str) -> bool {
    is_named_for(name, std::env::consts::ARCH, is_musl())
}

/// The same for any machine; the words are those of npm's `os`, `cpu` and `libc`.
fn is_named_for(name: &str, architecture: &str, musl: bool) -> bool {
    let words: Vec<_> = name.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let system = has(&["linux", "linuxmusl"]);
    let processor = match architecture {
        "x86_64" => has(&["x64", "64", "amd64"]),
        "aarch64" => has(&["arm64", "aarch64"]),
        _ => false,
    };
    let library =
        if musl { has(&["musl", "linuxmusl"]) } else { !has(&["musl", "linuxmusl", "musleabihf"]) };
    system && processor && library && !has(&["wasm", "wasm32", "android"])
}

/// Whether a package's own `os`, `cpu` and `libc` allow this machine, as npm reads them (npm-install-checks 8).
pub(super) fn allows_this_machine(manifest: &Value) -> bool {
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let library = if is_musl() { "musl" } else { "glibc" };
    [("os", "linux"), ("cpu", processor), ("libc", library)]
        .iter()
        .all(|(field, own)| allows(manifest.get(field), own))
}

fn allows(list: Option<&Value>, own: &str) -> bool {
    let words: Vec<_> = match list {
        Some(Value::String(word)) => vec![word.as_str()],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => return true,
    };
    if words.contains(&"any") || words.is_empty() {
        return true;
    }
    if words.iter().any(|word| word.strip_prefix('!') == Some(own)) {
        return false;
    }
    words.contains(&own) || words.iter().all(|word| word.starts_with('!'))
}

/// Whether the C library of this machine is musl: its loader is there, and that of glibc is not.
fn is_musl() -> bool {
    let exists = |path: &str| Path::new(path).exists();
    (exists("/lib/ld-musl-x86_64.so.1") || exists("/lib/ld-musl-aarch64.so.1"))
        && !exists("/lib64/ld-linux-x86-64.so.2")
        && !exists("/lib/ld-linux-aarch64.so.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_for_which_machine_they_are() {
        for (name, expected) in [
            ("@next/swc-linux-x64-gnu", "x64"),
            ("@next/swc-linux-x64-musl", "x64-musl"),
            ("@next/swc-linux-arm64-gnu", "arm64"),
            ("@esbuild/linux-x64", "x64"),
            ("@rollup/rollup-linux-x64-gnu", "x64"),
            ("lightningcss-linux-x64-gnu", "x64"),
            ("@tailwindcss/oxide-linux-arm64-musl", "arm64-musl"),
            ("@img/sharp-linux-x64", "x64"),
            ("@img/sharp-libvips-linuxmusl-x64", "x64-musl"),
            ("@parcel/watcher-linux-x64-glibc", "x64"),
            ("turbo-linux-64", "x64"),
            ("@biomejs/cli-linux-arm64", "arm64"),
            ("@rollup/rollup-linux-arm-gnueabihf", ""),
            ("@rollup/rollup-linux-powerpc64le-gnu", ""),
            ("@img/sharp-wasm32", ""),
            ("@next/swc-darwin-arm64", ""),
            ("@esbuild/android-arm64", ""),
            ("@esbuild/win32-x64", ""),
            ("linux", ""),
            ("sharp", ""),
        ] {
            let machines = [
                ("x64", "x86_64", false),
                ("x64-musl", "x86_64", true),
                ("arm64", "aarch64", false),
                ("arm64-musl", "aarch64", true),
            ];
            let fits: Vec<_> = machines
                .iter()
                .filter(|(_, architecture, musl)| is_named_for(name, architecture, *musl))
                .map(|(machine, ..)| *machine)
                .filter(|machine| !machine.ends_with("-musl"))
                .chain(
                    machines
                        .iter()
                        .filter(|(machine, architecture, musl)| {
                            machine.ends_with("-musl") && is_named_for(name, architecture, *musl)
                        })
                        .map(|(machine, ..)| *machine),
                )
                .collect();
            assert_eq!(fits.join(" "), expected, "{name}");
        }
    }

    #[test]
    fn lists_allow_as_npm_reads_them() {
        use serde_json::json;
        for (list, expected) in [
            (json!(["linux"]), true),
            (json!("linux"), true),
            (json!(["darwin"]), false),
            (json!(["!win32"]), true),
            (json!(["!linux"]), false),
            (json!(["any"]), true),
            (json!([]), true),
            (json!(null), true),
            (json!(7), true),
        ] {
            assert_eq!(allows(Some(&list), "linux"), expected, "{list}");
        }
    }
}
