//! What can be wrong with the machine that a validator runs on.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Says why a test is left out, past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn left_out(test: &str, reason: &str) {
    _ = writeln!(std::io::stderr(), "left out: {test}: {reason}");
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

/// Runs a command that must succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn has(program: &str, argument: &str) -> bool {
    let run = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// Cuts some bytes off a file's end.
pub(crate) fn tear(path: &Path, bytes: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("the file");
    let length = file.metadata().expect("there").len();
    file.set_len(length.saturating_sub(bytes)).expect("cut");
}

/// libfaketime, where Debian puts it.
pub(crate) fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.exists())
}

/// A file system of its own for a validator's folder, small enough to be filled. Needs root.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one over a folder; what is in the folder is on it, too.
    pub(crate) fn over(folder: &Path) -> Self {
        let contents: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder")
            .flatten()
            .map(|entry| (entry.path(), std::fs::read(entry.path()).expect("a file")))
            .collect();
        let at = folder.to_str().expect("UTF-8");
        run("mount", &["-t", "tmpfs", "-o", "size=32m,mode=700", "huizheng-test", at]);
        for (path, bytes) in contents {
            std::fs::write(&path, bytes).expect("written");
            run("chmod", &["600", path.to_str().expect("UTF-8")]);
        }
        Self { at: folder.to_owned() }
    }

    /// Not a byte more goes onto it.
    pub(crate) fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).expect("made");
        let block = vec![0; 4096];
        let error = loop {
            if let Err(error) = file.write_all(&block) {
                break error;
            }
        };
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("removed");
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the validator may still be there.
        _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// Every sync of a process takes so much longer, as on a disk that is worn or overloaded: strace holds it up.
pub(crate) struct SlowDisk(Child);

impl SlowDisk {
    pub(crate) fn of(pid: u32, longer: Duration) -> Self {
        let inject = format!("inject=fsync,fdatasync,sync_file_range:delay_enter={}", longer.as_micros());
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-f", "-e", "trace=fsync,fdatasync,sync_file_range", "-e", &inject]);
        strace.args(["-o", "/dev/null", "-p", &pid.to_string()]);
        let child = strace.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        let held = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
            !status.lines().any(|line| line.split_whitespace().eq(["TracerPid:", "0"]))
        };
        let began = Instant::now();
        while !held() {
            assert!(began.elapsed() < Duration::from_secs(60), "strace may not look at a process here");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child)
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        // Told to end, it lets go of the process, which runs on.
        signal(self.0.id(), "TERM");
        _ = self.0.wait();
    }
}

/// Sends a signal, by its name.
pub(crate) fn signal(pid: u32, name: &str) {
    run("kill", &["-s", name, &pid.to_string()]);
}
