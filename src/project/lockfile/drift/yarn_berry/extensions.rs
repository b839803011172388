use super::settings::Extension;
use crate::project::NodeRange;

/// Packages to which yarn itself adds dependencies, and their names (@yarnpkg/extensions 2.0.7; earlier lists are shorter).
///
/// Ranges and versions differ between releases, so such a dependency is neither asked for nor found superfluous.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("@babel/parser", &["@babel/types"]),
    ("@cypress/snapshot", &["debug"]),
    ("@google-cloud/firestore", &["protobufjs"]),
    ("@npmcli/metavuln-calculator", &["json-parse-even-better-errors"]),
    ("@playwright/test", &["jest-matcher-utils"]),
    ("@pm2/agent", &["debug"]),
    ("@rebass/forms", &["@styled-system/should-forward-prop"]),
    ("@vue/cli-plugin-typescript", &["babel-loader", "@babel/core"]),
    ("@vuetify/cli-plugin-utils", &["semver"]),
    ("@webpack-cli/package-utils", &["cross-spawn"]),
    (
        "babel-plugin-remove-graphql-queries",
        &["@babel/runtime", "gatsby-core-utils", "@babel/types"],
    ),
    ("babel-preset-gatsby-package", &["@babel/runtime"]),
    ("babel-preset-react-app", &["@babel/plugin-proposal-private-property-in-object"]),
    ("bin-links", &["mkdirp-infer-owner"]),
    ("cacheable-lookup", &["@types/keyv"]),
    ("cordova-ios", &["underscore"]),
    ("cordova-lib", &["underscore"]),
    ("create-gatsby", &["@babel/runtime"]),
    ("elm-webpack-loader", &["temp"]),
    ("eslint-import-resolver-vite", &["debug", "resolve"]),
    ("focus-trap-react", &["tabbable"]),
    ("gatsby-admin", &["@babel/runtime"]),
    ("gatsby-cli", &["@babel/runtime"]),
    ("gatsby-core-utils", &["@babel/runtime", "got"]),
    ("gatsby-design-tokens", &["@babel/runtime"]),
    ("gatsby-legacy-polyfills", &["@babel/runtime"]),
    ("gatsby-plugin-benchmark-reporting", &["@babel/runtime"]),
    ("gatsby-plugin-gatsby-cloud", &["gatsby-core-utils"]),
    ("gatsby-plugin-graphql-config", &["@babel/runtime"]),
    ("gatsby-plugin-i18n", &["ramda"]),
    ("gatsby-plugin-image", &["@babel/runtime"]),
    ("gatsby-plugin-mdx", &["@babel/runtime", "mkdirp"]),
    ("gatsby-plugin-netlify", &["gatsby-core-utils"]),
    ("gatsby-plugin-netlify-cms", &["@babel/runtime"]),
    ("gatsby-plugin-no-sourcemaps", &["@babel/runtime"]),
    ("gatsby-plugin-page-creator", &["@babel/runtime", "fs-extra"]),
    ("gatsby-plugin-preact", &["@babel/runtime"]),
    ("gatsby-plugin-preload-fonts", &["@babel/runtime"]),
    ("gatsby-plugin-schema-snapshot", &["@babel/runtime"]),
    ("gatsby-plugin-sharp", &["debug"]),
    ("gatsby-plugin-styletron", &["@babel/runtime"]),
    ("gatsby-plugin-subfont", &["@babel/runtime"]),
    ("gatsby-plugin-utils", &["@babel/runtime", "fastq"]),
    ("gatsby-react-router-scroll", &["prop-types"]),
    ("gatsby-recipes", &["@babel/runtime"]),
    ("gatsby-remark-prismjs", &["lodash"]),
    ("gatsby-source-apiserver", &["babel-polyfill"]),
    ("gatsby-source-shopify", &["@babel/runtime"]),
    ("gatsby-source-wikipedia", &["@babel/runtime"]),
    ("gatsby-transformer-screenshot", &["@babel/runtime"]),
    ("gatsby-worker", &["@babel/runtime"]),
    ("got", &["@types/responselike", "@types/keyv"]),
    ("jest-vue-preprocessor", &["@babel/core", "@babel/template"]),
    ("jss-plugin-rule-value-function", &["tiny-warning"]),
    ("material-table", &["@babel/runtime"]),
    ("mqtt", &["duplexify"]),
    ("notistack", &["csstype"]),
    ("query-ast", &["lodash"]),
    ("react-bootstrap-table2-paginator", &["classnames"]),
    ("react-instantsearch-dom", &["react-fast-compare"]),
    ("scss-parser", &["lodash"]),
    ("skypack", &["tar"]),
    ("snowpack", &["node-gyp", "magic-string"]),
    ("sodium", &["node-gyp"]),
    ("terser", &["acorn"]),
    ("testcafe", &["@babel/plugin-transform-for-of", "@babel/runtime"]),
    ("testcafe-legacy-api", &["testcafe-hammerhead", "read-file-relative"]),
    ("typescript-language-server", &["vscode-jsonrpc", "vscode-languageserver-protocol"]),
    ("unified", &["@types/unist"]),
    ("useragent", &["request", "yamlparser", "semver"]),
    ("vue-cli-plugin-vuetify", &["semver", "null-loader"]),
    ("winston-transport", &["logform"]),
];

/// The names that yarn itself may add to a package.
pub(super) fn built_in(package: &str) -> impl Iterator<Item = &'static str> {
    let all = BUILT_IN.iter().filter(move |(name, _)| *name == package);
    all.flat_map(|(_, names)| names.iter().copied())
}

/// Whether an extension of the project's applies.
pub(super) fn applies(extension: &Extension, package: &str, version: Option<&str>) -> bool {
    extension.package == package
        && version.is_some_and(|version| {
            nodejs_semver::Version::parse(version).is_ok_and(|version| {
                NodeRange::parse(&extension.range).is_some_and(|range| range.contains(&version))
            })
        })
}
