//! A command that was not found: the package that brings it.

use super::refine::reworded;
use crate::{project::Project, report::Finding};

/// Programs whose package is called otherwise.
const PACKAGES: [(&str, &str); 9] = [
    ("tsc", "typescript"),
    ("nx", "nx"),
    ("ampx", "@aws-amplify/backend-cli"),
    ("amplify", "@aws-amplify/cli"),
    ("ng", "@angular/cli"),
    ("graphql-codegen", "@graphql-codegen/cli"),
    ("tailwindcss", "@tailwindcss/cli"),
    ("playwright", "@playwright/test"),
    ("drizzle-kit", "drizzle-kit"),
];

/// What the project says of it; nothing where it says no more than the log.
pub(super) fn look(project: &Project, program: &str, finding: Finding) -> Option<Finding> {
    let manifest = project.manifest.manifest.as_ref()?;
    let modules = project.root.join("node_modules");
    if modules.join(".bin").join(program).exists() {
        let direct = format!("`{program}` is installed, but only scripts of package.json find it");
        return Some(reworded(
            finding,
            direct,
            "a shell looks on `PATH`, where the programs of `node_modules/.bin` are not",
            format!("run it as `npx {program}`, or as a script of package.json"),
        ));
    }
    let package =
        PACKAGES.iter().find(|(name, _)| *name == program).map_or(program, |known| known.1);
    if manifest.dev_dependencies.contains_key(package) {
        return Some(reworded(
            finding,
            format!("`{program}` comes with the devDependency `{package}`, which is not installed"),
            "with `NODE_ENV=production`, `--omit=dev` or `--production` managers leave devDependencies out",
            "unset NODE_ENV in the Amplify console, or move the package to `dependencies`"
                .to_owned(),
        ));
    }
    manifest.dependencies.contains_key(package).then(|| {
        reworded(
            finding,
            format!("`{program}` comes with `{package}`, which is not installed"),
            "the dependencies were not installed before the command ran",
            "put `deployfix install`, or `npm ci`, before it in `preBuild` of amplify.yml"
                .to_owned(),
        )
    })
}
