//! The remedies that change what the manager is asked, or make room for it.

use std::fs;

use super::{InstallPlan, Step};
use crate::{
    install::{fallback, free_space::free_caches, variants},
    project::ManagerKind,
    recovery::Remedy,
};

impl InstallPlan {
    pub(super) fn unfreeze(&mut self, remedy: Remedy) -> Result<String, String> {
        self.keep_files()?;
        self.completed = None;
        self.lockfile_text = None;
        self.reset_files()?;
        self.locked = self.site.locked();
        if self.manager == ManagerKind::Npm {
            self.site.remove_node_modules()?;
        }
        self.unfrozen = true;
        self.step = Step::Install;
        let cause = self.cause.clone();
        self.story.chooses_versions(cause);
        Ok(if remedy == Remedy::ResolveOnce {
            "lets the manager choose versions once, and reports every one; the checkout gets no lockfile".into()
        } else {
            "installs what package.json asks for, beginning with the lockfile, and reports what differs; the lockfile of the checkout stays".into()
        })
    }

    pub(super) fn ignore_peers(&mut self) -> Result<String, String> {
        let Some(switch) = variants::without_peer_check(self.manager) else {
            return Err(format!("{} has no switch for it", self.manager));
        };
        self.frozen.arguments.push(switch.into());
        let cause = self.cause.clone();
        self.story.ignores_peers(cause);
        let versions = if self.unfrozen { "" } else { ", in the versions of the lockfile" };
        Ok(format!("installs with `{switch}`{versions}, although the peers do not fit"))
    }

    pub(super) fn ask_fallback(&mut self) -> Result<String, String> {
        let Some(fallback) = self.options.fallback_registry.clone() else {
            return Err("deployfix.yml names no `install.fallbackRegistry`".into());
        };
        let lockfile = fs::read_to_string(&self.site.lockfile).ok();
        let (command, text) = fallback::redirected(
            self.manager,
            &self.frozen,
            &self.settings(),
            &fallback,
            lockfile.as_deref(),
        )?;
        if text.is_some() {
            self.keep_files()?;
            self.lockfile_text = text;
            self.reset_files()?;
        }
        self.frozen = command;
        let host = fallback.host_str().unwrap_or_default().to_owned();
        let cause = self.cause.clone();
        self.story.asked_fallback(cause, &host);
        Ok(format!(
            "asks the fallback registry {host}: same lockfile, same checksums, no credentials of the first"
        ))
    }

    pub(super) fn free_caches(&mut self) -> Result<String, String> {
        let (freed, reason) = free_caches(
            self.manager,
            &self.site.app_root,
            &self.options.variables,
            self.options.in_ci,
        )?;
        self.story.freed(freed);
        Ok(reason)
    }
}
