use std::fmt::Write;

use super::{
    Known, NextConfig,
    file::{parse, read},
};
use crate::project::next::Next;

fn config(name: &str, source: &str) -> NextConfig {
    parse(source.to_owned(), name.to_owned())
}

/// `output` and `distDir` in words: a value, `-` for absent, `?` with the possible values; `~` behind a wrapper.
fn told(source: &str) -> String {
    let config = config("next.config.ts", source);
    let output = match &config.output {
        Known::Value(mode) => mode.as_str().to_owned(),
        Known::Absent => "-".to_owned(),
        Known::Unknown { possible } => {
            let modes: Vec<_> = possible.iter().map(|mode| mode.as_str()).collect();
            format!("?{}", modes.join("|"))
        }
    };
    let folder = match &config.dist_dir {
        Known::Value(folder) => folder.clone(),
        Known::Absent => "-".to_owned(),
        Known::Unknown { possible } => format!("?{}", possible.join("|")),
    };
    format!("{output} {folder}{}", if config.through_wrapper { " ~" } else { "" })
}

#[test]
fn what_is_certain_is_told() {
    for (source, expected) in [
        ("module.exports = {}", "- -"),
        ("", "- -"),
        ("module.exports = { output: 'export', distDir: './build/' }", "export build"),
        ("exports = module.exports = { output: 'standalone' }", "standalone -"),
        ("export default { output: `export` }", "export -"),
        ("export default { 'output': \"export\" }", "export -"),
        ("export default { ['out' + 'put']: 'export' }", "export -"),
        ("const nextConfig = { output: 'export' }; export default nextConfig", "export -"),
        ("let c = {}; c.output = 'export'; module.exports = c;", "export -"),
        ("const c = {}; module.exports = c; c.output = 'export';", "export -"),
        ("module.exports = {}; module.exports.output = 'export'", "export -"),
        ("const c = { output: 'export' }; export { c as default }", "export -"),
        (
            "import type { NextConfig } from 'next';\nconst c: NextConfig = { distDir: 'x' };\nexport default c;",
            "- x",
        ),
        ("export default { output: 'export' } satisfies NextConfig", "export -"),
        ("export default { output: 'export' as const } as NextConfig", "export -"),
        ("export default <NextConfig>{ output: 'export' }", "export -"),
        ("import c = require('x'); export = { output: 'export' }", "export -"),
        ("const base = { distDir: 'x' }; export default { ...base, output: 'export' }", "export x"),
        ("const output = 'export'; export default { output }", "export -"),
        ("export default { output: undefined, distDir: null }", "- -"),
        ("export default { output: false }", "- -"),
        (
            "export default { experimental: { output: 'export' }, webpack(config) { return config } }",
            "- -",
        ),
        ("export default { output: true ? 'export' : 'standalone' }", "export -"),
        ("const o = {}; o['output'] = 'export'; export default o", "export -"),
        ("const o = {}; Object.assign(o, { output: 'export' }); export default o", "export -"),
        ("exports.default = { output: 'export' }", "export -"),
        ("// output: 'export'\nmodule.exports = {}", "- -"),
        ("const o = { output: 'export' }; console.log(o); export default o", "export -"),
        (
            "export default { output: process.env.NODE_ENV === 'production' ? 'export' : undefined }",
            "export -",
        ),
    ] {
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn functions_are_called_as_the_build_does() {
    for (source, expected) in [
        (
            "module.exports = (phase, { defaultConfig }) => ({ ...defaultConfig, output: 'export' })",
            "export -",
        ),
        ("module.exports = async (phase) => { const c = { distDir: 'x' }; return c }", "- x"),
        ("export default async function config() { return { output: 'export' } }", "export -"),
        ("export default function () { throw new Error('x') }", "?"),
        (
            "const { PHASE_DEVELOPMENT_SERVER } = require('next/constants');\nmodule.exports = (phase) => { if (phase === PHASE_DEVELOPMENT_SERVER) { return { distDir: 'dev' } } return { output: 'export' } }",
            "export -",
        ),
        (
            "import { PHASE_PRODUCTION_BUILD } from 'next/constants.js'; export default (phase) => phase === PHASE_PRODUCTION_BUILD ? { output: 'export' } : {}",
            "export -",
        ),
        (
            "function make(output) { return { output } } module.exports = make('standalone')",
            "standalone -",
        ),
        (
            "export default () => { if (process.env.A) { return { output: 'export' } } return {} }",
            "?export -",
        ),
        ("export default function* () { return {} }", "? ?"),
    ] {
        let expected = if expected == "?" { "? ?" } else { expected };
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn a_wrapper_hands_the_settings_on() {
    for (source, expected) in [
        ("const w = require('w'); module.exports = w({ output: 'export' })", "export - ~"),
        (
            "import { withSentryConfig } from '@sentry/nextjs'; const c = {}; export default withSentryConfig(c, { silent: true })",
            "- - ~",
        ),
        (
            "const b = require('@next/bundle-analyzer')({ enabled: false }); module.exports = b({ distDir: 'x' })",
            "- x ~",
        ),
        (
            "import a from 'a'; import b from 'b'; export default a()(b({ output: 'export' }))",
            "export - ~",
        ),
        (
            "const p = [a, b]; module.exports = p.reduce((c, plugin) => plugin(c), { output: 'export' })",
            "export - ~",
        ),
        ("module.exports = withPlugins([[images, {}]], { output: 'export' })", "export - ~"),
        ("module.exports = withX((phase) => ({ output: 'export' }))", "export - ~"),
        (
            "module.exports = merge({ output: 'export' }, { output: 'standalone' })",
            "?export|standalone - ~",
        ),
        (
            "module.exports = async () => { const w = (await import('x')).default; return w({ output: 'export' }) }",
            "export - ~",
        ),
        ("let c = { output: 'export' }; c = withX(c); module.exports = c", "export - ~"),
        ("module.exports = () => plugins.reduce((c, p) => p(c), { ...base })", "? ? ~"),
    ] {
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn what_hangs_on_the_environment_is_unknown_with_its_possibilities() {
    for (source, expected) in [
        (
            "export default { output: process.env.S ? 'export' : 'standalone' }",
            "?export|standalone -",
        ),
        ("export default { output: process.env.S ? 'export' : undefined }", "?export -"),
        ("export default { output: process.env.S && 'export' }", "?export -"),
        ("export default { distDir: process.env.DIST || '.next' }", "- ?.next"),
        ("export default { distDir: process.env.DIST ?? 'build' }", "- ?build"),
        ("export default { ...(process.env.S ? { output: 'export' } : {}) }", "?export -"),
        ("export default { ...(process.env.S && { output: 'export' }) }", "?export -"),
        ("export default { output: process.env.OUTPUT as any }", "? -"),
        ("const c = {}; if (process.env.S) { c.output = 'export' } export default c", "?export -"),
        (
            "const c = {}; if (process.env.S) c.output = 'export'; else c.output = 'export'; export default c",
            "export -",
        ),
        ("import base from './base.mjs'; export default { ...base, output: 'export' }", "export ?"),
        (
            "import base from './base.mjs'; export default { output: 'export', ...base }",
            "?export ?",
        ),
        ("export { default } from './base.mjs'", "? ?"),
        ("module.exports = require('./other')", "? ?"),
        ("export default { [key]: 'export' }", "? ?"),
        ("export default { get output() { return 'export' } }", "? -"),
        ("export default { output: 'statc' }", "? -"),
        (
            "const c = { output: 'export' }; for (const k of ['output']) delete c[k]; export default c",
            "?export ?",
        ),
        ("const c = {}; change(c); export default c", "? ?"),
        ("const c = {}; try { c.output = 'export' } catch {} export default c", "? ?"),
    ] {
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn nothing_is_known_of_what_does_not_parse() {
    for source in [
        "<<<<<<< HEAD\nmodule.exports = {}\n=======\n",
        "module.exports = {",
        "\u{0}\u{1}",
        "const f = () => f() || f(); module.exports = f()",
        "module.exports = g; function g() { return h() + h() } function h() { return g() + g() }",
    ] {
        let config = config("next.config.js", source);
        assert!(!config.output.is_certain() && !config.dist_dir.is_certain(), "{source}");
    }
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep = |open: &str, close: &str| {
        format!("module.exports = {}1{}", open.repeat(20_000), close.repeat(20_000))
    };
    for source in [
        deep("[", ""),
        deep("(", ")"),
        deep("{a:", "}"),
        deep("!", ""),
        deep("a=>", ""),
        deep("f(", ")"),
        deep("1?", ":1"),
        deep("`${", "}`"),
        "{".repeat(60_000),
        "if(a){".repeat(20_000),
    ] {
        config("next.config.js", &source);
    }
}

#[test]
fn doubling_objects_stay_small() {
    let mut source = String::from("const a0 = { output: 'export' };\n");
    for index in 1..2_000 {
        let before = index - 1;
        let _ = writeln!(
            source,
            "const a{index} = {{ x: a{before}, y: a{before}, ...a{before} }}; if (q) a{index}.z = 1;"
        );
    }
    source.push_str("module.exports = a1999");
    assert!(source.len() < 160 * 1024);
    config("next.config.js", &source);
}

#[test]
fn the_file_is_the_one_that_next_takes() {
    let taken = |files: &[&str], version: &str, app: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("apps/web")).unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "export default {}").unwrap();
        }
        let next = Next { requested: Some(version.to_owned()), ..Next::default() };
        let config = read(&folder.path().join(app), Some(folder.path()), &next);
        (config.file.unwrap_or_default(), config.output.is_certain())
    };
    let all = ["next.config.ts", "next.config.mts", "next.config.mjs", "next.config.js"];
    for (files, version, app, expected) in [
        (&all[..], "16.0.0", "", ("next.config.js", true)),
        (&all[..3], "^16", "", ("next.config.mjs", true)),
        (&all[..2], "15.5.29", "", ("next.config.ts", true)),
        (&all[1..2], "16.4.6", "", ("next.config.mts", true)),
        (&all[..1], "14.2.0", "", ("next.config.ts", false)),
        (&["next.config.cjs"], "16.0.0", "", ("next.config.cjs", false)),
        (&["next.config.js"], "15.0.0", "apps/web", ("../../next.config.js", true)),
        (
            &["next.config.js", "apps/web/next.config.ts"],
            "latest",
            "apps/web",
            ("next.config.ts", true),
        ),
        (&[], "15.0.0", "apps/web", ("", true)),
    ] {
        let (file, certain) = taken(files, version, app);
        assert_eq!((file.as_str(), certain), expected, "{files:?} {version}");
    }
}

#[test]
fn workers_are_decided_only_where_every_case_names_them() {
    for (source, decided) in [
        ("module.exports = { experimental: { cpus: 4 } }", true),
        ("export default { experimental: { memoryBasedWorkersCount: true } }", true),
        ("export default { experimental: { memoryBasedWorkersCount: false } }", false),
        ("export default { experimental: { cpus: undefined } }", false),
        ("export default { experimental: { ppr: true } }", false),
        ("export default { experimental: process.env.CI ? { cpus: 2 } : {} }", false),
        ("module.exports = {}", false),
    ] {
        assert_eq!(config("next.config.mjs", source).decides_workers, decided, "{source}");
    }
}
