impl Owners {
    // ... existing code ...

    fn find(&self, path: &Path) -> Option<&str> {
        let rule = self.rules.iter().rev().find(|rule| rule.glob.matches(path))?;
        Some(&rule.owner)
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

// ... existing code ...

#[derive(Debug, Clone)]
struct Rule {
    glob: Glob,
    owner: String,
}
