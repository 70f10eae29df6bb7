use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::glob::Glob;

/// Which files belong to which owner. The last rule that matches wins.
#[derive(Debug, Default)]
pub struct Owners {
    rules: Vec<Rule>,
    cache: HashMap<PathBuf, Option<String>>,
}

#[derive(Debug)]
struct Rule {
    glob: Glob,
    owner: String,
}

impl Owners {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (glob, owner) = line
                .split_once(char::is_whitespace)
                .ok_or(Error::BadRule(number + 1))?;
            rules.push(Rule {
                glob: Glob::new(glob)?,
                owner: owner.trim().to_string(),
            });
        }
        Ok(Owners {
            rules,
            cache: HashMap::new(),
        })
    }

    pub fn owner(&mut self, path: &Path) -> Option<&str> {
        if !self.cache.contains_key(path) {
            let found = self.find(path).map(str::to_string);
            self.cache.insert(path.to_path_buf(), found);
        }
        self.cache[path].as_deref()
    }

    fn find(&self, path: &Path) -> Option<&str> {
        self.rules
            .iter()
            .rev()
            .find(|rule| rule.glob.matches(path))
            .map(|rule| rule.owner.as_str())
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn clear_cache(&mut self) {
        self.cache.clear();
    }
}
