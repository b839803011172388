//! npm: what `npm ci` decides, read in `@npmcli/arborist` 5.6 (npm 8.19) to 9.10 (npm 11.19).
//!
//! `npm ci` builds the tree of the lockfile under the root of `package.json` (`load-virtual.js`), looks for edges that
//! nothing or the wrong thing fulfils, resolves those anew (`build-ideal-tree.js`), and refuses where the tree
//! that comes out holds a place that the lockfile lacks, or another version at one (`validate-lockfile.js`).
//! Everything up to the resolving is done here in the same way; what resolving would bring is judged by what is certain of it.

mod changes;
mod check;
mod entry;
mod overrides;
mod packages;
mod problems;
mod readings;
mod rules;
mod settings;
mod specification;
mod tree;
mod validity;

pub(super) use check::check;
