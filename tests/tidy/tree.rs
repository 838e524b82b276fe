//! The files of the repository as text. **Owns**: which folders count. **Must not know**: any rule.

use crate::source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Folders that hold what was built or recorded, not what was written.
const NOT_OURS: [&str; 6] = [
    ".git",
    "target",
    "node_modules",
    "data",
    "demo-data",
    "dist",
];

/// Everything the rules look at.
pub(crate) struct Tree {
    /// Path below the root, with `/`, to text; only files that are UTF-8.
    pub(crate) texts: BTreeMap<String, String>,
    /// The Rust files among them.
    pub(crate) sources: Vec<Source>,
}

impl Tree {
    /// The repository as it is now, read once for all rules.
    pub(crate) fn shared() -> &'static Self {
        static TREE: OnceLock<Tree> = OnceLock::new();
        TREE.get_or_init(Self::load)
    }

    fn load() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut texts = BTreeMap::new();
        collect(&root, &root, &mut texts);
        let sources = texts
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| Source::new(path, text))
            .collect();
        Self { texts, sources }
    }

    /// Rust files that go into the product.
    pub(crate) fn production(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.is_production())
    }

    /// The text of a file, or nothing, which every rule about it will complain of.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }
}

fn collect(root: &Path, folder: &Path, texts: &mut BTreeMap<String, String>) {
    let entries = std::fs::read_dir(folder).expect("a folder of the repository can be listed");
    for entry in entries {
        let path = entry
            .expect("a folder of the repository can be listed")
            .path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, texts);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let below = path.strip_prefix(root).expect("the walk began at the root");
            texts.insert(below.to_string_lossy().replace('\\', "/"), text);
        }
    }
}
