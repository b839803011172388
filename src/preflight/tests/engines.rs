use super::{PNPM_LOCK, Repository, SPEC, healthy, manifest, spec};

#[test]
fn demands_on_the_manager_are_judged_by_the_one_that_amplify_yml_calls() {
    let npm = |install: &str| {
        let demand = r#""devEngines":{"packageManager":{"name":"pnpm"}}"#;
        let repository = healthy()
            .file("package.json", &manifest(demand))
            .file("amplify.yml", &spec("npm ci", install));
        repository.write("programs/package.json", r#"{"name":"npm","version":"11.6.2"}"#);
        repository
    };
    let pnpm = |install: &str, range: &str, requested: &str| {
        let more = format!(r#""engines":{{"pnpm":"{range}"}},"packageManager":{requested}"#);
        Repository::new(&[
            ("package.json", &manifest(&more)),
            ("pnpm-lock.yaml", PNPM_LOCK),
            ("amplify.yml", &spec("npm ci", install)),
        ])
    };
    let fetched = "npm i -g pnpm@9, pnpm install --frozen-lockfile";
    let corepack = "corepack enable, pnpm install --frozen-lockfile";
    for (repository, expected) in [
        (npm("npm ci"), "error"),
        (npm("npm ci --force"), ""),
        // It runs the build as well.
        (npm("yarn install"), "error"),
        (npm("npm ci").file("amplify.yml", &SPEC.replace("npm", "yarn")), ""),
        (npm("npx deployfix install"), "warning"),
        (npm("npm i -g npm@10.8.2, npm ci"), ""),
        (npm("npm i -g npm@10, npm ci"), ""),
        (npm("npm i -g npm@11, npm ci"), "error"),
        (npm("npm i -g npm, npm ci"), ""),
        (pnpm(fetched, "^8", "null"), "error"),
        (pnpm(fetched, ">=9.5", "null"), ""),
        (pnpm(fetched, "^8", r#""pnpm@8.15.9""#), ""),
        (pnpm("npm i -g pnpm, pnpm i", "^8", "null"), ""),
        (pnpm(corepack, "^8", r#""pnpm@9.15.9""#), "error"),
        (pnpm(corepack, "^9", r#""pnpm@9.15.9""#), ""),
        (pnpm(corepack, "^8", "null"), ""),
    ] {
        let ids = repository.ids();
        let found = ids.iter().filter_map(|id| id.strip_suffix(" dependency/engine-mismatch"));
        assert_eq!(found.collect::<Vec<_>>().join(", "), expected, "{:?}", repository.findings());
    }
}

#[test]
fn a_strict_engine_stops_only_what_installs() {
    for (commands, expected) in
        [(SPEC.to_owned(), 1), (spec("npm ci", "true"), 0), (spec("npm ci", "npm i"), 1)]
    {
        let repository = healthy()
            .file("package.json", &manifest(r#""engines":{"npm":"^9"}"#))
            .file(".npmrc", "engine-strict=true\n")
            .file("amplify.yml", &commands);
        repository.write("programs/package.json", r#"{"name":"npm","version":"11.6.2"}"#);
        let found = repository.findings();
        let found = found.iter().filter(|it| it.id.as_str() == "dependency/engine-mismatch");
        assert_eq!(found.count(), expected, "{commands}");
    }
}
