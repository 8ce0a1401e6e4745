//! One play for all tests of a binary: starting one takes longer than most of them.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use tokio::runtime::Runtime;

use crate::Play;

/// A play that starts with the first test that needs it, and ends with the process.
pub struct Stage {
    folder: &'static str,
    play: OnceLock<(Runtime, Play)>,
}

impl Stage {
    /// A stage with its data in this folder, which is emptied first.
    pub const fn new(folder: &'static str) -> Self {
        Self { folder, play: OnceLock::new() }
    }

    /// Plays one test.
    pub fn play(&'static self, test: impl AsyncFnOnce(&'static Play)) {
        let (runtime, play) = self.play.get_or_init(|| {
            let runtime = Runtime::new().expect("threads");
            let folder = Path::new(self.folder);
            if folder.exists() {
                fs::remove_dir_all(folder).expect("an empty folder");
            }
            let play = runtime.block_on(Play::start(folder));
            (runtime, play)
        });
        runtime.block_on(test(play));
    }
}
