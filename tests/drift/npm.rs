use serde_json::json;

use crate::{
    files::Files,
    harness::{Case, Manager, compare},
    world::World,
};

fn npm(version: &str) -> Manager {
    Manager::new(
        &format!("npm@{version}"),
        &["npm", "ci", "--dry-run", "--no-progress"],
        |output| output.contains("are in sync"),
    )
}

#[test]
fn a_plain_project() {
    let world = World::shared();
    let npm = npm("10.9.4");
    let manifest = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": { "top": "^1.0.0", "react-dom": "^18.2.0", "react": "^18.2.0", "native": "^1.0.0", "bundler": "1.0.0", "from-git": format!("{}#v1.0.0", world.git_url()) },
    });
    let files = Files::new(&[("package.json", &manifest.to_string())]);
    let locked = npm.run(&world, &files, &["npm", "install", "--package-lock-only"]);
    let cases = [Case { name: "nothing".into(), files: locked, undecided: None }];
    compare(&world, &npm, &cases);
}
