use serde_json::json;

use crate::{
    registry::{Package, Registry},
    support::Project,
};

#[test]
fn a_healthy_registry_installs_what_is_locked() {
    let registry = Registry::start(&[
        Package::new("tiny-leaf", "1.0.0"),
        Package::new("tiny-leaf", "1.1.0"),
        Package::new("tiny-root", "2.0.0").with("dependencies", json!({ "tiny-leaf": "^1.0.0" })),
    ]);
    let project = Project::empty()
        .file(
            "package.json",
            r#"{"name":"app","version":"1.0.0","dependencies":{"tiny-root":"^2.0.0"}}"#,
        )
        .file(".npmrc", format!("registry={}\n", registry.url()));
    crate::managers::npm_install(&project.root(), &[]);
    std::fs::remove_dir_all(project.root().join("node_modules")).unwrap();
    project.run(&["install"]).exits(0);
    assert!(project.read("node_modules/tiny-leaf/index.js").contains("tiny-leaf@1.1.0"));
}
